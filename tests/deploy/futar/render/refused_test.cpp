#include "deploy/futar/render/refused.h"

#include <doctest/doctest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "common/smtp/replies.h"

using namespace futar::deploy;
using nlohmann::json;

namespace {

const std::string id = "01kb3p4d9c7v2x5n8r0t6y1m3z";

json event(const char* seconds, const char* kind, const std::string& text, json fields = json::object()) {
  return {{"t", std::string("2026-11-24T14:31:") + seconds + "Z"},
          {"agent", "mta"},
          {"kind", kind},
          {"text", text},
          {"cause", ""},
          {"fields", std::move(fields)}};
}

json refusal(const char* at, const std::string& reply, const char* cause, std::vector<json> events) {
  return {{"id", id},
          {"at_ms", 0},
          {"at", at},
          {"client", "203.0.113.80"},
          {"helo", "mx.bank.example"},
          {"login", ""},
          {"from", "ceo@bank.example"},
          {"recipients", {"bob@example.org"}},
          {"reply", reply},
          {"cause", cause},
          {"events", std::move(events)}};
}

// The newest first, as the agents answer.
json answer(std::vector<json> refusals) {
  return {{"messages", json::array()}, {"refused", std::move(refusals)}};
}

RefusedMail only(const json& msa, const json& mta) {
  std::vector<TracedMessage> none;
  const auto found = join_refused(msa, mta, none);
  REQUIRE(found.size() == 1);
  return found[0];
}

const json spoofed = answer({refusal(
    "DATA", "550 5.7.1 From bank.example not proven (DMARC)", "mta.dmarc = \"follow\"",
    {event("55.000", "connected", "203.0.113.80 connected; its address has no name in the DNS"),
     event("55.300", "spf", "SPF fail: bank.example allows only ip4:198.51.100.0/24", {{"what", "fail"}}),
     event("55.400", "dkim", "DKIM none: the message carries no signature", {{"what", "none"}}),
     event("55.400", "dmarc", "DMARC fail: From says bank.example, which asks for p=reject"),
     event("55.400", "refused",
           "refused at DATA: mta.dmarc = \"follow\"; told it \"550 5.7.1 From bank.example not "
           "proven (DMARC)\"")})});

struct Utc {
  Utc() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
};

}  // namespace

TEST_CASE("refused mail is told with the answer first, then what led to it") {
  const Utc utc;
  CHECK(refused_in_words(only(json(), spoofed)) ==
        "01kb3p4d9c7v2x5n8r0t6y1m3z  REFUSED (550); nothing stored, nobody was bounced\n"
        "ceo@bank.example -> bob@example.org   from 203.0.113.80   24 Nov 14:31:55\n"
        "  +0.000  mta  203.0.113.80 connected; its address has no name in the DNS\n"
        "  +0.300  mta  SPF fail: bank.example allows only ip4:198.51.100.0/24\n"
        "  +0.400  mta  DKIM none: the message carries no signature\n"
        "  +0.400  mta  DMARC fail: From says bank.example, which asks for p=reject\n"
        "  +0.400  mta  refused at DATA: mta.dmarc = \"follow\"; told it \"550 5.7.1 From bank.example not\n"
        "               proven (DMARC)\"\n");
}

TEST_CASE("refused mail is explained: rule, inputs, and what its sender and we can do") {
  CHECK(explained_in_words(only(json(), spoofed)) ==
        "Refused: it claims to be from bank.example and nothing proves that.\n"
        "  rule    mta.dmarc = \"follow\"; bank.example publishes p=reject\n"
        "  inputs  client 203.0.113.80, SPF fail, no DKIM signature, no trusted ARC seal\n"
        "  cure    sender: send from ip4:198.51.100.0/24 or sign with DKIM\n"
        "          you: nothing; a forwarder that seals goes into mta.arc_trusted\n");
}

TEST_CASE("what is put off is no refusal, and a login is no mail") {
  const RefusedMail full = only(json(), answer({refusal("RCPT", futar::smtp::replies::mailbox_full().line(),
                                                        "the mailbox is over its quota", {})}));
  CHECK(
      refused_in_words(full).starts_with(id + "  PUT OFF (452); nothing stored, its sender may try again\n"));
  CHECK(explained_in_words(full).starts_with("Put off: the mailbox is over its quota.\n"));
  json login = refusal("AUTH", futar::smtp::replies::auth_failed().line(), "wrong password", {});
  login["from"] = login["helo"] = "";
  login["recipients"] = json::array();
  const std::string words = refused_in_words(only(answer({login}), json()));
  CHECK(words.starts_with(id + "  LOGIN REFUSED (535)\nfrom 203.0.113.80   "));
}

TEST_CASE("the refusals of one transaction are one answer, with all its recipients") {
  json first =
      refusal("RCPT", "550 5.1.1 No such user here", "no such user", {event("55.000", "refused", "one")});
  json second = first;
  second["recipients"] = json::array({"eva@example.org"});
  second["events"] = json::array({event("56.000", "refused", "two")});
  const RefusedMail mail = only(json(), answer({second, first}));
  CHECK(mail.recipients == std::vector<std::string>{"bob@example.org", "eva@example.org"});
  REQUIRE(mail.events.size() == 2);
  CHECK(mail.events[0].text == "one");
  CHECK(refused_json(mail)["recipients"].size() == 2);
  CHECK(refused_json(mail)["state"] == "refused");
}

TEST_CASE("a recipient that was refused is an event of the message that others got") {
  std::vector<TracedMessage> messages(1);
  messages[0].id = id;
  messages[0].recipients = {{"eva@example.org", "delivered", "", false}};
  const json refused = answer({refusal("RCPT", "550 5.1.1 No such user here", "no such user",
                                       {event("55.000", "refused", "refused at RCPT")})});
  CHECK(join_refused(json(), refused, messages).empty());
  REQUIRE(messages[0].events.size() == 1);
  CHECK(messages[0].events[0].text == "refused at RCPT");
  CHECK(trace_in_words(messages[0]).contains("Count: 1 accepted = 1 delivered."));
}

TEST_CASE("whatever was refused is explained, and peer text cannot steer the terminal") {
  const RefusedMail mail = only(json(), answer({refusal("command", "500 5.5.2 \x1b[31mwhat", "syntax", {})}));
  const Explanation told = explain(mail);
  CHECK(told.why == "syntax at command.");
  CHECK(told.sender == "mend what the reply names");
  CHECK_FALSE(explained_in_words(mail).contains('\x1b'));
  CHECK(explained_json(mail)["cure"]["postmaster"] == "nothing");
}
