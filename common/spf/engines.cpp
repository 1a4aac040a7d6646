#include "common/spf/engines.h"

#include <fmt/format.h>

namespace futar::spf {

std::optional<Choice> choice(std::string_view word) {
  if (word == "native") return Choice::native;
  if (word == "libspf2") return Choice::libspf2;
  return word == "both" ? std::optional(Choice::both) : std::nullopt;
}

Task<Verdict> Engines::check(Request request, std::shared_ptr<Answers> answers) {
  if (choice_ == Choice::libspf2 && libspf2_)
    co_return co_await spf::check(*libspf2_, resolver_, loop_, std::move(request), std::move(answers));
  if (!answers) answers = std::make_shared<Answers>();
  Verdict verdict = co_await spf::check(native_, resolver_, loop_, request, answers);
  if (choice_ != Choice::both || !libspf2_ || verdict.outcome == Outcome::temperror) co_return verdict;
  const Verdict second = co_await spf::check(*libspf2_, resolver_, loop_, std::move(request), answers);
  if (second.outcome == Outcome::temperror) co_return verdict;
  ++compared_;
  if (second.outcome == verdict.outcome) co_return verdict;
  ++disagreed_;
  verdict.reason += fmt::format("; libspf2 says {}", name(second.outcome));
  co_return verdict;
}

}  // namespace futar::spf
