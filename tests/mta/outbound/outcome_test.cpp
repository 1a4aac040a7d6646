#include "mta/outbound/outcome.h"

#include <doctest/doctest.h>

using namespace futar::mta;
using futar::smtp_client::Observation;
using futar::smtp_client::Said;
using futar::smtp_client::Stage;
using futar::smtp_client::Trouble;

namespace {

Observation said(Stage stage, int code, std::string enhanced = "") {
  return {stage, Trouble::none, Said{code, enhanced, std::to_string(code) + " words"}, ""};
}
Observation trouble(Stage stage, Trouble trouble, std::string detail = "") {
  return {stage, trouble, {}, detail};
}

struct Row {
  const char* sentence;
  Observation observation;
  Verdict verdict;
  const char* status;
  Circumstances circumstances = {};
};

const Circumstances served{.session_served = true};
const Circumstances behind_others{.others_accepted = true};

const Row table[] = {
    {"a positive reply to the dot hands over", said(Stage::dot, 250, "2.0.0"), Verdict::relayed, "2.0.0"},
    {"one without an enhanced code too", said(Stage::dot, 250), Verdict::relayed, "2.0.0"},

    {"nobody there: the next host", trouble(Stage::connect, Trouble::cannot_connect), Verdict::next_host,
     "4.4.1"},
    {"no answer in time: the next host", trouble(Stage::connect, Trouble::timeout), Verdict::next_host,
     "4.4.1"},
    {"a greeting of 421: the next host", said(Stage::greeting, 421, "4.3.2"), Verdict::next_host, "4.3.2"},
    {"a greeting of 554 returns nothing: it knows no message", said(Stage::greeting, 554, "5.7.1"),
     Verdict::next_host, "4.3.2"},
    {"silence instead of a greeting: the next host", trouble(Stage::greeting, Trouble::timeout),
     Verdict::next_host, "4.4.2"},
    {"no SMTP at all: the next host", trouble(Stage::greeting, Trouble::garbage), Verdict::next_host,
     "4.4.2"},
    {"a connection lost at EHLO: the next host", trouble(Stage::hello, Trouble::closed), Verdict::next_host,
     "4.4.2"},
    {"EHLO and HELO refused: the next host", said(Stage::hello, 550), Verdict::next_host, "4.3.2"},
    {"a failed handshake: the next host", trouble(Stage::tls, Trouble::tls_failed), Verdict::next_host,
     "4.7.5"},
    {"STARTTLS refused where it is required: the next host", said(Stage::starttls, 454, "4.7.0"),
     Verdict::next_host, "4.7.5"},
    {"421 to STARTTLS says nothing about TLS", said(Stage::starttls, 421, "4.3.2"), Verdict::next_host,
     "4.3.2"},
    {"STARTTLS stripped: the next host, never in clear", trouble(Stage::starttls, Trouble::tls_not_offered),
     Verdict::next_host, "4.7.5"},
    {"a wrong password waits, whatever the code: the config can be mended", said(Stage::auth, 535, "5.7.8"),
     Verdict::next_host, "4.7.8"},
    {"a login put off waits too", said(Stage::auth, 454, "4.7.0"), Verdict::next_host, "4.7.8"},
    {"a connection lost at AUTH: the next host", trouble(Stage::auth, Trouble::closed), Verdict::next_host,
     "4.4.2"},
    {"a login that would go in clear waits", trouble(Stage::auth, Trouble::tls_not_offered),
     Verdict::next_host, "4.7.5"},
    {"no mechanism in common waits", trouble(Stage::auth, Trouble::no_mechanism), Verdict::next_host,
     "4.7.8"},

    {"MAIL put off", said(Stage::mail, 451, "4.7.1"), Verdict::later, "4.7.1"},
    {"MAIL refused", said(Stage::mail, 550, "5.1.8"), Verdict::failed, "5.1.8"},
    {"MAIL answered by 421: the next host", said(Stage::mail, 421), Verdict::next_host, "4.0.0"},
    {"the same on a session that has served: again on a new one", said(Stage::mail, 421), Verdict::again,
     "4.0.0", served},
    {"a connection lost at MAIL: the next host", trouble(Stage::mail, Trouble::closed), Verdict::next_host,
     "4.4.2"},
    {"an idle session that the peer has closed is no failure", trouble(Stage::mail, Trouble::closed),
     Verdict::again, "4.4.2", served},
    {"8-bit mail for a server without it", trouble(Stage::mail, Trouble::not_capable, "8BITMIME"),
     Verdict::failed, "5.6.3"},
    {"SMTPUTF8 for a server without it", trouble(Stage::mail, Trouble::not_capable, "SMTPUTF8"),
     Verdict::failed, "5.6.7"},
    {"larger than SIZE", trouble(Stage::mail, Trouble::not_capable, "SIZE"), Verdict::failed, "5.3.4"},

    {"RCPT greylisted", said(Stage::rcpt, 450, "4.2.0"), Verdict::later, "4.2.0"},
    {"RCPT refused", said(Stage::rcpt, 550, "5.1.1"), Verdict::failed, "5.1.1"},
    {"RCPT answered by 421: the next host", said(Stage::rcpt, 421), Verdict::next_host, "4.0.0"},
    {"a session that has served says 421 to RCPT: again on a new one", said(Stage::rcpt, 421), Verdict::again,
     "4.0.0", served},
    {"silence at RCPT: the next host", trouble(Stage::rcpt, Trouble::timeout), Verdict::next_host, "4.4.2"},
    {"no reply at RCPT, but octets: the next host", trouble(Stage::rcpt, Trouble::garbage),
     Verdict::next_host, "4.4.2"},
    {"450 with .5.3 behind accepted ones means their number too", said(Stage::rcpt, 450, "4.5.3"),
     Verdict::again, "4.5.3", behind_others},
    {"452 behind accepted ones: another transaction", said(Stage::rcpt, 452, "4.5.3"), Verdict::again,
     "4.5.3", behind_others},
    {"552 without an enhanced code behind accepted ones means the same", said(Stage::rcpt, 552),
     Verdict::again, "5.0.0", behind_others},
    {"452 to the first recipient is no matter of their number", said(Stage::rcpt, 452, "4.2.2"),
     Verdict::later, "4.2.2"},
    {"552 5.2.2 is a full mailbox", said(Stage::rcpt, 552, "5.2.2"), Verdict::failed, "5.2.2", behind_others},

    {"DATA put off", said(Stage::data, 451), Verdict::later, "4.0.0"},
    {"DATA refused", said(Stage::data, 554, "5.5.1"), Verdict::failed, "5.5.1"},
    {"DATA answered by 421: the next host", said(Stage::data, 421), Verdict::next_host, "4.0.0"},
    {"a session that has served says 421 to DATA: again on a new one", said(Stage::data, 421), Verdict::again,
     "4.0.0", served},
    {"a connection lost at DATA: the next host", trouble(Stage::data, Trouble::closed), Verdict::next_host,
     "4.4.2"},
    {"a chunk put off", said(Stage::content, 452, "4.3.1"), Verdict::later, "4.3.1"},
    {"no reply to a chunk, but octets: this message waits", trouble(Stage::content, Trouble::garbage),
     Verdict::later, "4.4.2"},
    {"a connection lost within the content: this message waits, the others go on",
     trouble(Stage::content, Trouble::closed), Verdict::later, "4.4.2"},
    {"our own disk fails: held for the operator", trouble(Stage::content, Trouble::unreadable), Verdict::held,
     "4.3.0"},
    {"the dot put off", said(Stage::dot, 451, "4.7.1"), Verdict::later, "4.7.1"},
    {"421 for the dot", said(Stage::dot, 421), Verdict::later, "4.0.0"},
    {"the dot refused", said(Stage::dot, 550, "5.7.1"), Verdict::failed, "5.7.1"},
    {"no answer to the dot: later, and it may double", trouble(Stage::dot, Trouble::timeout), Verdict::later,
     "4.4.2"},
    {"no reply to the dot, but octets", trouble(Stage::dot, Trouble::garbage), Verdict::later, "4.4.2"},
    {"421 for the dot of a session that has served: no turn again, the message may be the cause",
     said(Stage::dot, 421), Verdict::later, "4.0.0", served},
    {"a connection lost behind the dot", trouble(Stage::dot, Trouble::closed), Verdict::later, "4.4.2",
     served},
};

}  // namespace

TEST_CASE("the judge's table, row by row") {
  for (const Row& row : table) {
    CAPTURE(row.sentence);
    const Judgement judgement = judge(row.observation, row.circumstances);
    CHECK(judgement.verdict == row.verdict);
    CHECK(judgement.status == row.status);
    CHECK_FALSE(judgement.reason.empty());
  }
}

TEST_CASE("that TLS failed is said once") {
  for (const char* detail : {"wrong version number", "TLS failed: wrong version number"})
    CHECK(judge(trouble(Stage::tls, Trouble::tls_failed, detail), {}).reason ==
          "TLS failed: wrong version number");
}

TEST_CASE("only what broke off behind the dot may have doubled, and says so") {
  for (const Row& row : table) {
    CAPTURE(row.sentence);
    const bool broke_off = row.observation.trouble != Trouble::none;
    CHECK(judge(row.observation, row.circumstances).reason.contains("it may have it") ==
          (broke_off && row.observation.stage == Stage::dot));
  }
}

TEST_CASE("no stage and no code class is without a verdict, and nothing before MAIL returns mail") {
  for (int stage = 0; stage <= static_cast<int>(Stage::quit); ++stage)
    for (int code : {220, 250, 354, 421, 450, 499, 500, 550, 599}) {
      const Judgement judgement = judge(said(static_cast<Stage>(stage), code), {});
      CHECK_FALSE(judgement.status.empty());
      if (static_cast<Stage>(stage) < Stage::mail && code >= 400)
        CHECK(judgement.verdict == Verdict::next_host);
      if (code >= 400 && code < 500) CHECK(judgement.verdict != Verdict::failed);
    }
}

TEST_CASE("the words of several lines stand on one") {
  CHECK(words({450, "4.2.0", "450-4.2.0 Greylisted\n450 4.2.0 try later"}) ==
        "450-4.2.0 Greylisted 450 4.2.0 try later");
  CHECK(words({}) == "");
}
