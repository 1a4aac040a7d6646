#include "common/config/toml_json.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <sstream>

namespace futar::config {

Result<std::string> toml_as_json(std::string_view text) {
  try {
    const toml::table table = toml::parse(text);
    std::ostringstream out;
    out << toml::json_formatter(table);
    return std::move(out).str();
  } catch (const toml::parse_error& error) {
    return fail(Error::permanent(fmt::format("line {}: {}", error.source().begin.line, error.description())));
  }
}

}  // namespace futar::config
