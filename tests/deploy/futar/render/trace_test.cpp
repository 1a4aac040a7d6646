#include "deploy/futar/render/trace.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace futar::deploy;
using nlohmann::json;

namespace {

const std::string id = "01kb3m7q2v8x0z4c9r5t1n6w3y";
constexpr int64_t accepted = 1795528927000;  // 2026-11-24T14:02:07Z

json event(const std::string& ms, const char* agent, const char* kind, const char* text) {
  return {{"t", "2026-11-24T14:02:07." + ms + "Z"},
          {"agent", agent},
          {"kind", kind},
          {"text", text},
          {"cause", ""}};
}

json answer(std::vector<json> recipients, std::vector<json> events, int64_t accepted_ms = accepted) {
  return {{"messages",
           {{{"id", id},
             {"from", "alice@example.org"},
             {"size", 4198},
             {"accepted_ms", accepted_ms},
             {"recipients", std::move(recipients)},
             {"events", std::move(events)}}}}};
}

json recipient(const char* address, const char* state, const char* reason = "", bool by_alias = false) {
  return {{"address", address}, {"state", state}, {"reason", reason}, {"by_alias", by_alias}};
}

const json msa = answer({recipient("team@example.org", "handed over", "mta has it")},
                        {event("000", "msa", "accepted", "stored on disk"),
                         event("019", "msa", "handed over", "handed over to mta")});

TracedMessage only(const json& from_msa, const json& from_mta) {
  const auto messages = join_traces(from_msa, from_mta);
  REQUIRE(messages.size() == 1);
  return messages[0];
}

std::string first_line(const TracedMessage& message) {
  const std::string words = trace_in_words(message);
  return words.substr(0, words.find('\n'));
}

}  // namespace

TEST_CASE("the answer comes first, then the way, then the count") {
  const json mta = answer({recipient("team@example.org", "expanded", "an alias"),
                           recipient("bob@example.org", "delivered", "put into INBOX", true)},
                          {event("015", "mta", "taken over", "taken over from msa"),
                           event("021", "mta", "expanded", "team@example.org is an alias of bob@example.org"),
                           event("040", "mta", "delivered", "bob@example.org: put into INBOX")},
                          accepted + 15);
  const std::string words = trace_in_words(only(msa, mta));
  CHECK(words.starts_with(
      id + "  DELIVERED to 1 mailbox in 0.04 s\nalice@example.org -> team@example.org   4.1 KiB   "));
  CHECK(
      words.ends_with("\n  +0.000  msa  stored on disk\n"
                      "  +0.015  mta  taken over from msa\n"
                      "  +0.019  msa  handed over to mta\n"
                      "  +0.021  mda  team@example.org is an alias of bob@example.org\n"
                      "  +0.040  mda  bob@example.org: put into INBOX\n"
                      "Count: 1 accepted + 1 by alias = 1 expanded + 1 delivered. Nothing waits.\n"));
}

TEST_CASE("events of the same millisecond keep the order in which they were told") {
  const auto message =
      only({}, answer({}, {event("001", "mta", "held", "first"), event("001", "mta", "released", "second"),
                           event("000", "mta", "accepted", "before")}));
  std::string order;
  for (const auto& e : message.events) order += e.text + " ";
  CHECK(order == "before first second ");
}

TEST_CASE("the headline tells what matters most") {
  const std::pair<std::vector<json>, std::string> rows[] = {
      {{recipient("a@x.example", "delivered"), recipient("b@x.example", "delivered")},
       "DELIVERED to 2 mailboxes in 0.00 s"},
      {{recipient("a@x.example", "delivered"), recipient("b@x.example", "held", "over the limit")},
       "HELD for 1 recipient (1 delivered): over the limit"},
      {{recipient("a@x.example", "waiting", "mailbox full"), recipient("b@x.example", "bounced", "no")},
       "WAITING for 1 recipient: mailbox full"},
      {{recipient("a@x.example", "in flight")}, "WAITING for 1 recipient"},
      {{recipient("a@x.example", "delivered"), recipient("b@x.example", "bounced", "user unknown")},
       "NOT DELIVERED to 1 recipient (1 delivered): user unknown"},
      {{recipient("a@x.example", "expired", "its time is over")},
       "NOT DELIVERED to 1 recipient: its time is over"},
      {{recipient("a@x.example", "relayed")}, "HANDED OVER after 0.00 s"},
      {{recipient("a@x.example", "cancelled")}, "REMOVED by the operator"},
      {{recipient("a@x.example", "discarded")}, "ENDED without a delivery"},
  };
  for (const auto& [recipients, headline] : rows)
    CHECK(first_line(only({}, answer(recipients, {}))) == id + "  " + headline);
}

TEST_CASE("while mta is away msa alone tells of it") {
  const json waiting = answer({recipient("bob@example.org", "spooled", "waits for mta")}, {});
  CHECK(first_line(only(waiting, {})) == id + "  WAITING for 1 recipient: waits for mta");
}

TEST_CASE("what peers said cannot drive the terminal") {
  const json mta = answer({recipient("a@x.example", "bounced", "\x1b[2J\r\nforged")},
                          {event("001", "mta", "bounced", "it said \"\x1b]0;x\x07\"")});
  const std::string words = trace_in_words(only({}, mta));
  CHECK(words.find('\x1b') == std::string::npos);
  CHECK(words.find("??forged") != std::string::npos);
}

TEST_CASE("a long text goes on under its beginning") {
  std::string text;
  for (int i = 0; i < 30; ++i) text += "words ";
  const std::string words = trace_in_words(only(
      {}, answer({recipient("a@x.example", "waiting")}, {event("001", "mta", "deferred", text.c_str())})));
  CHECK(words.find("\n               words") != std::string::npos);
  for (size_t at = 0; at < words.size();) {
    const size_t end = words.find('\n', at);
    CHECK(end - at <= 110);
    at = end + 1;
  }
}

TEST_CASE("many recipients are counted, not listed") {
  std::vector<json> recipients;
  for (const char* address : {"a@x.example", "b@x.example", "c@x.example", "d@x.example", "e@x.example"})
    recipients.push_back(recipient(address, "delivered"));
  CHECK(trace_in_words(only({}, answer(recipients, {})))
            .find("-> a@x.example, b@x.example, c@x.example and 2 more ") != std::string::npos);
}

TEST_CASE("messages come oldest first, and nothing comes of nothing") {
  CHECK(join_traces({}, {}).empty());
  json both = answer({}, {});
  json older = both["messages"][0];
  older["id"] = "z";
  older["accepted_ms"] = accepted - 1;
  both["messages"].push_back(older);
  const auto messages = join_traces({}, both);
  REQUIRE(messages.size() == 2);
  CHECK(messages[0].id == "z");
}

TEST_CASE("as JSON the times are RFC 3339 with milliseconds") {
  const json out = trace_json(only(msa, {}));
  CHECK(out["events"][1]["t"] == "2026-11-24T14:02:07.019Z");
  CHECK(out["recipients"][0]["state"] == "handed over");
}
