#include "common/spf/helper.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "common/spf/check.h"
#include "common/spf/engines.h"
#include "common/spf/helper_codec.h"
#include "common/spf/helper_process.h"
#include "tests/common/spf/zone.h"
#include "tests/fakes/run.h"

using namespace futar;
using spf::Outcome;

namespace {

// What the worker does is told by the local part of the sender.
std::string by_wish(std::string_view octets) {
  const auto request = spf::decode_request(octets);
  const std::string wish = request ? request->request.sender.local : "";
  if (wish == "crash") ::raise(SIGKILL);
  if (wish == "spin")
    for (volatile int turns = 0;; turns = turns + 1) {
    }
  if (wish == "sleep")
    for (char octet;;) (void)!::recv(3, &octet, 1, 0);
  spf::Verdict verdict;
  verdict.outcome = Outcome::pass;
  verdict.reason = std::to_string(::getpid());
  return wish == "lie" ? "nonsense" : spf::encode(request->id, spf::Step(verdict));
}

// What the sandbox must refuse, as a text of errno numbers; 0 = it was allowed.
std::string try_to_escape(std::string_view octets) {
  const auto request = spf::decode_request(octets);
  std::string reasons;
  const auto note = [&](auto result) { reasons += std::to_string(result < 0 ? errno : 0) + " "; };
  note(::open("/etc/passwd", O_RDONLY));
  note(::socket(AF_INET, SOCK_STREAM, 0));
  note(::unlink("/tmp/nothing"));
  note(::fork());
  note(::kill(::getppid(), 0));
  note(::execl("/bin/true", "true", nullptr));
  spf::Verdict verdict;
  verdict.reason = reasons;
  return spf::encode(request->id, spf::Step(verdict));
}

constexpr spf::HelperLimits quick{.cpu_ms = 200, .real_ms = 600, .pause_ms = 1, .pause_most_ms = 20};

struct Fixture {
  explicit Fixture(spf::HelperWork work = by_wish, int64_t limit_ms = 5000)
      : socket(spf::start_helper(work, quick)), helper(loop, std::move(*socket), limit_ms) {}

  spf::Verdict ask(const std::string& wish) {
    spf::Verdict verdict;
    run_task(loop, put(wish, verdict));
    return verdict;
  }
  Task<> put(std::string wish, spf::Verdict& verdict) {
    const auto request = spf_request("192.0.2.1", wish + "@d.example");
    const spf::Answers none;
    const spf::Step step = co_await helper.evaluate(request, none);
    verdict = std::get<spf::Verdict>(step);
  }

  Result<Fd> socket;
  net::Loop loop;
  spf::Helper helper;
};

}  // namespace

TEST_CASE("the process of libspf2 judges as the engine itself") {
  Result<Fd> socket = spf::start_helper();
  REQUIRE(socket.has_value());
  net::Loop loop;
  spf::Helper helper(loop, std::move(*socket));
  FakeResolver resolver;
  resolver.add("d.example TXT v=spf1 a:x.example mx -all")
      .add("d.example MX 10 h.example")
      .add("h.example A 192.0.2.1");
  spf::Verdict pass, fail;
  auto judge = [&]() -> Task<> {
    pass = co_await spf::check(helper, resolver, loop, spf_request("192.0.2.1", "a@d.example"));
    fail = co_await spf::check(helper, resolver, loop, spf_request("192.0.2.2", "a@d.example"));
  };
  run_task(loop, judge());
  CHECK(pass.outcome == Outcome::pass);
  CHECK(fail.outcome == Outcome::fail);
  CHECK(helper.crashes() == 0);
}

TEST_CASE("a crash is one temperror, and the next request finds another process") {
  Fixture f;
  const auto before = f.ask("a");
  const auto crashed = f.ask("crash");
  const auto after = f.ask("a");
  CHECK(before.outcome == Outcome::pass);
  CHECK(crashed.outcome == Outcome::temperror);
  CHECK(crashed.reason == "libspf2's process died over it");
  CHECK(after.outcome == Outcome::pass);
  CHECK(after.reason != before.reason);
  CHECK(f.helper.crashes() == 1);
}

TEST_CASE("a process that is killed while it has nothing to do costs no verdict") {
  Fixture f;
  const auto before = f.ask("a");
  ::kill(static_cast<pid_t>(std::stol(before.reason)), SIGKILL);
  REQUIRE(run_until(f.loop, [&] { return f.helper.crashes() == 1; }));
  CHECK(f.ask("a").outcome == Outcome::pass);
}

TEST_CASE("a hang ends by the limit of time, and is one temperror") {
  for (const char* wish : {"spin", "sleep"}) {
    CAPTURE(wish);
    Fixture f;
    CHECK(f.ask(wish).outcome == Outcome::temperror);
    CHECK(f.ask("a").outcome == Outcome::pass);
    CHECK(f.helper.crashes() == 1);
  }
}

TEST_CASE("whoever waits longer than its limit gets a temperror, and the late answer goes to nobody else") {
  Fixture f(by_wish, 100);
  CHECK(f.ask("spin").reason == "libspf2 did not answer in time");
  REQUIRE(run_until(f.loop, [&] { return f.helper.crashes() == 1; }));
  CHECK(f.ask("a").outcome == Outcome::pass);
}

TEST_CASE("requests at once are answered one after the other, each with its own") {
  Fixture f;
  std::vector<spf::Verdict> verdicts(20);
  size_t done = 0;
  auto ask = [&](size_t i) -> Task<> {
    co_await f.put(i == 7 ? "crash" : "a", verdicts[i]);
    ++done;
  };
  for (size_t i = 0; i < verdicts.size(); ++i) f.loop.spawn("ask", ask(i));
  REQUIRE(run_until(f.loop, [&] { return done == verdicts.size(); }));
  for (size_t i = 0; i < verdicts.size(); ++i)
    CHECK(verdicts[i].outcome == (i == 7 ? Outcome::temperror : Outcome::pass));
}

TEST_CASE("an answer that is none is a temperror, a request over the bound is not sent") {
  Fixture f;
  CHECK(f.ask("lie").outcome == Outcome::temperror);
  CHECK(f.ask(std::string(200'000, 'x')).reason == "the DNS says more than libspf2 is asked about");
  CHECK(f.ask("a").outcome == Outcome::pass);
}

TEST_CASE("the process can open no file and no socket, and start, kill and become no other") {
  Fixture f(try_to_escape);
  const std::string reasons = f.ask("a").reason;
  CHECK(reasons == "1 1 1 1 1 1 ");
}

TEST_CASE("with both engines ours judges, and the word of the other is told where it differs") {
  net::Loop loop;
  FakeResolver resolver;
  resolver.add("d.example TXT v=spf1 -all");
  Result<Fd> socket = spf::start_helper(by_wish, quick);  // passes whatever is asked
  spf::Helper helper(loop, std::move(*socket));
  const auto judge = [&](spf::Engines& engines, const std::string& sender) {
    spf::Verdict verdict;
    auto run = [&]() -> Task<> { verdict = co_await engines.check(spf_request("192.0.2.1", sender)); };
    run_task(loop, run());
    return verdict;
  };
  spf::Engines both(loop, resolver, spf::Choice::both, &helper);
  const auto differs = judge(both, "a@d.example");
  CHECK(differs.outcome == Outcome::fail);
  CHECK(differs.reason.ends_with("; libspf2 says pass"));
  CHECK(judge(both, "crash@d.example").outcome == Outcome::fail);
  CHECK(both.compared() == 1);
  CHECK(both.disagreed() == 1);
  spf::Engines other(loop, resolver, spf::Choice::libspf2, &helper);
  CHECK(judge(other, "a@d.example").outcome == Outcome::pass);
  spf::Engines ours(loop, resolver, spf::Choice::native, &helper);
  CHECK(judge(ours, "a@d.example").reason.find("libspf2") == std::string::npos);
}
