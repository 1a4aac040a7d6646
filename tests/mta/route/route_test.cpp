#include "mta/route/route.h"

#include <doctest/doctest.h>

#include "common/directory/publisher.h"
#include "common/directory/records.h"
#include "mta/srs/srs.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::mta;
using Kind = Route::Kind;

namespace {

constexpr int64_t now = 1'764'000'000'000;
const srs::Keys keys{"the secret of our server"};

class Routing {
 public:
  Routing() {
    directory::Records records;
    for (const char* domain : {"futar.test", "second.test"}) REQUIRE(directory::add_domain(records, domain));
    for (const char* user : {"bob@futar.test", "captured@futar.test", "eva@second.test"})
      REQUIRE(directory::add_account(records, user, {}));
    REQUIRE(directory::add_alias(records, "team@futar.test", {"bob@futar.test", "eve@remote.example"}));
    REQUIRE(directory::add_alias(records, "@second.test", {"eva@second.test"}));
    records.generation = 1;
    REQUIRE(directory::publish(records, {folder_.path()}));
    directory_ = *directory::Directory::open(folder_.path(), "+");
  }

  Route operator()(const std::string& to, const std::string& from = "someone@elsewhere.example") const {
    return route(rules, *directory_, from.empty() ? smtp::Address{} : *smtp::parse_address(from),
                 *smtp::parse_address(to));
  }

  RouteRules rules;

 private:
  TempFolder folder_;
  std::unique_ptr<directory::Directory> directory_;
};

HostUrl url(const char* text) { return *parse_host_url(text); }

}  // namespace

TEST_CASE("who lives here is served here, whatever the way out is") {
  Routing routing;
  routing.rules.smart_host = url("smtp://relay.example");
  routing.rules.routes =
      *parse_routes({{"*", "smtp://other.example"}, {"futar.test", "smtp://other.example"}});
  for (Remote remote : {Remote::direct, Remote::hold, Remote::capture}) {
    routing.rules.remote = remote;
    const Route bob = routing("Bob+lists@futar.test");
    CHECK(bob.kind == Kind::mda);
    CHECK(bob.mailbox == "bob@futar.test+lists");
    CHECK(bob.destination == "");
    CHECK(routing("team@futar.test").reason == "team@futar.test is an alias here");
    CHECK(routing("whoever@second.test").reason ==
          "whoever@second.test goes to the catch-all eva@second.test");
    const Route nobody = routing("nobody@futar.test");
    CHECK(nobody.kind == Kind::refused);
    CHECK(nobody.status == "5.1.1");
  }
}

TEST_CASE("another domain goes to its MX, under its name in the DNS") {
  Routing routing;
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"Eve@Remote.Example", "remote.example", "remote.example: by its MX"},
      {"eve@b\xC3\xBC"
       "cher.example",
       "xn--bcher-kva.example", "xn--bcher-kva.example: by its MX"},
      {"eve@sub.futar.test", "sub.futar.test", "sub.futar.test: by its MX"},
      {"eve@[192.0.2.1]", "[192.0.2.1]", "[192.0.2.1]: the address itself"},
      {"eve@[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]", "[ipv6:2001:db8::1]: the address itself"}};
  for (const auto& [to, destination, reason] : rows) {
    CAPTURE(to);
    const Route way = routing(to);
    CHECK(way.kind == Kind::remote);
    CHECK(way.destination == destination);
    CHECK(way.reason == reason);
    CHECK(way.address.domain == destination);
    CHECK(way.mailbox == "");
  }
  CHECK(routing("Eve@Remote.Example").address.local == "Eve");  // its case is theirs
}

TEST_CASE("what can be no domain is refused") {
  Routing routing;
  const Route way = routing("eve@\xE2\x98\xBA\xE2\x80\x8D.example");  // a zero-width joiner out of place
  CHECK(way.kind == Kind::refused);
  CHECK(way.status == "5.1.2");
}

TEST_CASE("hold and capture let nothing out") {
  Routing routing;
  routing.rules.smart_host = url("smtp://relay.example");
  routing.rules.routes = *parse_routes({{"*", "smtp://other.example"}});
  routing.rules.remote = Remote::hold;
  CHECK(routing("eve@remote.example").kind == Kind::hold);
  routing.rules.remote = Remote::capture;
  const Route captured = routing("eve@remote.example");
  CHECK(captured.kind == Kind::mda);
  CHECK(captured.address.text() == "captured@futar.test");
  CHECK(captured.prefix == "X-Original-To: eve@remote.example\r\n");
  CHECK(routing("eve@remote.example", "eva@second.test").address.text() == "captured@second.test");
}

TEST_CASE("the nearest rule decides: recipient's domain, sender, smart host, DNS") {
  Routing routing;
  routing.rules.routes = *parse_routes({{"remote.example", "smtp://exact.example"},
                                        {"*.remote.example", "smtp://star.example"},
                                        {".deep.remote.example", "smtps://dot.example"},
                                        {"[192.0.2.1]", "smtp://literal.example"},
                                        {"B\xC3\xBC"
                                         "cher.example",
                                         "smtp://idn.example"}});
  routing.rules.sender_routes = *parse_routes(
      {{"Boss@futar.test", "smtp://boss.example"}, {"futar.test", "smtp+tls://sender.example"}});
  routing.rules.smart_host = url("smtps://smtp.provider.example");
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"eve@remote.example", "bob@futar.test",
       "through smtp://exact.example:25 (mta.routes, \"remote.example\")"},
      {"eve@sub.remote.example", "", "through smtp://star.example:25 (mta.routes, \"*.remote.example\")"},
      {"eve@deep.remote.example", "", "through smtp://star.example:25 (mta.routes, \"*.remote.example\")"},
      {"eve@very.deep.remote.example", "",
       "through smtps://dot.example:465 (mta.routes, \".deep.remote.example\")"},
      {"eve@xn--bcher-kva.example", "",
       "through smtp://idn.example:25 (mta.routes, \"xn--bcher-kva.example\")"},
      {"eve@[192.0.2.1]", "", "through smtp://literal.example:25 (mta.routes, \"[192.0.2.1]\")"},
      {"eve@third.example", "boss@futar.test",
       "through smtp://boss.example:25 (mta.sender_routes, \"boss@futar.test\")"},
      {"eve@third.example", "bob@Futar.test",
       "through smtp+tls://sender.example:587 (mta.sender_routes, \"futar.test\")"},
      {"eve@third.example", "bob@sub.futar.test",
       "through smtps://smtp.provider.example:465 (mta.smart_host)"},
      {"eve@notremote.example", "", "through smtps://smtp.provider.example:465 (mta.smart_host)"}};
  for (const auto& [to, from, reason] : rows) {
    CAPTURE(to);
    const Route way = routing(to, from);
    CHECK(way.kind == Kind::remote);
    CHECK(way.reason == reason);
    CHECK(way.reason.contains("through " + way.destination + " ("));
    CHECK(way.address.text() == to);
  }
  routing.rules.smart_host.reset();
  CHECK(routing("eve@third.example", "bob@sub.futar.test").destination == "third.example");
  routing.rules.routes.emplace("*", url("smtp://all.example"));
  CHECK(routing("eve@third.example", "bob@futar.test").destination == "smtp://all.example:25");
}

TEST_CASE("a table of routes names the entry that is wrong") {
  for (const auto& [key, value] : {std::pair("remote.example", "remote.example"),
                                   {"", "smtp://x.example"},
                                   {"a b", "smtp://x.example"},
                                   {"*.", "smtp://x.example"}}) {
    const auto routes = parse_routes({{key, value}});
    REQUIRE_FALSE(routes.has_value());
    CHECK(routes.error().text.starts_with("\"" + std::string(key) + "\": "));
  }
}

TEST_CASE("a bounce to a return address of ours goes back to the first sender, and nothing else does") {
  Routing routing;
  const std::string made = srs::rewrite({"sam", "origin.example"}, "second.test", keys, now).text();
  // Without secrets it is an address like others.
  CHECK(routing(made, "").kind == Kind::mda);
  routing.rules.open_return_path = [](const smtp::Address& address) { return srs::open(address, keys, now); };

  const Route back = routing(made, "");
  CHECK(back.kind == Kind::remote);
  CHECK(back.address.text() == "sam@origin.example");
  CHECK(back.destination == "origin.example");
  CHECK(back.reason ==
        "a bounce back to sam@origin.example, whose mail was forwarded: origin.example: by its MX");

  const Route relayed = routing(made, "eve@remote.example");
  CHECK(relayed.kind == Kind::refused);
  CHECK(relayed.status == "5.7.1");

  const Route forged = routing("SRS0=AAAAAA=AA=victim.example=bob@second.test", "");
  CHECK(forged.kind == Kind::refused);
  CHECK(forged.status == "5.7.1");
  CHECK(forged.reason == "no return address of ours: not signed by us");

  // Another server's is none of ours.
  CHECK(routing("SRS0=AAAAAA=AA=origin.example=sam@other.example", "").destination == "other.example");
  routing.rules.remote = Remote::hold;
  CHECK(routing(made, "").kind == Kind::hold);
}
