#include "common/dns/unbound.h"

#include <doctest/doctest.h>

#include <chrono>

#include "common/base/file.h"
#include "common/dns/rdata.h"
#include "tests/common/dns/signed_zone.h"
#include "tests/fakes/dns_server.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::dns;
using Status = Answer::Status;
using Mood = FakeDnsServer::Mood;

namespace {

UnboundOptions asking(const FakeDnsServer& server, int64_t timeout_ms = 5'000) {
  UnboundOptions options;
  options.servers = {server.at()};
  options.timeout_ms = timeout_ms;
  return options;
}

std::unique_ptr<Unbound> opened(net::Loop& loop, UnboundOptions options) {
  auto resolver = Unbound::open(loop, std::move(options));
  REQUIRE_MESSAGE(resolver.has_value(), resolver.error().text);
  return *std::move(resolver);
}

Answer ask(net::Loop& loop, Resolver& resolver, std::string name, Type type) {
  Answer answer;
  auto wait = [&]() -> Task<> { answer = co_await resolver.ask(name, type); };
  run_task(loop, wait());
  return answer;
}

int64_t elapsed_ms(std::chrono::steady_clock::time_point since) {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now() - since).count();
}

// A question that keeps what it was answered.
Task<> question(Resolver& resolver, std::string name, std::vector<Answer>& ended) {
  Answer answer = co_await resolver.ask(name, Type::a);
  ended.push_back(std::move(answer));
}

void start(net::Loop& loop, Resolver& resolver, std::string name, std::vector<Answer>& ended) {
  loop.spawn("question", question(resolver, std::move(name), ended));
  run_task(loop, loop.sleep(1));  // up to its first wait
}

}  // namespace

TEST_CASE("forwarders without DNSSEC are asked all the same, and say that DANE is off") {
  FakeDnsServer server;
  server.add("d.test MX 10 mx.d.test");
  server.add("alias.test CNAME Mx.D.test");
  server.add("mx.d.test A 192.0.2.1");
  server.add("mx.d.test A 192.0.2.2");
  net::Loop loop;
  const auto resolver = opened(loop, asking(server));
  const Answer mx = ask(loop, *resolver, "d.test", Type::mx);
  CHECK(mx.why == "");
  CHECK(mx.status == Status::ok);
  CHECK_FALSE(mx.secure);
  REQUIRE(mx.rdata.size() == 1);
  CHECK(parse_mx(mx.rdata[0])->host == "mx.d.test");
  CHECK(mx.canonical_name == "d.test");
  CHECK(mx.ttl_s == 300);
  CHECK_FALSE(resolver->validates());
  CHECK(resolver->description() == server.at() + ", without DNSSEC, which is lost there: DANE is off");

  const Answer alias = ask(loop, *resolver, "ALIAS.test.", Type::a);
  CHECK(alias.rdata.size() == 2);
  CHECK(alias.canonical_name == "mx.d.test");
  CHECK(ask(loop, *resolver, "d.test", Type::a).status == Status::no_data);
  CHECK(ask(loop, *resolver, "gone.test", Type::a).status == Status::no_name);
  CHECK(ask(loop, *resolver, std::string(64, 'a') + ".test", Type::a).status == Status::no_name);
}

TEST_CASE("below the trust anchor answers are validated, elsewhere they are insecure") {
  FakeDnsServer server;
  for (const auto& row : signed_zone) server.add(row.name, row.type, octets_of(row.rdata_hex));
  server.add("signed.test MX 10 mx.signed.test");
  server.add("mx.signed.test A 192.0.2.66");  // not what was signed
  server.add("plain.test MX 10 mx.plain.test");
  TempFolder folder;
  net::Loop loop;
  auto options = asking(server);
  options.anchor_file = folder / "anchor";
  REQUIRE(replace_file(options.anchor_file, signed_zone_anchor, 0600));
  const auto resolver = opened(loop, options);

  const Answer good = ask(loop, *resolver, "signed.test", Type::mx);
  CHECK(good.why == "");
  CHECK(good.status == Status::ok);
  CHECK(good.secure);
  const Answer tampered = ask(loop, *resolver, "mx.signed.test", Type::a);
  CHECK(tampered.status == Status::bogus);
  CHECK_FALSE(tampered.secure);
  CHECK(tampered.rdata.empty());
  CHECK(tampered.why.find("validation failure") != std::string::npos);
  const Answer plain = ask(loop, *resolver, "plain.test", Type::mx);
  CHECK(plain.status == Status::ok);
  CHECK_FALSE(plain.secure);
  CHECK(resolver->validates());
  CHECK(resolver->description() == server.at() + ", validated here");
}

TEST_CASE("a server that fails, is silent or talks garbage is a failure within the time") {
  FakeDnsServer server;
  server.feel("fails.test", Mood::servfail);
  server.feel("silent.test", Mood::silent);
  server.feel("garbage.test", Mood::garbage);
  net::Loop loop;
  const auto resolver = opened(loop, asking(server, 1'000));
  const Answer failed = ask(loop, *resolver, "fails.test", Type::a);
  CHECK(failed.status == Status::failed);
  CHECK(failed.why == "SERVFAIL");
  for (const char* name : {"silent.test", "garbage.test"}) {
    CAPTURE(name);
    const auto start = std::chrono::steady_clock::now();
    CHECK(ask(loop, *resolver, name, Type::a).status == Status::failed);
    CHECK(elapsed_ms(start) < 1'500);
  }
}

TEST_CASE("an answer too long for UDP comes over TCP") {
  FakeDnsServer server;
  server.feel("long.test", Mood::truncated);
  for (int i = 0; i < 200; ++i) server.add("long.test TXT " + std::to_string(i) + std::string(50, 'x'));
  net::Loop loop;
  const auto resolver = opened(loop, asking(server));
  CHECK(ask(loop, *resolver, "long.test", Type::txt).rdata.size() == 200);
}

TEST_CASE("many questions wait at once, and none for another") {
  FakeDnsServer server;
  server.feel("silent.test", Mood::silent);
  net::Loop loop;
  const auto resolver = opened(loop, asking(server));
  std::vector<Answer> silent, ended;
  start(loop, *resolver, "silent.test", silent);
  for (int i = 0; i < 300; ++i) {
    const std::string name = "h" + std::to_string(i) + ".test";
    server.add(name + " A 192.0.2.1");
    loop.spawn("question", question(*resolver, name, ended));
  }
  CHECK(run_until(loop, [&] { return ended.size() == 300; }));
  for (const Answer& answer : ended) CHECK(answer.status == Status::ok);
  CHECK(silent.empty());
}

TEST_CASE("who still waits when the resolver goes is answered at once") {
  FakeDnsServer server;
  server.feel("silent.test", Mood::silent);
  server.feel("", Mood::silent);
  net::Loop loop;
  auto resolver = opened(loop, asking(server, 60'000));
  std::vector<Answer> ended;
  start(loop, *resolver, "silent.test", ended);  // waits for the choice of a way
  CHECK(server.asked("silent.test", 1) == 0);
  server.feel("", Mood::answer);
  resolver.reset();
  CHECK(run_until(loop, [&] { return ended.size() == 1; }, 1'000));
  CHECK(ended[0].why == "the resolver is closing");

  resolver = opened(loop, asking(server, 60'000));
  CHECK(ask(loop, *resolver, "gone.test", Type::a).status == Status::no_name);
  start(loop, *resolver, "silent.test", ended);  // waits for the server
  CHECK(run_until(loop, [&] { return server.asked("silent.test", 1) > 0; }));
  resolver.reset();
  CHECK(run_until(loop, [&] { return ended.size() == 2; }, 1'000));
  CHECK(ended[1].status == Status::failed);
  CHECK(ended[1].why == "the resolver is closing");
  CHECK(run_until(loop, [&] { return loop.running() == 1; }, 1'000));  // run_until itself
}

TEST_CASE("a loop that ends takes its questions with it") {
  FakeDnsServer server;
  server.feel("silent.test", Mood::silent);
  std::vector<Answer> ended;
  for (const bool resolver_first : {true, false}) {
    auto loop = std::make_unique<net::Loop>();
    auto resolver = opened(*loop, asking(server, 60'000));
    if (!resolver_first) ask(*loop, *resolver, "gone.test", Type::a);
    start(*loop, *resolver, "silent.test", ended);
    resolver.reset();
    loop.reset();
  }
  CHECK(ended.empty());
}

TEST_CASE("an authoritative server is asked directly, and again each time") {
  net::Loop loop;
  FakeDnsServer forwarder, authority;
  authority.add("s1._domainkey.example.test TXT old");
  forwarder.add("s1._domainkey.example.test TXT wrong");
  forwarder.add("s1.provider.test TXT elsewhere");
  authority.add("s2._domainkey.example.test CNAME s1.provider.test");
  const auto resolver = opened(loop, asking(forwarder));
  const auto ask_authority = [&](std::string name) {
    Answer answer;
    run_task(loop, [](Unbound& r, std::string server, std::string asked, Answer& out) -> Task<> {
      out = co_await r.ask_server(std::move(server), "example.test", std::move(asked), Type::txt);
    }(*resolver, authority.at(), std::move(name), answer));
    return answer;
  };
  const auto text = [](const Answer& answer) {
    return answer.rdata.empty() ? answer.why : parse_txt(answer.rdata[0]).value_or("?");
  };
  CHECK(text(ask_authority("s1._domainkey.example.test")) == "old");
  const size_t before = authority.asked();
  CHECK(text(ask_authority("s1._domainkey.example.test")) == "old");
  CHECK(authority.asked() > before);
  CHECK(text(ask_authority("s2._domainkey.example.test")) == "elsewhere");
  CHECK(ask_authority("s3._domainkey.example.test").is_absent());
  authority.feel("s4._domainkey.example.test", Mood::silent);
  CHECK(ask_authority("s4._domainkey.example.test").is_temporary());
}

TEST_CASE("without servers nothing is asked, and each answer says so") {
  net::Loop loop;
  const auto resolver = opened(loop, UnboundOptions());
  const Answer answer = ask(loop, *resolver, "d.test", Type::mx);
  CHECK(answer.status == Status::failed);
  CHECK(answer.why == "dns.servers = [], nothing is asked");
  CHECK_FALSE(resolver->validates());
  CHECK(resolver->description() == "no DNS (dns.servers = [])");
}

TEST_CASE("a server or an anchor that is none is refused at the start") {
  FakeDnsServer server;
  TempFolder folder;
  net::Loop loop;
  auto options = asking(server);
  options.servers = {"dns.example.org"};
  CHECK_FALSE(Unbound::open(loop, options));
  options = asking(server);
  options.anchor_file = folder / "anchor";
  CHECK_FALSE(Unbound::open(loop, options));
  REQUIRE(replace_file(options.anchor_file, "this is no anchor\n", 0600));
  const auto resolver = Unbound::open(loop, options);
  REQUIRE_FALSE(resolver);
  CHECK(resolver.error().text.find(options.anchor_file) != std::string::npos);
  CHECK(server.asked() == 0);
}
