#include "common/spf/check.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/net/gate.h"

namespace futar::spf {

namespace {

struct Work {
  explicit Work(net::Loop& loop) : done(loop) {}
  Request request;
  std::shared_ptr<Answers> answers;
  std::optional<Verdict> verdict;
  Question asking;
  bool late = false;
  net::Gate done;
};

Task<> evaluate(const SpfEvaluator& evaluator, dns::Resolver& resolver, std::shared_ptr<Work> work) {
  while (!work->late) {
    Step step = evaluator.evaluate(work->request, *work->answers);
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

}  // namespace

Task<Verdict> check(const SpfEvaluator& evaluator, dns::Resolver& resolver, net::Loop& loop, Request request,
                    std::shared_ptr<Answers> answers, int64_t limit_ms) {
  const auto work = std::make_shared<Work>(loop);
  work->request = std::move(request);
  work->answers = answers ? std::move(answers) : std::make_shared<Answers>();
  loop.spawn("spf", evaluate(evaluator, resolver, work));
  co_await work->done.wait_for(limit_ms);
  if (work->verdict) co_return *std::move(work->verdict);
  work->late = true;
  Verdict verdict;
  verdict.outcome = Outcome::temperror;
  verdict.identity = work->request.sender.is_null() ? Identity::helo : work->request.identity;
  verdict.domain = printable(work->request.judged().domain, 255);
  verdict.reason = fmt::format("the DNS took too long: no answer to {} {}", dns::name(work->asking.type),
                               work->asking.name);
  co_return verdict;
}

}  // namespace futar::spf
