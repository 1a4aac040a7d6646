#include "common/event/event.h"

#include <doctest/doctest.h>

#include <set>

#include "common/event/kinds.h"

using namespace futar;
using event::Event;
using event::Field;
using event::Kind;

namespace {

std::vector<Event> one_step() {
  return {Event(1'764'000'000'123, Kind::logged_in).with(Field::login, "alice@example.org"),
          Event(1'764'000'000'120, Kind::accepted)
              .with(Field::size, "4711")
              .with(Field::helo, std::string("a\0\xff", 3)),
          Event(1'764'000'000'500, Kind::handed_over)};
}

Event at(int64_t ms, Kind kind) { return Event(ms, kind); }

}  // namespace

TEST_CASE("events survive packing, also odd times and octets") {
  CHECK(event::unpack(event::pack(one_step())).value() == one_step());
  CHECK(event::unpack(event::pack({})).value().empty());
  const std::vector<Event> extremes = {at(0, Kind::held), at((1ll << 48) - 1, Kind::held),
                                       at(1, Kind::sealed_for)};
  CHECK(event::unpack(event::pack(extremes)).value() == extremes);
  for (int64_t damaged : {int64_t{-1}, int64_t{1} << 48, INT64_MAX, INT64_MIN})
    CHECK_FALSE(event::unpack(event::pack({at(damaged, Kind::held)})));
}

TEST_CASE("an event costs a few octets beyond its text") {
  const auto plain = event::pack({Event(1'764'000'000'123, Kind::delivered)}).size();
  CHECK(plain <= 10);
  const auto second = event::pack({Event(1'764'000'000'123, Kind::delivered),
                                   Event(1'764'000'000'130, Kind::delivered).with(Field::folder, "INBOX")});
  CHECK(second.size() - plain <= 3 + 2 + 5);
}

TEST_CASE("cut, lengthened or foreign octets are refused") {
  const std::string packed = event::pack(one_step());
  std::set<size_t> whole = {1};  // a cut between two events cannot be seen
  for (size_t n = 1; n < 3; ++n) {
    auto events = one_step();
    events.resize(n);
    whole.insert(event::pack(events).size());
  }
  for (size_t size = 0; size < packed.size(); ++size)
    if (!whole.contains(size)) CHECK_FALSE(event::unpack(packed.substr(0, size)));
  for (std::string_view bad : {"\x02", "\x01\x02\x20\x00", "\x01\x02\x01\x01\x21\x00",
                               "\x01\x02\x01\x01\x01\x05"
                               "abcd",
                               "\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02\x01\x00"})
    CHECK_FALSE(event::unpack(bad));
  CHECK_FALSE(event::unpack(packed + "x"));
}

TEST_CASE("each kind and field has a name of its own, and each pattern asks for fields that exist") {
  std::set<std::string_view> kinds, fields;
  for (uint64_t n = 1; event::is_field(n); ++n) fields.insert(event::name(static_cast<Field>(n)));
  CHECK(fields.size() == static_cast<size_t>(Field::code));
  CHECK(event::name(Field::queue) == "queue");
  for (uint64_t n = 1; event::is_kind(n); ++n) {
    const auto kind = static_cast<Kind>(n);
    kinds.insert(event::name(kind));
    std::string_view pattern = event::pattern(kind);
    for (size_t open; (open = pattern.find('{')) != std::string_view::npos;) {
      const size_t close = pattern.find('}', open);
      CHECK_MESSAGE(fields.contains(pattern.substr(open + 1, close - open - 1)), pattern);
      pattern.remove_prefix(close);
    }
  }
  CHECK(kinds.size() == static_cast<size_t>(Kind::repaired));
  CHECK(event::name(Kind::delivered) == "delivered");
  CHECK(event::name(Kind::waiting_on_link) == "waiting on link");
}

TEST_CASE("an event reads as a line of a trace") {
  const std::string bob = "bob@example.org";
  const std::pair<Event, std::string_view> table[] = {
      {Event(0, Kind::connected).with(Field::client, "203.0.113.80"),
       "203.0.113.80 connected; its address has no name in the DNS"},
      {Event(0, Kind::connected).with(Field::client, "203.0.113.80").with(Field::name, "mx.example"),
       "203.0.113.80 connected; its name is mx.example"},
      {Event(0, Kind::logged_in)
           .with(Field::login, "alice")
           .with(Field::client, "203.0.113.9")
           .with(Field::tls, "TLSv1.3")
           .with(Field::mechanism, "SCRAM"),
       "alice logged in from 203.0.113.9 (TLS 1.3, SCRAM)"},
      {Event(0, Kind::logged_in).with(Field::login, "alice").with(Field::mechanism, "PLAIN"),
       "alice logged in (PLAIN)"},
      {Event(0, Kind::taken_over).with(Field::from, "msa"), "taken over from msa"},
      {Event(0, Kind::delivered).with(Field::recipient, bob).with(Field::folder, "INBOX"),
       "bob@example.org: put into INBOX"},
      {Event(1000, Kind::deferred)
           .with(Field::recipient, bob)
           .with(Field::attempt, "1")
           .with(Field::reply, "451 4.7.1 Greylisted")
           .with(Field::next, "303000"),
       "bob@example.org: try 1. It said \"451 4.7.1 Greylisted\". That is \"later\", not \"no\". Next try in "
       "5 min 2 s"},
      {Event(0, Kind::deferred).with(Field::recipient, bob).with(Field::cause, "no answer on port 25"),
       "bob@example.org: not yet: no answer on port 25"},
      {Event(0, Kind::held).with(Field::cause, "sender not proven"), "held: sender not proven"},
      {Event(0, Kind::held).with(Field::recipient, bob).with(Field::by, "root").with(Field::cause, "by root"),
       "bob@example.org: held by root"},
      {Event(0, Kind::duplicate).with(Field::recipient, bob).with(Field::of, bob),
       "bob@example.org: has it already"},
      {Event(0, Kind::duplicate).with(Field::recipient, "all@example.org").with(Field::of, bob),
       "all@example.org: has it already as bob@example.org"},
      {Event(0, Kind::login_failed).with(Field::client, "192.0.2.1").with(Field::mechanism, "PLAIN"),
       "192.0.2.1 tried to log in (PLAIN)"},
      {Event(0, Kind::dsn_sent).with(Field::recipient, bob).with(Field::id, "x").with(Field::kind, "failed"),
       "told the sender by message x: bob@example.org failed"},
      {Event(0, Kind::spf).with(Field::what, "fail").with(Field::cause, "bank.example allows only a"),
       "SPF fail: bank.example allows only a"},
      {Event(0, Kind::spf).with(Field::what, "pass").with(Field::helo, "mx.example"),
       "SPF of the HELO mx.example pass"},
      {Event(0, Kind::dkim).with(Field::what, "none").with(Field::cause, "the message carries no signature"),
       "DKIM none: the message carries no signature"},
      {Event(0, Kind::dmarc)
           .with(Field::what, "fail")
           .with(Field::cause, "DMARC fail: so")
           .with(Field::rule, "x"),
       "DMARC fail: so; x"},
      {Event(0, Kind::not_judged).with(Field::cause, "a trusted client, 127.0.0.1"),
       "not judged: a trusted client, 127.0.0.1"},
      {Event(0, Kind::signed_for).with(Field::name, "example.org").with(Field::what, "selectors a, b"),
       "signed for example.org with selectors a, b"},
      {Event(0, Kind::signed_for).with(Field::cause, "there is no key"), "not signed: there is no key"},
      {Event(0, Kind::sealed_for).with(Field::name, "example.org").with(Field::what, "selector a"),
       "sealed for example.org with selector a"},
      {Event(0, Kind::arc)
           .with(Field::what, "pass")
           .with(Field::name, "lists.example")
           .with(Field::rule, "trusted")
           .with(Field::cause, "it found DMARC pass"),
       "ARC pass, sealed by lists.example, which is trusted: it found DMARC pass"},
      {Event(0, Kind::arc).with(Field::what, "fail").with(Field::cause, "so"), "ARC fail: so"},
      {Event(0, Kind::helo).with(Field::helo, "mx").with(Field::cause, "it is no full host name"),
       "HELO mx: it is no full host name"},
      {Event(0, Kind::forwarded)
           .with(Field::client, "198.51.100.7")
           .with(Field::from, "203.0.113.80")
           .with(Field::name, "mx.good.example"),
       "came through 198.51.100.7, a trusted forwarder; its client was 203.0.113.80 (mx.good.example)"},
      {Event(0, Kind::forwarded).with(Field::client, "198.51.100.7").with(Field::cause, "so"),
       "came through 198.51.100.7, a trusted forwarder; so"},
      {Event(0, Kind::delivered), "?: delivered"},
  };
  for (const auto& [event, text] : table) CHECK(event::words(event) == text);
}

TEST_CASE("waits are told in their two largest units") {
  const std::pair<int64_t, std::string_view> table[] = {
      {0, "0 s"},         {59'999, "59 s"},           {60'000, "1 min"},       {302'000, "5 min 2 s"},
      {3'600'000, "1 h"}, {12'000'000, "3 h 20 min"}, {187'200'000, "2 d 4 h"}};
  for (const auto& [ms, text] : table)
    CHECK(event::words(Event(7, Kind::deferred).with(Field::next, std::to_string(ms + 7))) ==
          "?: not yet. Next try in " + std::string(text));
}

TEST_CASE("peer text cannot move the reader's terminal or forge a line") {
  const std::string text = event::words(Event(0, Kind::bounced)
                                            .with(Field::recipient, "a@b")
                                            .with(Field::reply, "550 \x1b[2J\r\nok {cause} [x|y]"));
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find("{cause} [x|y]") != std::string::npos);
}
