#include "common/spf/check.h"

#include <doctest/doctest.h>

#include "common/spf/libspf2.h"
#include "common/spf/native.h"
#include "tests/common/spf/zone.h"
#include "tests/fakes/run.h"

using namespace futar;
using spf::Outcome;

namespace {

const spf::NativeEvaluator native;
const spf::Libspf2Evaluator libspf2;

spf::Verdict check(FakeResolver& resolver, net::Loop& loop, const spf::SpfEvaluator& engine = native,
                   std::shared_ptr<spf::Answers> answers = {}, int64_t limit_ms = spf::max_check_ms) {
  spf::Verdict verdict;
  auto judge = [&]() -> Task<> {
    const auto request = spf_request("192.0.2.1", "a@d.example");
    verdict = co_await spf::check(engine, resolver, loop, request, answers, limit_ms);
  };
  run_task(loop, judge());
  return verdict;
}

}  // namespace

TEST_CASE("a check asks one thing after the other until there is a verdict") {
  net::Loop loop;
  FakeResolver resolver;
  resolver.add("d.example TXT v=spf1 a:x.example mx -all")
      .add("d.example MX 10 h.example")
      .add("h.example A 192.0.2.1");
  CHECK(check(resolver, loop).outcome == Outcome::pass);
  CHECK(resolver.asked() == 4);
}

TEST_CASE("a second engine asks only what the first did not") {
  net::Loop loop;
  FakeResolver resolver;
  resolver.add("d.example TXT v=spf1 include:i.example -all")
      .add("i.example TXT v=spf1 a -all")
      .add("i.example A 192.0.2.1");
  const auto answers = std::make_shared<spf::Answers>();
  CHECK(check(resolver, loop, native, answers).outcome == Outcome::pass);
  const size_t asked = resolver.asked();
  CHECK(check(resolver, loop, libspf2, answers).outcome == Outcome::pass);
  CHECK(resolver.asked() == asked);
}

TEST_CASE("a DNS that drags on ends in temperror, on time, and is asked nothing more") {
  net::Loop loop;
  FakeResolver resolver;
  resolver.add("d.example TXT v=spf1 a:x.example a:y.example -all")
      .add("x.example A 192.0.2.9")
      .slow(loop, 30);
  const auto verdict = check(resolver, loop, native, {}, 45);
  CHECK(verdict.outcome == Outcome::temperror);
  CHECK(verdict.reason == "the DNS took too long: no answer to A x.example");
  CHECK(run_until(loop, [&] { return loop.running() <= 1; }));
  CHECK(resolver.asked() == 2);
}
