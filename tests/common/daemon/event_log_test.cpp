#include "common/daemon/event_log.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/log/log.h"
#include "tests/fakes/clock.h"

using namespace futar;
using event::Event;
using event::Field;
using event::Kind;

namespace {

/// What is logged while `action` runs.
template <class Action>
std::string logged(log::Format format, Action action) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  log::configure("futar-mta", format, log::Level::info, ends[1]);
  action();
  log::configure("futar", log::Format::postfix);
  ::close(ends[1]);
  std::string text(65536, '\0');
  const ssize_t size = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  text.resize(size > 0 ? static_cast<size_t>(size) : 0);
  return text;
}

const MessageId id = MessageId::make(FakeClock(1'764'000'000'000));

const Event delivered = Event(1'764'000'000'034, Kind::delivered)
                            .with(Field::recipient, "bob@example.org")
                            .with(Field::folder, "INBOX");

}  // namespace

TEST_CASE("mail is logged under the tag of Postfix's part, what only a trace tells is not") {
  const std::string text = logged(log::Format::postfix, [] {
    daemon::log_events(id, {Event(0, Kind::spf).with(Field::what, "pass"), delivered});
  });
  const std::string tag = " futar/local[" + std::to_string(::getpid()) + "]: ";
  CHECK(text.ends_with(tag + id.text() +
                       ": to=<bob@example.org>, relay=local, delay=0.03, dsn=2.0.0, status=sent (delivered "
                       "to INBOX)\n"));
  CHECK(std::ranges::count(text, '\n') == 1);
}

TEST_CASE("as JSON an event is one object with all its fields, and none of them replaces ours") {
  const std::string text = logged(log::Format::json, [] {
    daemon::log_events(id,
                       {Event(0, Kind::accepted).with(Field::client, "192.0.2.1").with(Field::size, "7")});
    daemon::log_events(id, {delivered});
  });
  REQUIRE(std::ranges::count(text, '\n') == 2);
  const auto first = nlohmann::json::parse(text.substr(0, text.find('\n')));
  CHECK(first["agent"] == "futar-mta");
  CHECK(first["id"] == id.text());
  CHECK(first["kind"] == "accepted");
  CHECK(first["client"] == "192.0.2.1");
  const auto second = nlohmann::json::parse(text.substr(text.find('\n') + 1));
  CHECK(second["recipient"] == "bob@example.org");
  CHECK(second["text"] == "bob@example.org: put into INBOX");
}
