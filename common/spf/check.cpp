#include "common/spf/check.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/net/gate.h"

namespace futar::spf {

namespace {

// Verdicts come after 1 + 10 * 11 + 11 + 1 questions at most (spf.h); an engine in another process is not
// believed blindly.
constexpr int most_questions = 128;

struct Work {
  explicit Work(net::Loop& loop) : done(loop) {}
  Request request;
  std::shared_ptr<Answers> answers;
  std::optional<Verdict> verdict;
  Question asking;
  bool late = false;
  std::shared_ptr<AsyncEvaluator> kept;  ///< one made for this check
  net::Gate done;
};

Task<> evaluate(AsyncEvaluator& evaluator, dns::Resolver& resolver, std::shared_ptr<Work> work) {
  for (int left = most_questions; left > 0 && !work->late; --left) {
    Step step = co_await evaluator.evaluate(work->request, *work->answers);
    if (auto* verdict = std::get_if<Verdict>(&step)) {
      work->verdict = std::move(*verdict);
      break;
    }
    const Question question = std::get<Question>(std::move(step));
    work->asking = question;
    dns::Answer answer = co_await resolver.ask(question.name, question.type);
    if (!work->late) work->answers->insert_or_assign(question, std::move(answer));
  }
  work->done.open();
}

Task<Verdict> finish(AsyncEvaluator& evaluator, dns::Resolver& resolver, net::Loop& loop, Request request,
                     std::shared_ptr<Answers> answers, int64_t limit_ms,
                     std::shared_ptr<AsyncEvaluator> kept) {
  const auto work = std::make_shared<Work>(loop);
  work->request = std::move(request);
  work->answers = answers ? std::move(answers) : std::make_shared<Answers>();
  work->kept = std::move(kept);
  loop.spawn("spf", evaluate(evaluator, resolver, work));
  co_await work->done.wait_for(limit_ms);
  if (work->verdict) co_return *std::move(work->verdict);
  work->late = true;
  Verdict verdict;
  verdict.outcome = Outcome::temperror;
  verdict.identity = work->request.sender.is_null() ? Identity::helo : work->request.identity;
  verdict.domain = printable(work->request.judged().domain, 255);
  verdict.reason = work->asking.name.empty() ? "the SPF record took too long"
                                             : fmt::format("the DNS took too long: no answer to {} {}",
                                                           dns::name(work->asking.type), work->asking.name);
  co_return verdict;
}

}  // namespace

Task<Verdict> check(AsyncEvaluator& evaluator, dns::Resolver& resolver, net::Loop& loop, Request request,
                    std::shared_ptr<Answers> answers, int64_t limit_ms) {
  return finish(evaluator, resolver, loop, std::move(request), std::move(answers), limit_ms, nullptr);
}

Task<Verdict> check(const SpfEvaluator& evaluator, dns::Resolver& resolver, net::Loop& loop, Request request,
                    std::shared_ptr<Answers> answers, int64_t limit_ms) {
  const auto here = std::make_shared<InProcess>(evaluator);
  return finish(*here, resolver, loop, std::move(request), std::move(answers), limit_ms, here);
}

}  // namespace futar::spf
