#include "common/event/log_line.h"

#include <doctest/doctest.h>

#include "tests/fakes/clock.h"

using namespace futar;
using event::Event;
using event::Field;
using event::Kind;
using event::render_postfix;

namespace {

constexpr int64_t start = 1'764'000'000'000;
const MessageId id = MessageId::make(FakeClock(start));

std::string after_id(const Event& event) {
  const std::string line = render_postfix(id, event);
  REQUIRE(line.starts_with(id.text() + ": "));
  return line.substr(id.text().size() + 2);
}

}  // namespace

TEST_CASE("deliveries have Postfix's shape, their delay counts from the id") {
  const std::pair<Event, std::string_view> table[] = {
      {Event(start + 34, Kind::delivered)
           .with(Field::recipient, "bob@example.org")
           .with(Field::folder, "INBOX"),
       "to=<bob@example.org>, relay=local, delay=0.03, dsn=2.0.0, status=sent (delivered to INBOX)"},
      {Event(start + 1'200, Kind::relayed)
           .with(Field::recipient, "eve@remote.example")
           .with(Field::host, "mx1.remote.example[192.0.2.25]:25")
           .with(Field::reply, "250 2.1.5 Ok: queued as 4Fk2"),
       "to=<eve@remote.example>, relay=mx1.remote.example[192.0.2.25]:25, delay=1.20, dsn=2.1.5, status=sent "
       "(250 2.1.5 Ok: queued as 4Fk2)"},
      {Event(start + 302'000, Kind::deferred)
           .with(Field::recipient, "eve@remote.example")
           .with(Field::cause, "no answer on port 25"),
       "to=<eve@remote.example>, relay=none, delay=302.00, dsn=4.0.0, status=deferred (no answer on port "
       "25)"},
      {Event(start, Kind::bounced)
           .with(Field::recipient, "x@remote.example")
           .with(Field::host, "mx1")
           .with(Field::cause, "refused")
           .with(Field::reply, "550 no such user"),
       "to=<x@remote.example>, relay=mx1, delay=0.00, dsn=5.0.0, status=bounced (refused: 550 no such user)"},
      {Event(start, Kind::bounced).with(Field::recipient, "x@a.example").with(Field::code, "5.1.2"),
       "to=<x@a.example>, relay=none, delay=0.00, dsn=5.1.2, status=bounced (refused)"},
      {Event(start - 5, Kind::expanded)
           .with(Field::recipient, "team@a.example")
           .with(Field::targets, "b@a.example"),
       "to=<team@a.example>, relay=local, delay=0.00, dsn=2.0.0, status=expanded (b@a.example)"},
  };
  for (const auto& [event, line] : table) CHECK(after_id(event) == line);
}

TEST_CASE("an accepted message names its client and login") {
  const Event event = Event(start, Kind::accepted)
                          .with(Field::client, "203.0.113.9")
                          .with(Field::name, "pc.example")
                          .with(Field::helo, "pc")
                          .with(Field::login, "alice")
                          .with(Field::mechanism, "PLAIN")
                          .with(Field::reverse_path, "alice@example.org")
                          .with(Field::size, "4711")
                          .with(Field::recipients, "2");
  CHECK(after_id(event) ==
        "client=pc.example[203.0.113.9], helo=<pc>, sasl_method=PLAIN, sasl_username=alice, "
        "from=<alice@example.org>, "
        "size=4711, nrcpt=2 (accepted)");
}

TEST_CASE("a refusal is a NOQUEUE line that still names the id") {
  const Event event = Event(start, Kind::refused)
                          .with(Field::client, "192.0.2.1")
                          .with(Field::at, "RCPT")
                          .with(Field::reply, "550 5.1.1 no such user")
                          .with(Field::recipient, "x@example.org");
  CHECK(render_postfix(id, event) ==
        "NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 550 5.1.1 no such user; from=<> to=<x@example.org> "
        "helo=<> id=" +
            id.text());
  CHECK(render_postfix({}, event).ends_with("helo=<>"));
}

TEST_CASE("a failed login is the line that fail2ban knows") {
  CHECK(
      render_postfix(
          {}, Event(start, Kind::login_failed).with(Field::client, "192.0.2.1").with(Field::login, "bob")) ==
      "warning: unknown[192.0.2.1]: SASL PLAIN authentication failed: wrong password, sasl_username=bob");
}

TEST_CASE("other kinds stand in their words") {
  CHECK(after_id(Event(start, Kind::handed_over).with(Field::to, "mta")) == "handed over to mta");
}

TEST_CASE("an address cannot close its bracket and go on as another field") {
  const std::string line = after_id(Event(start, Kind::bounced)
                                        .with(Field::recipient, "\"a>, relay=x, status=sent <\"@example.org")
                                        .with(Field::reply, "550 no\r\nNov 24 mta: forged"));
  CHECK(line.find("a>,") == std::string::npos);
  CHECK(line.find('\n') == std::string::npos);
}

TEST_CASE("an accepted message is two lines, since Postfix tells its client and its size apart") {
  const auto lines = event::log_lines(id, Event(start, Kind::accepted)
                                              .with(Field::client, "203.0.113.9")
                                              .with(Field::reverse_path, "alice@example.org")
                                              .with(Field::size, "4711")
                                              .with(Field::recipients, "2"));
  REQUIRE(lines.size() == 2);
  CHECK(lines[0].part == "smtpd");
  CHECK(lines[0].text.starts_with(id.text() + ": client=unknown[203.0.113.9], "));
  CHECK(lines[1].part == "qmgr");
  CHECK(lines[1].text == id.text() + ": from=<alice@example.org>, size=4711, nrcpt=2 (queue active)");
}

TEST_CASE("a line has the part of Postfix that would say it, and verdicts have none") {
  const auto part = [](const Event& event) {
    const auto lines = event::log_lines(id, event);
    return lines.empty() ? "" : std::string(lines[0].part);
  };
  CHECK(part(Event(start, Kind::delivered)) == "local");
  CHECK(part(Event(start, Kind::relayed)) == "smtp");
  CHECK(part(Event(start, Kind::deferred).with(Field::host, "mx1[192.0.2.1]:25")) == "smtp");
  CHECK(part(Event(start, Kind::deferred)) == "qmgr");
  CHECK(part(Event(start, Kind::spf)).empty());
  CHECK(part(Event(start, Kind::signed_for)).empty());
}
