#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "deploy/futar/render/queue.h"
#include "deploy/futar/render/status.h"

using namespace futar::deploy;
using nlohmann::json;

namespace {

constexpr int64_t now = 1795528927000, hour = 3'600'000;

json item(const char* to, const char* state, int64_t age_ms, const char* reason = "", bool on_link = false) {
  return {{"id", "01kb3m7q2v8x0z4c9r5t1n6w3y"},
          {"from", "a@x.example"},
          {"to", to},
          {"state", state},
          {"reason", reason},
          {"due", nullptr},
          {"on_link", on_link},
          {"size", 40},
          {"accepted_ms", now - age_ms},
          {"attempts", 1}};
}

json well() {
  return {{"msa", {{"accepted", 3}, {"to_hand_over", 1}, {"started_ms", now}, {"sessions", 1}}},
          {"mta",
           {{"waiting", 2}, {"in_flight", 1}, {"held", 0}, {"oldest_ms", now - hour}, {"started_ms", now}}},
          {"mda", {{"delivered", 5}, {"started_ms", now}}}};
}

}  // namespace

TEST_CASE("the queue is told by destination and age") {
  const auto line = [](const char* name, int all, int under_1h, int under_4h, int older, int held,
                       const char* last) {
    return json{{"destination", name},  {"all", all},      {"under_1h", under_1h},
                {"under_4h", under_4h}, {"under_1d", 0},   {"older", older},
                {"held", held},         {"next", nullptr}, {"last", last}};
  };
  const json destinations = {line("one.example", 2, 1, 1, 0, 1, "by bob"),
                             line("two.example", 1, 0, 0, 1, 0, "waits for mda")};
  CHECK(destinations_in_words(destinations) ==
        "destination  all  <1 h  <4 h  <1 d  older  held  next  last answer\n"
        "one.example  2    1     1     -     -      1     -     by bob\n"
        "two.example  1    -     -     -     1      -     -     waits for mda\n");
  CHECK(destinations_in_words(json::array()) == "The queue is empty.\n");
}

TEST_CASE(
    "status tells what receivers would not find proven, with the record, and where SPF engines differ") {
  json agents = well();
  agents["mta"]["spf_compared"] = 40;
  agents["mta"]["spf_disagreed"] = 2;
  agents["mta"]["egress"]["problems"] = {
      {{"domain", "x.example"}, {"text", "SPF fail: so it is"}, {"publish", "x.example TXT v=spf1 mx -all"}}};
  CHECK(needs_attention(agents, now) ==
        std::vector<std::string>{"SPF fail: so it is; publish x.example TXT v=spf1 mx -all"});
  CHECK(status_in_words("h", agents, now).contains("spf disagreements 2 of 40\n"));
  CHECK_FALSE(status_in_words("h", well(), now).contains("disagreements"));
}

TEST_CASE("clients that a container's gateway hides need somebody, once for both agents") {
  json agents = well();
  agents["msa"]["hidden_clients"] = 1;
  agents["msa"]["gateway"] = "172.18.0.1";
  CHECK(needs_attention(agents, now).size() == 1);
  CHECK(needs_attention(agents, now)[0].starts_with("1 connection came from 172.18.0.1, the gateway"));
  agents["mta"]["hidden_clients"] = 2;
  agents["mta"]["gateway"] = "172.18.0.1";
  CHECK(needs_attention(agents, now).size() == 1);
  CHECK(needs_attention(agents, now)[0].starts_with("3 connections came from 172.18.0.1"));
}

TEST_CASE("one recipient is shown with its destination, the host and its words") {
  json shown = item("a@one.example", "waiting", hour, "the server puts it off");
  shown["destination"] = "one.example";
  shown["host"] = "mx1.one.example[192.0.2.1]:25";
  shown["last_answer"] = "\"451 4.7.1 Greylisted\"";
  CHECK(recipient_in_words(shown) ==
        "01kb3m7q2v8x0z4c9r5t1n6w3y  <a@x.example> -> <a@one.example>\n"
        "  waiting after 1 attempt\n"
        "  destination one.example\n"
        "  mx1.one.example[192.0.2.1]:25: \"451 4.7.1 Greylisted\"\n");
}

TEST_CASE("an operator's verb says what became of it") {
  CHECK(acted_in_words("hold", {{"count", 1}}) == "hold: 1 recipient");
  CHECK(acted_in_words("reroute", {{"count", 3}, {"wished", 2}, {"refused", 1}}) ==
        "reroute: 3 recipients, 2 of them when the attempt that runs has ended; 1 not in a state that allows "
        "it");
}

TEST_CASE("recipients are listed one a line, without control characters") {
  const std::string words =
      recipients_in_words(json::array({item("a@one.example", "waiting", hour, "said\x1b[2J\n")}), now);
  CHECK(words.find("<a@one.example>") != std::string::npos);
  CHECK(words.find('\x1b') == std::string::npos);
  CHECK(recipients_in_words(json::array(), now) == "Nothing matches.\n");
}

TEST_CASE("mailq groups the recipients of a message") {
  const std::string words =
      mailq_in_words({item("a@one.example", "held", 0, "by bob"), item("b@one.example", "waiting", 0)});
  CHECK(words.find("01kb3m7q2v8x0z4c9r5t1n6w3y!") != std::string::npos);
  CHECK(words.ends_with("-- 1 Request.\n"));
  CHECK(mailq_in_words(json::array()) == "Mail queue is empty\n");
}

TEST_CASE("all is well when all answer and nothing is held or old") {
  CHECK(needs_attention(well(), now).empty());
  CHECK(open_work(well()) == 4);
  CHECK(status_in_words("mail.example.org", well(), now)
            .starts_with("mail.example.org  futar 0.1.0  all is well\n"));
}

TEST_CASE("status says who answers our questions to the DNS") {
  json agents = well();
  agents["mta"]["dns"] = "192.0.2.53, without DNSSEC, which is lost there: DANE is off";
  agents["mta"]["relayed"] = 7;
  const std::string words = status_in_words("h", agents, now);
  CHECK(words.find("\ndns  192.0.2.53, without DNSSEC, which is lost there: DANE is off\n") !=
        std::string::npos);
  CHECK(words.find("  relayed 7  ") != std::string::npos);
  agents["mta"] = nullptr;
  CHECK(status_in_words("h", agents, now).find("dns") == std::string::npos);
}

TEST_CASE("status says what holds the agents in: once when it is the same for all, and when it is off") {
  json agents = well();
  CHECK(!status_in_words("h", agents, now).contains("sandbox"));  // agents of the version before
  for (const char* name : {"msa", "mta", "mda"}) agents[name]["sandbox"] = "landlock 7 + seccomp";
  CHECK(status_in_words("h", agents, now).contains("\nsandbox  landlock 7 + seccomp\n"));
  agents["mta"]["sandbox"] = "off";
  const std::string words = status_in_words("h", agents, now);
  CHECK(words.contains("\nsandbox  msa landlock 7 + seccomp, mta off, mda landlock 7 + seccomp\n"));
  CHECK(words.contains(" ! mta runs without its sandbox: sandbox = true, then futar restart mta\n"));
}

TEST_CASE("status says what needs the operator") {
  json agents = well();
  agents["mda"] = nullptr;
  agents["mta"]["held"] = 2;
  agents["mta"]["oldest_ms"] = now - 30 * hour;
  CHECK(needs_attention(agents, now) ==
        std::vector<std::string>{"mda does not answer",
                                 "2 recipients are held: futar queue list --state held",
                                 "mail waits for 30 h: futar queue list --older 1d"});
  CHECK(status_in_words("h", agents, now).find("3 THINGS NEED YOU\n") != std::string::npos);
  CHECK(status_in_words("h", agents, now).find("mda  DOWN\n") != std::string::npos);
}

TEST_CASE("open work is unknown while an agent that holds some is away") {
  for (const char* agent : {"msa", "mta"}) {
    json agents = well();
    agents[agent] = nullptr;
    CHECK(open_work(agents).is_null());
  }
}

TEST_CASE("the audit holds when the sums do, and not otherwise") {
  json agents = {
      {"msa",
       {{"accepted", 5}, {"terminal", 3}, {"waiting", 2}, {"instance", "m"}, {"problems", json::array()}}},
      {"mta",
       {{"accepted", 4},
        {"added", 2},
        {"terminal", 3},
        {"waiting", 1},
        {"in_flight", 1},
        {"held", 1},
        {"taken_over", {{"m", 3}}}}},
      {"mda", {{"delivered", 2}, {"in_flight", 0}}}};
  const auto holds = [&] {
    std::vector<bool> out;
    for (const auto& line : audit_lines(agents)) out.push_back(line.holds);
    return out;
  };
  CHECK(holds() == std::vector{true, true, true, true});
  agents["mta"]["taken_over"]["m"] = 2;  // mta knows of less than msa handed over
  CHECK(holds() == std::vector{true, true, true, false});
  agents["mta"]["taken_over"]["m"] = 4;  // taken since msa was asked
  agents["mta"]["terminal"] = 2;
  CHECK(holds() == std::vector{true, false, true, true});
  agents["msa"]["waiting"] = 1;
  agents["mda"]["problems"] = json::array({"a file is missing"});
  CHECK(holds() == std::vector{false, false, true, true, false});
  agents["mta"] = nullptr;
  CHECK(holds() == std::vector{false, true, false});
}
