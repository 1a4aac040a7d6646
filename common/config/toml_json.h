// A TOML text as JSON, for documents that are no settings.
#pragma once
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::config {

/// The document as a JSON object; dates become strings. A fault (permanent) names its line.
Result<std::string> toml_as_json(std::string_view text);

}  // namespace futar::config
