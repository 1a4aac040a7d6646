// The config in print: what holds, the sample file, the reference. All three come from the option table.
#pragma once
#include <string>

#include "common/config/config.h"

namespace futar::config {

std::string print_value(const Option& option, const Value& value);  ///< as TOML
/// The settings in force as a config file that gives the same; with their origin as a comment.
std::string show(const Config& config, bool changed_only);
/// A config file in which every key stands as a comment with its sentence and default.
std::string sample();
/// The table of all keys as Markdown.
std::string reference();

}  // namespace futar::config
