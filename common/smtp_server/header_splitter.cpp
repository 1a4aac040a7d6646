#include "common/smtp_server/header_splitter.h"

#include <algorithm>
#include <utility>

#include "common/base/text.h"

namespace futar::smtp_server {
namespace {

// The name of a field, "" if the line is none. Blanks before the colon are obsolete but legal to read (RFC
// 5322 §4.5.8).
std::string_view field_name(std::string_view line) {
  const auto is_name = [](char c) { return c > 32 && c < 127 && c != ':'; };
  const auto end = std::ranges::find_if_not(line, is_name);
  const std::string_view name = line.substr(0, static_cast<size_t>(end - line.begin()));
  const size_t colon = line.find_first_not_of(" \t", name.size());
  return colon != std::string_view::npos && line[colon] == ':' ? name : "";
}

}  // namespace

// False: the line belongs to the body.
bool HeaderSplitter::take_line() {
  const auto line = std::string_view(header_).substr(line_start_);
  const bool continues = (line[0] == ' ' || line[0] == '\t') && line_start_ > 0;
  const std::string_view name = continues ? "" : field_name(line);
  if (line == "\r\n") {
    in_body_ = true;
  } else if (!continues && name.empty()) {
    body_line_ = line;
    header_.replace(line_start_, std::string::npos, "\r\n");
    in_body_ = true;
    return false;
  }
  received_fields_ += equal_nocase(name, "Received");
  line_start_ = header_.size();
  return true;
}

std::array<std::string_view, 2> HeaderSplitter::push(std::string_view octets) {
  if (in_body_) {
    std::string().swap(body_line_);  // not clear(): its memory goes
    return {std::string_view(), octets};
  }
  while (!octets.empty()) {
    const size_t lf = octets.find('\n');
    const size_t size = lf == std::string_view::npos ? octets.size() : lf + 1;
    header_ += octets.substr(0, size);
    octets.remove_prefix(size);
    // A line that outgrows the header is judged by its start.
    const bool is_whole = std::string_view(header_).substr(line_start_).ends_with("\r\n");
    if (!is_whole && header_.size() <= limit_) continue;
    if (!take_line()) return {body_line_, octets};
    if (in_body_ || is_too_big()) break;
  }
  return {std::string_view(), octets};
}

void HeaderSplitter::finish() {
  if (!std::exchange(in_body_, true)) header_.replace(line_start_, std::string::npos, "\r\n");
}

}  // namespace futar::smtp_server
