#include "msa/login/login.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <deque>
#include <filesystem>
#include <tuple>

#include "common/base/text.h"
#include "common/crypto/digest.h"
#include "common/crypto/scram.h"
#include "common/directory/publisher.h"
#include "common/store/database.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/stream.h"

using namespace futar;
using namespace futar::msa;
using namespace std::string_literals;

namespace {

// A client that computes its answers, or gives up by nullopt.
struct Talk final : smtp_server::AuthExchange {
  using Answer = std::function<std::optional<std::string>(const std::string& challenge)>;
  std::string name;
  std::optional<std::string> first;
  std::deque<Answer> answers;
  std::vector<std::string> challenges;
  std::string binding;

  const std::string& mechanism() const override { return name; }
  const std::optional<std::string>& initial() const override { return first; }
  std::string channel_binding() const override { return binding; }
  Task<std::optional<std::string>> challenge(std::string octets) override {
    challenges.push_back(octets);
    if (answers.empty()) co_return std::nullopt;
    Answer answer = std::move(answers.front());
    answers.pop_front();
    co_return answer(octets);
  }
};

Talk::Answer say(std::string text) {
  return [text](const std::string&) { return text; };
}

Talk plain(const std::string& user, const std::string& password) {
  Talk talk;
  talk.name = "PLAIN";
  talk.first = "\0"s + user + "\0"s + password;
  return talk;
}

std::string attribute(const std::string& message, char letter) {
  for (const auto part : split(message, ','))
    if (part.size() > 1 && part[0] == letter) return std::string(part.substr(2));
  return "";
}

// The client side of RFC 5802.
Talk scram(const std::string& user, const std::string& password, const std::string& exporter = "") {
  Talk talk;
  talk.name = exporter.empty() ? "SCRAM-SHA-256" : "SCRAM-SHA-256-PLUS";
  talk.binding = exporter;
  const std::string gs2 = exporter.empty() ? "n,," : "p=tls-exporter,,";
  const std::string bare = "n=" + user + ",r=clientnonce";
  talk.first = gs2 + bare;
  talk.answers.push_back([=](const std::string& server_first) {
    const std::string salted =
        crypto::pbkdf2_sha256(password, base64_decode(attribute(server_first, 's')).value(),
                              static_cast<uint32_t>(parse_number(attribute(server_first, 'i')).value()));
    const std::string client_key = crypto::hmac_sha256(salted, "Client Key");
    const std::string without_proof =
        "c=" + base64_encode(gs2 + exporter) + ",r=" + attribute(server_first, 'r');
    std::string proof =
        crypto::hmac_sha256(crypto::sha256(client_key), bare + "," + server_first + "," + without_proof);
    for (size_t i = 0; i < proof.size(); ++i) proof[i] = static_cast<char>(proof[i] ^ client_key[i]);
    return without_proof + ",p=" + base64_encode(proof);
  });
  talk.answers.push_back(say(""));
  return talk;
}

struct World {
  std::string folder = [] {
    char name[] = "/tmp/futar_login_XXXXXX";
    return std::string(mkdtemp(name));
  }();
  FakeClock clock;
  net::Loop loop;
  net::Workers workers{loop, 2, "login"};
  std::vector<MadeKeys> kept;
  LoginOptions options{
      .key = "fixed", .shared = nullptr, .keep = [this](MadeKeys made) { kept.push_back(std::move(made)); }};
  Login login{loop, workers, clock, options};
  smtp_server::Client client;
  directory::Records records;

  World() {
    client.peer.address = net::IpAddress::parse("192.0.2.5").value();
    REQUIRE(directory::add_domain(records, "example.org"));
    REQUIRE(directory::add_account(records, "bob@example.org",
                                   {.verifier = crypto::make_scram_keys("secret").text()}));
    REQUIRE(directory::add_account(records, "eva@example.org",
                                   {.verifier = crypto::make_scram_keys("word").text(), .suspended = true}));
    REQUIRE(directory::add_account(
        records, "old@example.org",
        {.verifier = "{CRYPT}$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"}));
    publish();
  }
  ~World() { std::filesystem::remove_all(folder); }

  void publish() {
    REQUIRE(directory::publish(records, {.folder = folder}));
    login.set_credentials(directory::Credentials::open(folder).value());
  }

  smtp_server::AuthResult run(Talk& talk) {
    smtp_server::AuthResult result;
    net::run(loop, [&]() -> Task<> { result = co_await login.authenticate(client, talk); });
    return result;
  }
  smtp_server::AuthResult run(Talk&& talk) { return run(talk); }
};

std::string reply(const smtp_server::AuthResult& result) {
  return result.refusal ? result.refusal->line() : result.login;
}

}  // namespace

TEST_CASE("each mechanism logs the owner in") {
  World world;
  CHECK(reply(world.run(plain("bob@example.org", "secret"))) == "bob@example.org");
  CHECK(reply(world.run(plain("BOB@Example.ORG", "secret"))) == "bob@example.org");
  CHECK(reply(world.run(scram("bob@example.org", "secret"))) == "bob@example.org");
  CHECK(reply(world.run(scram("bob@example.org", "secret", std::string(32, 'x')))) == "bob@example.org");

  Talk talk;
  talk.name = "login";
  talk.answers = {say("bob@example.org"), say("secret")};
  CHECK(reply(world.run(talk)) == "bob@example.org");
  CHECK(talk.challenges == std::vector{"Username:"s, "Password:"s});

  Talk late = plain("bob@example.org", "secret");
  late.answers = {say(*late.first)};
  late.first.reset();
  CHECK(reply(world.run(late)) == "bob@example.org");
  CHECK(late.challenges == std::vector{""s});
}

TEST_CASE("what cannot log in is refused in the same words, and the log knows why") {
  World world;
  const std::tuple<Talk, std::string_view> rows[] = {
      {plain("bob@example.org", "wrong"), "wrong password: bob@example.org"},
      {plain("nobody@example.org", "secret"), "unknown user: nobody@example.org"},
      {plain("no address", "secret"), "unknown user: no address"},
      {plain("eva@example.org", "word"), "suspended: eva@example.org"},
      {scram("bob@example.org", "wrong"), "wrong password: bob@example.org"},
      {scram("nobody@example.org", "secret"), "unknown user: nobody@example.org"},
      {scram("eva@example.org", "word"), "suspended: eva@example.org"},
      {scram("old@example.org", "Hello world!"),
       "an imported hash allows SCRAM only after a login by PLAIN or LOGIN: old@example.org"},
  };
  for (auto [talk, cause] : rows) {
    const auto result = world.run(talk);
    CHECK(reply(result) == "535 5.7.8 Authentication credentials invalid");
    CHECK(result.cause == cause);
    CHECK(talk.challenges.size() == (talk.name == "PLAIN" ? 0 : 1));
    world.clock.advance_ms(3'600'000);
  }
}

TEST_CASE("an unknown name has a salt that does not change, and that differs from name to name") {
  World world;
  const auto salt = [&](const std::string& name) {
    Talk talk = scram(name, "x");
    world.run(talk);
    world.clock.advance_ms(3'600'000);
    return attribute(talk.challenges.at(0), 's') + " " + attribute(talk.challenges.at(0), 'i');
  };
  CHECK(salt("nobody@example.org") == salt("nobody@example.org"));
  CHECK(salt("nobody@example.org") != salt("other@example.org"));
  CHECK(salt("nobody@example.org").size() == salt("bob@example.org").size());
}

TEST_CASE("an imported hash logs in by PLAIN") {
  World world;
  CHECK(reply(world.run(plain("old@example.org", "Hello world!"))) == "old@example.org");
  CHECK(world.run(plain("old@example.org", "Hello world")).refusal.has_value());
}

TEST_CASE("a first login with an imported hash makes SCRAM possible, while that hash is in force") {
  World world;
  CHECK(world.run(plain("old@example.org", "wrong")).refusal.has_value());
  CHECK(world.kept.empty());
  CHECK(reply(world.run(plain("old@example.org", "Hello world!"))) == "old@example.org");
  REQUIRE(world.kept.size() == 1);
  CHECK(reply(world.run(scram("old@example.org", "Hello world!"))) == "old@example.org");
  world.publish();  // forgets what is remembered for ten minutes
  CHECK(reply(world.run(plain("old@example.org", "Hello world!"))) == "old@example.org");
  CHECK(world.kept.size() == 1);

  world.records.accounts["old@example.org"].verifier = "{SSHA}5udjQFmZEPaUBSeIWJdy4usEQztMjhh9";
  world.publish();
  CHECK(world.run(scram("old@example.org", "Hello world!")).refusal.has_value());
}

TEST_CASE("keys made at a first login are there after a restart, until the imported hash changes") {
  World world;
  world.run(plain("old@example.org", "Hello world!"));
  auto database = store::Database::open(":memory:", store::Database::Mode::create).value();
  const auto load = [&] {
    return load_made_keys(*database, *directory::Credentials::open(world.folder).value()).value();
  };
  CHECK(load().empty());
  REQUIRE(store_made_keys(*database, world.kept.at(0)));
  REQUIRE(forget_made_keys(*database, "old@example.org"));  // it was removed and purged
  CHECK(load().empty());
  REQUIRE(store_made_keys(*database, world.kept.at(0)));

  Login again(world.loop, world.workers, world.clock, world.options);
  again.set_credentials(directory::Credentials::open(world.folder).value());
  again.set_made_keys(load());
  Talk talk = scram("old@example.org", "Hello world!");
  smtp_server::AuthResult result;
  net::run(world.loop, [&]() -> Task<> { result = co_await again.authenticate(world.client, talk); });
  CHECK(reply(result) == "old@example.org");

  const std::string imported = world.records.accounts["old@example.org"].verifier;
  world.records.accounts["old@example.org"].verifier = crypto::make_scram_keys("other").text();
  world.publish();
  CHECK(load().empty());
  world.records.accounts["old@example.org"].verifier = imported;
  world.publish();
  CHECK(load().empty());  // gone for good
}

TEST_CASE("a client that gives up ends the exchange") {
  World world;
  Talk talk;
  for (auto name : {"PLAIN", "LOGIN", "SCRAM-SHA-256"}) {
    talk.name = name;
    CHECK(world.run(talk).cause == "the client gave up");
  }
  talk.name = "CRAM-MD5";
  CHECK(reply(world.run(talk)).starts_with("504"));
}

TEST_CASE("a verified password is remembered until the credentials change") {
  World world;
  using Time = std::chrono::steady_clock;
  const auto ms = [&](Talk talk) {
    const auto start = Time::now();
    CHECK(reply(world.run(talk)) == "bob@example.org");
    return std::chrono::duration_cast<std::chrono::microseconds>(Time::now() - start).count() / 1000.0;
  };
  const double first = ms(plain("bob@example.org", "secret"));
  const double second = ms(plain("bob@example.org", "secret"));
  CHECK(second < first / 4);

  world.records.accounts["bob@example.org"].verifier = crypto::make_scram_keys("changed").text();
  world.publish();
  CHECK(world.run(plain("bob@example.org", "secret")).cause == "wrong password: bob@example.org");
  world.records.accounts["bob@example.org"].suspended = true;
  world.publish();
  CHECK(world.run(plain("bob@example.org", "changed")).cause == "suspended: bob@example.org");
}

TEST_CASE("a password that is changed while the old one is checked is not remembered") {
  World world;
  Talk talk = plain("bob@example.org", "secret");
  smtp_server::AuthResult result;
  net::run(world.loop, [&]() -> Task<> {
    world.loop.post([&] {  // runs while the worker is busy with PBKDF2
      world.records.accounts["bob@example.org"].verifier =
          "{SCRAM-SHA-256}4096,AAAA," + std::string(43, 'A') + "=," + std::string(43, 'A') + "=";
      world.publish();
    });
    result = co_await world.login.authenticate(world.client, talk);
  });
  CHECK(reply(result) == "bob@example.org");
  CHECK(world.run(plain("bob@example.org", "secret")).cause == "wrong password: bob@example.org");
}

TEST_CASE("an unknown user takes as long as a wrong password") {
  World world;
  const auto us = [&](const std::string& user) {
    int64_t least = INT64_MAX;
    for (int i = 0; i < 3; ++i) {
      world.clock.advance_ms(3'600'000);
      const auto start = std::chrono::steady_clock::now();
      world.run(plain(user, "wrong"));
      least =
          std::min<int64_t>(least, (std::chrono::steady_clock::now() - start) / std::chrono::microseconds(1));
    }
    return static_cast<double>(least);
  };
  const double known = us("bob@example.org"), unknown = us("nobody@example.org");
  CAPTURE(known);
  CAPTURE(unknown);
  CHECK(unknown > known / 2);
  CHECK(known > unknown / 2);
}

TEST_CASE("who guesses waits, and too many attempts at once are put off") {
  World world;
  for (int i = 0; i < 3; ++i) world.run(plain("bob@example.org", "wrong"));
  const auto start = std::chrono::steady_clock::now();
  CHECK(world.run(plain("bob@example.org", "wrong")).refusal.has_value());
  CHECK(std::chrono::steady_clock::now() - start > std::chrono::milliseconds(900));
}

TEST_CASE("-PLUS is offered where the channel can be bound") {
  smtp_server::Client client;
  client.tls = net::TlsInfo{.version = "TLSv1.2", .cipher = "", .sni = ""};
  CHECK(Login::mechanisms(client) == std::vector{"SCRAM-SHA-256"s, "PLAIN"s, "LOGIN"s});
  client.tls->version = "TLSv1.3";
  CHECK(Login::mechanisms(client).front() == "SCRAM-SHA-256-PLUS");
}

TEST_CASE("the secret behind false salts is made once") {
  auto database = store::Database::open(":memory:", store::Database::Mode::create).value();
  REQUIRE(store::migrate(*database, {1, 1, [](store::Database&, int) -> Result<void> { return {}; }}));
  const std::string key = login_key(*database).value();
  CHECK(key.size() == 32);
  CHECK(login_key(*database).value() == key);
}
