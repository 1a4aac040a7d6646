#include "mta/sign/keyring.h"

#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "tests/mta/sign/keyring_fixture.h"

using namespace futar;
using namespace futar::mta;
using Make = Keyring::Make;

TEST_CASE("a pair is made, waits for the DNS, and signs when the name servers show it") {
  KeyringFixture f;
  REQUIRE(f.make("example.org", Make::first).has_value());
  CHECK(f.standings() == "20261124r new, 20261124e new");
  f.look();
  CHECK(f.signing().empty());
  CHECK(f.keyring->selectors()[0].seen == "the name server does not show it: its key is not in the DNS");
  f.publish("20261124r");
  f.look();
  CHECK(f.signing() == "20261124r");
  f.publish("20261124e");
  f.look();
  CHECK(f.signing() == "20261124r 20261124e");
  CHECK(f.keyring->signer("example.net") == nullptr);
}

TEST_CASE("private keys are readable by nobody else, and a restart signs as before") {
  KeyringFixture f;
  REQUIRE(f.make("example.org", Make::first).has_value());
  f.publish_all();
  f.look();
  struct stat status{};
  REQUIRE(::stat((f.folder / "dkim/example.org/20261124r.pem").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0600);
  REQUIRE(::stat((f.folder / "dkim/example.org").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0700);
  f.restart();
  CHECK(f.standings() == "20261124r active, 20261124e active");
  CHECK(f.signing() == "20261124r 20261124e");
}

TEST_CASE("rotation: the next pair signs when the DNS shows it, the last stays until it is retired") {
  KeyringFixture f;
  REQUIRE(f.make("example.org", Make::first).has_value());
  f.publish_all();
  f.look();
  f.clock.advance_ms(1000);
  REQUIRE(f.make("example.org", Make::next).has_value());
  f.look();
  CHECK(f.signing() == "20261124r 20261124e");
  CHECK(f.make("example.org", Make::next).error().text.find("waits for the DNS") != std::string::npos);
  f.publish("20261124r2");
  f.publish("20261124e2");
  f.look();
  CHECK(f.signing() == "20261124r2 20261124e2");
  CHECK(f.standings() == "20261124r old, 20261124e old, 20261124r2 active, 20261124e2 active");
  CHECK(f.retire("20261124r", 3).error().text == "3 queued messages still carry 20261124r");
  CHECK(f.retire("20261124r2").error().text.find("signs") != std::string::npos);
  REQUIRE(f.retire("20261124r").has_value());
  REQUIRE(f.retire("20261124e", 3, true).has_value());
  CHECK(f.standings() == "20261124r2 active, 20261124e2 active");
  CHECK(::access((f.folder / "dkim/example.org/20261124r.pem").c_str(), F_OK) != 0);
  f.restart();
  CHECK(f.signing() == "20261124r2 20261124e2");
  f.clock.advance_ms(1000);
  REQUIRE(f.make("example.org", Make::next).has_value());
  CHECK(f.standings().ends_with("20261124r3 new, 20261124e3 new"));  // no name comes twice
}

TEST_CASE("what is not there, or is there already, is refused in words") {
  KeyringFixture f;
  CHECK(f.make("elsewhere.test", Make::first).error().text == "elsewhere.test is no domain of ours");
  CHECK(f.make("example.org", Make::next).error().text.find("futar dkim add") != std::string::npos);
  REQUIRE(f.make("example.org", Make::first).has_value());
  CHECK(f.make("example.org", Make::first).error().text.find("futar dkim rotate") != std::string::npos);
  CHECK(f.retire("x").error().text == "example.org has no selector x");
}

TEST_CASE("each domain of ours gets its keys by itself, once") {
  KeyringFixture f({.folder = "", .make_missing = true, .look = true});
  REQUIRE(run_until(f.loop, [&] { return f.keyring->selectors().size() == 4; }));
  CHECK(f.standings() == "20261124r new, 20261124e new, 20261124r new, 20261124e new");
  REQUIRE(f.retire("20261124r").has_value());
  REQUIRE(f.retire("20261124e").has_value());
  f.look();
  CHECK(f.keyring->selectors().size() == 2);  // who has given them up gets no others
}

TEST_CASE("a key that has gone from the DNS signs no more, one that cannot be asked for does") {
  KeyringFixture f;
  REQUIRE(f.make("example.org", Make::first).has_value());
  f.publish_all();
  f.look();
  f.dns.fail("20261124r._domainkey.example.org", dns::Type::txt);
  f.look();
  CHECK(f.signing() == "20261124r 20261124e");
  f.dns.remove("20261124r._domainkey.example.org");
  f.look();
  CHECK(f.signing() == "20261124e");
  f.publish_all();
  f.look();
  CHECK(f.signing() == "20261124r 20261124e");
}

TEST_CASE(
    "keys of a domain that was removed are not asked for, can be retired, and sign again when it is back") {
  KeyringFixture f;
  REQUIRE(f.make("example.org", Make::first).has_value());
  f.publish_all();
  f.look();
  const auto asked = [&] { return f.dns.asked("20261124r._domainkey.example.org", dns::Type::txt); };
  const size_t before = asked();
  f.serve({"example.net"});
  f.look();
  CHECK(asked() == before);
  CHECK(f.keyring->is_orphan(f.keyring->selectors()[0]));
  CHECK(f.make("example.org", Make::next).error().text == "example.org is no domain of ours");
  CHECK(f.retire("20261124e", 2).error().text == "2 queued messages still carry 20261124e");
  REQUIRE(f.retire("20261124e").has_value());
  f.serve({"example.org", "example.net"});
  f.look();
  CHECK(asked() == before + 1);
  CHECK(f.signing() == "20261124r");
}

TEST_CASE("one name server that is slow does not hold up other keys") {
  KeyringFixture f;
  REQUIRE(f.make("example.org", Make::first).has_value());
  f.publish_all();
  size_t open = 0, most = 0;
  f.eyes.ask_server = [&](std::string, std::string, std::string name, dns::Type type) -> Task<dns::Answer> {
    most = std::max(most, ++open);
    co_await f.loop.sleep(20);
    --open;
    co_return co_await f.dns.ask(name, type);
  };
  f.look();
  CHECK(most == 2);
  CHECK(f.signing() == "20261124r 20261124e");
}

TEST_CASE("a reload asks about keys that are new, not about all that sign") {
  KeyringFixture f;
  REQUIRE(f.make("example.org", Make::first).has_value());
  f.publish("20261124r");
  f.look();
  const auto asked = [&](const std::string& selector) {
    return f.dns.asked(selector + "._domainkey.example.org", dns::Type::txt);
  };
  const size_t active = asked("20261124r"), fresh = asked("20261124e");
  f.keyring->look_now();
  REQUIRE(run_until(f.loop, [&] { return asked("20261124e") > fresh; }));
  CHECK(asked("20261124r") == active);
  f.clock.advance_ms(7LL * 3600 * 1000);
  f.keyring->look_now();
  CHECK(run_until(f.loop, [&] { return asked("20261124r") > active; }));
}

TEST_CASE(
    "a key file without its row, from a start that was killed, is taken; one that is lost does not sign") {
  KeyringFixture f;
  REQUIRE(make_folders(f.folder / "dkim/example.org").has_value());
  const auto left = crypto::PrivateKey::make(crypto::KeyType::ed25519);
  REQUIRE(replace_file(f.folder / "dkim/example.org/20261124e.pem", left.pem(), 0600).has_value());
  REQUIRE(f.make("example.org", Make::first).has_value());
  REQUIRE(::unlink((f.folder / "dkim/example.org/20261124r.pem").c_str()) == 0);
  f.publish_all();
  f.look();
  CHECK(f.signing() == "20261124e");
  CHECK(f.keyring->signer("example.org")->keys()[0].key.public_key().octets() == left.public_key().octets());
  CHECK(f.keyring->selectors()[0].seen == "its private key cannot be read here");
}
