#include "common/verdict/voucher.h"

#include <algorithm>

#include "common/base/text.h"

namespace futar::verdict {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

/// Comments away, quotes opened (RFC 8601 §2.2): the words of each part between semicolons.
class Parts {
 public:
  explicit Parts(std::string_view value) {
    size_t depth = 0;
    bool quoted = false;
    for (size_t i = 0; i < value.size(); ++i) {
      const char c = value[i];
      const bool escaped = (quoted || depth > 0) && c == '\\' && i + 1 < value.size();
      if (escaped) ++i;
      if (depth > 0) {
        if (!escaped) depth += c == '(' ? 1 : c == ')' ? -1 : 0;
      } else if (!escaped && c == '"') {
        quoted = !quoted;
      } else if (quoted) {
        parts_.back().back() += value[i];
      } else if (c == '(') {
        depth = 1;
      } else {
        plain(c);
      }
    }
  }
  const std::vector<std::vector<std::string>>& parts() const { return parts_; }

 private:
  // White space ends a word, but not around "=" ("dmarc = pass").
  void plain(char c) {
    auto& words = parts_.back();
    if (c == ';') {
      parts_.push_back({""});
      gap_ = false;
    } else if (is_space(c)) {
      gap_ = true;
    } else {
      if (gap_ && c != '=' && !words.back().empty() && !words.back().ends_with('=')) words.emplace_back();
      gap_ = false;
      words.back() += c;
    }
  }

  std::vector<std::vector<std::string>> parts_{{""}};
  bool gap_ = false;
};

}  // namespace

bool says_dmarc_pass(std::string_view results, std::string_view from) {
  const Parts parsed(results);
  return std::ranges::any_of(parsed.parts(), [&](const std::vector<std::string>& words) {
    const std::string about = "header.from=" + std::string(from);
    return equal_nocase(words[0], "dmarc=pass") &&
           std::ranges::any_of(words, [&](const std::string& word) { return equal_nocase(word, about); });
  });
}

std::string voucher(std::span<const message::Field> fields, const arc::Verdict& chain, std::string_view from,
                    std::span<const std::string> trusted) {
  if ((chain.result != arc::Outcome::pass && !chain.temporary) || from.empty()) return "";
  const arc::Chain read = arc::read_chain(fields);
  for (size_t i = std::min(read.sets.size(), chain.seals.size()); i-- > 0;) {
    const std::string& sealer = chain.seals[i].domain;
    const auto is_sealer = [&](const std::string& domain) { return equal_nocase(domain, sealer); };
    if (std::ranges::none_of(trusted, is_sealer)) return "";
    if (says_dmarc_pass(read.sets[i].results->value, from)) return sealer;
  }
  return "";
}

}  // namespace futar::verdict
