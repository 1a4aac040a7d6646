// Our own mail is looked at before its first attempt (mta/egress).
#include "tests/mta/outbound/outbound_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

// futar.test is ours, mail.futar.test sends from 198.51.100.7, which its SPF record does not allow.
struct OwnCheckFixture : OutboundFixture {
  explicit OwnCheckFixture(EgressMode mode) {
    resolver.add("remote.example MX 10 mx1.remote.example").add("mail.futar.test A 198.51.100.7");
    publish("v=spf1 -all");
    server = &add_server("mx1.remote.example", "192.0.2.25");
    EgressOptions options;
    options.mode = mode;
    options.hostname = "mail.futar.test";
    options.is_ours = [](const std::string& domain) { return domain == "futar.test"; };
    options.key_record = [](const std::string&, const std::string&) { return ""; };
    egress = std::make_unique<Egress>(loop, resolver, *spool_, clock, nullptr, options);
    start();
  }
  ~OwnCheckFixture() { stop(); }
  void publish(const std::string& record) { resolver.remove("futar.test").add("futar.test TXT " + record); }
  State sent(const std::string& to) {
    REQUIRE(accept(message({to})).has_value());
    REQUIRE(wait_until_tried());
    return recipients().at(to).state;
  }
  std::string told() {
    std::string text;
    look([&](store::Database& database) {
      for (const Traced& one : *find_traced(database, {}, 100))
        for (const event::Event& event : one.events) text += event::words(event) + "\n";
    });
    return text;
  }
  Server* server = nullptr;
};

constexpr const char* failure =
    "our own check: SPF fail, DKIM none; SPF fail: the record of futar.test does not allow 198.51.100.7; "
    "publish futar.test TXT v=spf1 ip4:198.51.100.7 -all\n";

}  // namespace

TEST_CASE("under warn a message goes out whatever is found, and its trace tells") {
  OwnCheckFixture f(EgressMode::warn);
  CHECK(f.sent("b@remote.example") == State::relayed);
  CHECK(run_until(f.loop, [&] { return f.told().contains(failure); }));
  CHECK(f.server->peer.messages.size() == 1);
}

TEST_CASE("under hold what fails is held with the record to publish; a release looks anew and lets it go") {
  OwnCheckFixture f(EgressMode::hold);
  CHECK(f.sent("b@remote.example") == State::held);
  CHECK(f.server->peer.messages.empty());
  CHECK(f.recipients()
            .at("b@remote.example")
            .reason.contains("publish futar.test TXT v=spf1 ip4:198.51.100.7 -all"));
  CHECK(f.told().contains(failure));
  const size_t asked = f.resolver.asked("futar.test", dns::Type::txt);
  CHECK(f.act(Act::release).done == 1);
  REQUIRE(run_until(f.loop, [&] { return f.recipients().at("b@remote.example").state == State::relayed; }));
  CHECK(f.resolver.asked("futar.test", dns::Type::txt) == asked + 1);
}

TEST_CASE("under hold what was tried before is not held, nor what passes") {
  OwnCheckFixture f(EgressMode::hold);
  f.publish("v=spf1 ip4:198.51.100.7 -all");
  f.server->peer.script["RCPT TO:<b"] = {{"450 4.2.0 later\r\n"}};
  CHECK(f.sent("b@remote.example") == State::waiting);
  f.publish("v=spf1 -all");
  f.egress->forget();
  f.clock.advance_ms(3'600'000);
  f.wake();
  REQUIRE(run_until(f.loop, [&] { return f.recipients().at("b@remote.example").state == State::relayed; }));
  CHECK(f.told().contains("our own check: SPF pass, DKIM none\n"));
  f.check_record();
}
