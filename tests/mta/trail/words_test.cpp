#include "mta/trail/words.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::mta::trail;
using event::Field;

namespace {

const MessageId id = *MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y");
const smtp::Address alice{"alice", "example.org"}, team{"team", "example.net"};
const std::vector<event::Event> events{event::Event(5000, event::Kind::accepted)
                                           .with(Field::client, "203.0.113.9")
                                           .with(Field::message_id, "<Abc.1@example.org>")};

/// Whether the trail has the message for the question.
bool leads_to_it(const spool::TraceQuery& query) {
  std::vector<Hash> words = hashes_of(id, alice, events);
  for (Hash hash : hashes_of(By::recipient, team)) words.push_back(hash);
  const Conditions conditions = conditions_of(query);
  return !conditions.empty() && std::ranges::all_of(conditions, [&](const auto& alternatives) {
    return std::ranges::any_of(alternatives, [&](Hash hash) { return std::ranges::count(words, hash) > 0; });
  });
}

}  // namespace

TEST_CASE("each word that a message is found by leads to it, in any case of its letters") {
  for (const spool::TraceQuery& query :
       {spool::TraceQuery{.what = "Alice@Example.ORG"}, spool::TraceQuery{.what = "team@example.net"},
        spool::TraceQuery{.what = "@example.net"}, spool::TraceQuery{.what = "<Abc.1@example.org>"},
        spool::TraceQuery{.what = "1n6w3y"}, spool::TraceQuery{.what = "9R5T1N6W3Y"},
        spool::TraceQuery{.what = "01kb3m7q2v8x0z4c9r5t1n6w3y"}, spool::TraceQuery{.from = "example.org"},
        spool::TraceQuery{.to = "@example.net"}, spool::TraceQuery{.client = "203.0.113.9"},
        spool::TraceQuery{.message_id = "Abc.1@example.org"},
        spool::TraceQuery{.from = "alice@example.org", .to = "team@example.net", .client = "203.0.113.9"}}) {
    CAPTURE(query.what + query.from + query.to + query.client + query.message_id);
    CHECK(leads_to_it(query));
  }
}

TEST_CASE("the words of another message do not lead to it, and all conditions must hold") {
  for (const spool::TraceQuery& query :
       {spool::TraceQuery{.what = "bob@example.org"}, spool::TraceQuery{.from = "team@example.net"},
        spool::TraceQuery{.to = "alice@example.org"}, spool::TraceQuery{.client = "203.0.113.10"},
        spool::TraceQuery{.message_id = "Abc.2@example.org"}, spool::TraceQuery{.what = "kb3m7q"},
        spool::TraceQuery{.from = "alice@example.org", .to = "eva@example.net"}}) {
    CAPTURE(query.what + query.from + query.to + query.client + query.message_id);
    CHECK_FALSE(leads_to_it(query));
  }
}

TEST_CASE("a time alone asks the trail nothing, nor does the null path") {
  CHECK(conditions_of({.since_ms = 5}).empty());
  CHECK(hashes_of(By::sender, smtp::Address{}).empty());
}

TEST_CASE("the numbers are those that stand in databases already") {
  CHECK(hash_of(By::sender, "alice@example.org") == hash_of(By::sender, "ALICE@example.org"));
  CHECK(hash_of(By::sender, "alice@example.org") != hash_of(By::recipient, "alice@example.org"));
}
