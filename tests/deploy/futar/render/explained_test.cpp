#include "deploy/futar/render/explained.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "deploy/futar/render/ending.h"

using namespace futar::deploy;
using nlohmann::json;

namespace {

const std::string id = "01kb3m7q2v8x0z4c9r5t1n6w3y";

using Fields = std::map<std::string, std::string>;

TracedMessage message(const std::string& state, const std::string& reason, std::vector<Fields> events = {},
                      const std::string& kind = "deferred") {
  TracedMessage made;
  made.id = id;
  made.from = "alice@example.org";
  made.recipients = {{"eve@remote.example", state, reason, false}};
  for (Fields& fields : events) {
    fields["recipient"] = "eve@remote.example";
    TracedEvent event;
    event.kind = kind;
    event.fields = std::move(fields);
    made.events.push_back(std::move(event));
  }
  return made;
}

std::string explained(const TracedMessage& one) { return explained_in_words(one, one.recipients[0]); }

}  // namespace

TEST_CASE("what waits is explained with its tries, the last answer, and how to hurry") {
  const Fields attempt{{"host", "mx1.remote.example[192.0.2.25]:25"}, {"reply", "451 4.7.1 Greylisted"}};
  CHECK(explained(message("waiting", "put off at RCPT", {attempt, attempt})) ==
        "eve@remote.example: waiting; put off at RCPT\n"
        "  rule    mta.retry_first and mta.retry_max between tries, mta.lifetime in all\n"
        "  inputs  2 tries, mx1.remote.example[192.0.2.25]:25, \"451 4.7.1 Greylisted\"\n"
        "  cure    sender: nothing, it is tried again by itself\n"
        "          you: futar queue retry 5t1n6w3y tries at once, futar queue bounce 5t1n6w3y gives up\n");
}

TEST_CASE("each state names the setting or standard that decided, and what to do") {
  const struct {
    const char *state, *reason, *rule, *cure;
  } rows[] = {
      {"held", "over the sending limit: 1 recipient within an hour and 1 more, 1 allowed", "msa.limit_hour",
       "queue release"},
      {"held", "our own check: SPF fail", "mta.egress_check", "publish"},
      {"held", "sender not proven, so no DSN may go to it: refused", "backscatter", "queue remove"},
      {"held", "by root", "futar queue hold", "queue release"},
      {"held", "mail for others is held", "mta.remote", "queue release"},
      {"waiting", "mda is away; it goes on when mda is back", "mta.link_lifetime", "start mda"},
      {"spooled", "waits for mta", "msa keeps", "start mta"},
      {"waiting", "mailbox full", "mda.quota", "give it more"},
      {"bounced", "alias loop: a leads back to itself", "5.4.6", "futar alias remove"},
      {"bounced", "no mailbox a here", "the directory", "futar user add"},
      {"bounced", "refused at RCPT", "RFC 5321 §4.2.1", "futar route eve@remote.example"},
      {"expired", "connection refused", "mta.lifetime", "send it again"},
      {"cancelled", "by root", "futar queue remove", "send it again"},
  };
  for (const auto& row : rows) {
    const TracedMessage one = message(row.state, row.reason);
    const Explanation told = explain(one, one.recipients[0]);
    CAPTURE(row.reason);
    CHECK(told.rule.contains(row.rule));
    CHECK((told.sender + told.postmaster).contains(row.cure));
    CHECK_FALSE(explained(one).contains("ADDRESS"));
  }
}

TEST_CASE("what went well needs no cure") {
  CHECK(explained(message("delivered", "put into INBOX")) ==
        "eve@remote.example: delivered; put into INBOX\n"
        "  rule    the directory: it lives here\n");
}

TEST_CASE("as JSON rule, inputs and cure stand beside state and reason") {
  const TracedMessage one = message("held", "by root");
  const json told = explained_json(one, one.recipients[0]);
  CHECK(told["state"] == "held");
  CHECK(told["rule"] == "futar queue hold");
  CHECK(told["cure"]["postmaster"].get<std::string>().contains("5t1n6w3y"));
}

TEST_CASE("the verdict quotes what another server said, and who it was") {
  const Fields no{{"host", "mx1.remote.example[192.0.2.25]:25"}, {"reply", "550 5.1.1 no such user"}};
  CHECK(headline(message("bounced", "refused at RCPT", {no}, "bounced")) ==
        "NOT DELIVERED to 1 recipient: mx1.remote.example said \"550 5.1.1 no such user\"");
  const Fields yes{{"host", "mx1.remote.example[192.0.2.25]:25"}, {"reply", "250 2.0.0 Ok: queued as 4Fk2"}};
  const TracedMessage relayed = message("relayed", "handed over", {yes}, "relayed");
  CHECK(headline(relayed) == "HANDED OVER to mx1.remote.example after 0.00 s");
  CHECK(closing_in_words(relayed) ==
        "Their server has it now. If it is not in the inbox, ask them about id 4Fk2.\n");
}

TEST_CASE("the end says whether the sender knows, and how what is held goes on") {
  TracedMessage bounced = message("bounced", "no", {{{"id", "01kb"}}}, "reported");
  CHECK(closing_in_words(bounced) == "The sender was told, by message 01kb.\n");
  bounced = message("bounced", "no", {{{"rule", "sender not proven"}}}, "report suppressed");
  CHECK(closing_in_words(bounced) == "The sender was not told: sender not proven.\n");
  CHECK(closing_in_words(message("held", "by root")).contains("futar queue release 5t1n6w3y"));
  CHECK(closing_in_words(message("delivered", "")).empty());
}
