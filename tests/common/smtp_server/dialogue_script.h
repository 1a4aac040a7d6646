// The little language of tests/dialogues (README.md there): reading it and matching patterns.
#pragma once
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/text.h"

namespace futar::dialogue {

struct Step {
  std::string verb;  ///< "case", "C:", "C|", "S:", "S~", "tls" ...
  std::string text;  ///< escapes resolved
  std::string where;
};

struct Case {
  std::string name;
  std::vector<Step> steps;
};

/// The brace that closes the one at `open`.
inline size_t closing_brace(std::string_view text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); ++i) {
    depth += text[i] == '{' ? 1 : text[i] == '}' ? -1 : 0;
    if (depth == 0) return i;
  }
  throw std::runtime_error("a brace is open: " + std::string(text));
}

inline std::string resolve_escapes(std::string_view text) {
  std::string octets;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '{') {
      const size_t end = closing_brace(text, i), star = text.rfind('*', end);
      const std::string unit = resolve_escapes(text.substr(i + 1, star - i - 1));
      for (auto n = parse_number(text.substr(star + 1, end - star - 1)).value(); n > 0; --n) octets += unit;
      i = end;
    } else if (text[i] != '\\') {
      octets += text[i];
    } else if (text.at(++i) == 'x') {
      octets += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      constexpr std::string_view names = "rnt0\\", values("\r\n\t\0\\", 5);
      octets += values.at(names.find(text[i]));
    }
  }
  return octets;
}

/// '*' stands for anything, also nothing.
inline bool matches(std::string_view pattern, std::string_view text) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  for (size_t i = star; i <= text.size(); ++i)
    if (matches(pattern.substr(star + 1), text.substr(i))) return true;
  return false;
}

inline std::vector<Case> read_cases(const std::filesystem::path& path) {
  std::vector<Case> cases;
  std::ifstream file(path);
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    if (line.empty() || line[0] == '#') continue;
    const size_t end = std::min(line.find_first_of(":|~ ") + 1, line.size());
    std::string verb = line.substr(0, line.find_first_of(":|~ ") == std::string::npos ? line.size() : end);
    const std::string text = line.size() > end + 1 && end > 0 ? line.substr(end + 1) : "";
    if (verb == "case:") {
      cases.push_back({text, {}});
      continue;
    }
    if (cases.empty()) throw std::runtime_error(path.string() + " does not start with a case");
    cases.back().steps.push_back(
        {std::move(verb), resolve_escapes(text), path.filename().string() + ":" + std::to_string(number)});
  }
  return cases;
}

/// tests/dialogues, found from where the test program stands.
inline std::filesystem::path folder() {
  for (auto at = std::filesystem::canonical("/proc/self/exe"); at != at.root_path(); at = at.parent_path())
    if (std::filesystem::exists(at / "tests/dialogues/README.md")) return at / "tests/dialogues";
  throw std::runtime_error("tests/dialogues not found above the test program");
}

}  // namespace futar::dialogue
