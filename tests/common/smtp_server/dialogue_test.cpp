// Plays tests/dialogues/*.smtp against the session.
#include <doctest/doctest.h>

#include <map>

#include "tests/common/smtp_server/dialogue_script.h"
#include "tests/common/smtp_server/session_fixture.h"

using namespace futar;
using namespace futar::smtp_server;

namespace {

constexpr int64_t patience_ms = 5'000;

class Player {
 public:
  explicit Player(const dialogue::Case& dialogue) : case_(dialogue) {}

  void play() {
    CAPTURE(case_.name);
    net::run(fixture_.loop, [this]() -> Task<> {
      for (const auto& step : case_.steps) {
        INFO(step.where);
        CAPTURE(step.text);
        if (step.verb == "set:") {
          set(step.text);
          continue;
        }
        if (!client_) start();
        if (!co_await play(step) && !co_await play_event(step) && !check_result(step))
          FAIL_CHECK("unknown line " << step.verb);
      }
      co_await send_pending();
      client_->close();
      co_await fixture_.until_ended();
    });
    CHECK(fixture_.script.ended == 1);
    size_t files = 0;
    for (const auto& message : fixture_.script.accepted) files += message.body.is_file();
    CHECK(fixture_.spool_files() == files);
  }

 private:
  void set(const std::string& text);
  Task<bool> play(const dialogue::Step& step);
  Task<bool> play_event(const dialogue::Step& step);
  bool check_result(const dialogue::Step& step);
  Task<> send_pending();
  Task<std::string> line();
  Task<std::string> rest();
  void start();

  const dialogue::Case& case_;
  SessionFixture fixture_;
  std::unique_ptr<net::FakeStream> client_;
  std::string pending_, heard_;
};

void Player::set(const std::string& text) {
  const auto words = split(text, ' ');
  const std::string_view word = words[0];
  Capabilities& offered = fixture_.script.capabilities;
  const auto number = [&] { return parse_number(words.at(1)).value(); };
  const std::map<std::string_view, std::function<void()>> settings = {
      {"max_size", [&] { offered.max_size = number(); }},
      {"max_recipients", [&] { offered.max_recipients = number(); }},
      {"errors", [&] { fixture_.options.errors = static_cast<int>(number()); }},
      {"read_at_most", [&] { fixture_.read_at_most = number(); }},
      {"auth", [&] { offered.auth.assign(words.begin() + 1, words.end()); }},
      {"tls", [&] { offered.starttls = true; }},
      {"no_certificate", [&] { fixture_.script.tls.reset(); }},
      {"tls_required", [&] { offered.tls_required = true; }},
      {"login_required", [&] { offered.login_required = true; }},
      {"implicit_tls", [&] { fixture_.options.implicit_tls = true; }},
      {"no_dsn", [&] { offered.dsn = false; }},
      {"lmtp", [&] { fixture_.options.lmtp = true; }},
      {"unix", [&] { fixture_.uid = 1000; }},
      {"refuse_connection", [&] { fixture_.script.refuse_connection = true; }},
  };
  const auto found = settings.find(word);
  REQUIRE_MESSAGE(found != settings.end(), "unknown setting " << text);
  found->second();
}

void Player::start() {
  client_ = fixture_.connect();
  const auto watchdog = [](net::Loop& loop, net::FakeStream& client) -> Task<> {
    co_await loop.sleep(patience_ms);
    client.expire();
  };
  fixture_.loop.spawn("watchdog", watchdog(fixture_.loop, *client_));
}

Task<> Player::send_pending() {
  if (pending_.empty()) co_return;
  try {
    co_await client_->write(std::exchange(pending_, {}));
    co_await client_->until_peer_waits();
  } catch (const net::StreamClosed&) {
    // The server may close while its client still talks; what it said before is checked.
  }
}

Task<std::string> Player::line() {
  co_await send_pending();
  char buffer[4096];
  while (heard_.find('\n') == std::string::npos)
    heard_.append(buffer, co_await client_->read(buffer, sizeof buffer));
  const size_t end = heard_.find('\n');
  std::string text = heard_.substr(0, end);
  heard_.erase(0, end + 1);
  CHECK(text.ends_with('\r'));
  text.pop_back();
  // The id of a refusal (session_test looks at it) differs from run to run.
  if (const size_t id = text.rfind(" id "); id != std::string::npos && MessageId::parse(text.substr(id + 4)))
    text.erase(id);
  co_return text;
}

// What comes until the server closes, "still open" when it does not.
Task<std::string> Player::rest() {
  co_await send_pending();
  char buffer[4096];
  try {
    while (true) heard_.append(buffer, co_await client_->read(buffer, sizeof buffer));
  } catch (const net::StreamClosed& closed) {
    if (closed.reason == net::StreamClosed::Reason::deadline) co_return "still open";
  }
  co_return std::exchange(heard_, {});
}

Task<bool> Player::play(const dialogue::Step& step) {
  if (step.verb == "C:") {
    pending_ += step.text + "\r\n";
  } else if (step.verb == "C|") {
    pending_ += step.text;
  } else if (step.verb == "S:") {
    const std::string said = co_await line();
    CAPTURE(said);
    CHECK(dialogue::matches(step.text, said));
  } else if (step.verb == "S~") {
    std::string said = co_await line();
    while (said.size() > 3 && said[3] == '-') said = co_await line();
    CAPTURE(said);
    CHECK(dialogue::matches(step.text, said));
  } else if (step.verb == "closed") {
    CHECK(co_await rest() == "");
  } else {
    co_return false;
  }
  co_return true;
}

Task<bool> Player::play_event(const dialogue::Step& step) {
  if (step.verb == "tls") {
    co_await client_->start_tls_client(*fixture_.script.tls, {});
  } else if (step.verb == "silent") {
    co_await send_pending();
    CHECK(client_->available() == 0);
  } else if (step.verb == "advance:") {
    co_await send_pending();
    fixture_.clock.advance_ms(static_cast<int64_t>(parse_number(step.text).value()) * 1000);
    if (fixture_.server && fixture_.server->deadline() <= fixture_.clock.steady_ms())
      fixture_.server->expire();
  } else if (step.verb == "shutdown") {
    co_await send_pending();
    if (fixture_.server) fixture_.server->shut_down();
  } else if (step.verb == "hangup") {
    co_await send_pending();
    client_->close();
    co_await fixture_.until_ended();
  } else {
    co_return false;
  }
  co_return true;
}

bool Player::check_result(const dialogue::Step& step) {
  const Script& script = fixture_.script;
  if (step.verb == "accepted:") {
    CHECK(std::to_string(script.accepted.size()) == step.text);
  } else if (step.verb == "refused:") {
    CHECK((script.refused.empty() ? "none" : script.refused.back()) == step.text);
  } else if (step.verb == "protocol:") {
    CHECK(script.accepted.at(script.accepted.size() - 1).protocol == step.text);
  } else if (step.verb == "envelope:") {
    const auto& envelope = script.accepted.at(script.accepted.size() - 1).envelope;
    std::string text = envelope.reverse_path.text() + " >";
    for (const auto& recipient : envelope.recipients) text += " " + recipient.address.text();
    CHECK(text == step.text);
  } else if (step.verb == "message:") {
    const auto& message = script.accepted.at(script.accepted.size() - 1);
    const size_t bar = step.text.find(" | ");
    REQUIRE(bar != std::string::npos);
    CHECK(message.header == step.text.substr(0, bar));
    CHECK(fixture_.text_of(message.body) == step.text.substr(bar + 3));
  } else {
    return false;
  }
  return true;
}

}  // namespace

TEST_CASE("the session says what the dialogues say") {
  size_t played = 0;
  for (const auto& entry : std::filesystem::directory_iterator(dialogue::folder())) {
    if (entry.path().extension() != ".smtp") continue;
    for (const auto& one : dialogue::read_cases(entry.path())) {
      Player(one).play();
      ++played;
    }
  }
  CHECK(played > 100);
}

TEST_CASE("a pattern's star stands for anything") {
  CHECK(dialogue::matches("250*", "250 2.0.0 Ok"));
  CHECK(dialogue::matches("250*Ok", "250 2.0.0 Ok"));
  CHECK(dialogue::matches("*", ""));
  CHECK_FALSE(dialogue::matches("250", "250 Ok"));
  CHECK_FALSE(dialogue::matches("250*ok", "250 Ok"));
}
