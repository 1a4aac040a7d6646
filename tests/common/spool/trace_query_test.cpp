#include "common/spool/trace_query.h"

#include <doctest/doctest.h>

using namespace futar;
using event::Field;

namespace {

spool::Summary summary() {
  spool::Summary one;
  one.id = *MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y");
  one.envelope.reverse_path = *smtp::parse_address("alice@example.org");
  one.envelope.recipients.push_back({*smtp::parse_address("team@example.net"), {}});
  one.accepted_ms = 5000;
  return one;
}

std::vector<event::Event> events() {
  return {event::Event(5000, event::Kind::accepted)
              .with(Field::client, "203.0.113.9")
              .with(Field::message_id, "<Abc.1@example.org>")};
}

bool finds(const spool::TraceQuery& query) {
  const std::vector<smtp::Address> by_alias{*smtp::parse_address("eva@example.com")};
  return query.is_for(summary(), events(), by_alias);
}

}  // namespace

TEST_CASE("a message is found by all of its id, its end and its start") {
  for (const char* what :
       {"01kb3m7q2v8x0z4c9r5t1n6w3y", "01KB3M7Q2V8X0Z4C9R5T1N6W3Y", "t1n6w3y", "01kb3m7q2v"}) {
    CAPTURE(what);
    CHECK(finds({.what = what}));
  }
  CHECK_FALSE(finds({.what = "6w3y"}));      // too short
  CHECK_FALSE(finds({.what = "kb3m7q2v"}));  // neither end
}

TEST_CASE("an address is the sender's, a recipient's or an alias' target, whole or its domain") {
  for (const char* what : {"alice@example.org", "@example.org", "Team@Example.net", "eva@example.com"}) {
    CAPTURE(what);
    CHECK(finds({.what = what}));
  }
  CHECK_FALSE(finds({.what = "bob@example.org"}));
  CHECK(finds({.from = "@example.org", .to = "example.com"}));
  CHECK_FALSE(finds({.from = "example.net"}));
  CHECK_FALSE(finds({.to = "alice@example.org"}));
}

TEST_CASE("a client and a Message-ID are looked for in the events, and both must fit") {
  CHECK(finds({.client = "203.0.113.9"}));
  CHECK_FALSE(finds({.client = "203.0.113.8"}));
  CHECK(finds({.message_id = "<Abc.1@example.org>"}));
  CHECK(finds({.message_id = "Abc.1@example.org"}));
  CHECK(finds({.what = "<Abc.1@example.org>"}));
  CHECK_FALSE(finds({.message_id = "<Abc.2@example.org>"}));
  CHECK_FALSE(finds({.client = "203.0.113.8", .message_id = "<Abc.1@example.org>"}));
}

TEST_CASE("what was accepted before is not meant") {
  CHECK(finds({.since_ms = 5000}));
  CHECK_FALSE(finds({.since_ms = 5001}));
}
