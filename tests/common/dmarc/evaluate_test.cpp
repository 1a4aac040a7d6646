#include "common/dmarc/evaluate.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::dmarc;
using Mechanism = Identifier::Mechanism;
using State = Identifier::State;

namespace {

Discovery published(std::string author, std::string at, std::string_view txt) {
  return {Discovery::State::found, std::move(author), std::move(at), parse_record(txt).value(), ""};
}

Identifier spf(std::string domain, State state = State::pass) {
  return {Mechanism::spf, state, std::move(domain)};
}
Identifier dkim(std::string domain, State state = State::pass) {
  return {Mechanism::dkim, state, std::move(domain)};
}

Evaluation judged(std::string_view txt, std::vector<Identifier> identifiers,
                  std::string author = "example.org", int dice = 0) {
  return evaluate(published(std::move(author), "example.org", txt), identifiers, dice);
}

Discovery unusable(Discovery::State state, std::string why) {
  return {state, "example.org", "example.org", {}, std::move(why)};
}

Evaluation verdict(Outcome outcome, std::string from, std::optional<Policy> published = std::nullopt) {
  Evaluation evaluation;
  evaluation.outcome = outcome;
  evaluation.from = std::move(from);
  evaluation.published = published;
  if (outcome == Outcome::fail) evaluation.applies = published.value_or(Policy::none);
  return evaluation;
}

}  // namespace

TEST_CASE("SPF or DKIM proves the author when its domain is aligned") {
  const struct {
    const char *txt, *author;
    Identifier identifier;
    Outcome outcome;
  } rows[] = {
      {"v=DMARC1; p=reject", "example.org", spf("example.org"), Outcome::pass},
      {"v=DMARC1; p=reject", "example.org", spf("bounce.EXAMPLE.org."), Outcome::pass},
      {"v=DMARC1; p=reject", "news.example.org", dkim("example.org"), Outcome::pass},
      {"v=DMARC1; p=reject", "example.org", dkim("mail.example.org"), Outcome::pass},
      {"v=DMARC1; p=reject", "example.org", dkim("example.org.evil.example"), Outcome::fail},
      {"v=DMARC1; p=reject", "example.org", dkim("xexample.org"), Outcome::fail},
      {"v=DMARC1; p=reject", "example.org", dkim("org"), Outcome::fail},
      {"v=DMARC1; p=reject", "example.org", dkim(""), Outcome::fail},
      {"v=DMARC1; p=reject; aspf=s", "example.org", spf("example.org"), Outcome::pass},
      {"v=DMARC1; p=reject; aspf=s", "example.org", spf("bounce.example.org"), Outcome::fail},
      {"v=DMARC1; p=reject; aspf=s", "example.org", dkim("mail.example.org"), Outcome::pass},
      {"v=DMARC1; p=reject; adkim=s", "example.org", dkim("mail.example.org"), Outcome::fail},
      {"v=DMARC1; p=reject; adkim=s", "news.example.org", dkim("example.org"), Outcome::fail},
      {"v=DMARC1; p=reject", "example.org", spf("example.org", State::unproven), Outcome::fail},
      {"v=DMARC1; p=reject", "example.org", dkim("example.org", State::later), Outcome::temperror},
      {"v=DMARC1; p=reject", "example.org", dkim("other.example", State::later), Outcome::fail},
  };
  for (const auto& row : rows) {
    CAPTURE(row.txt);
    CAPTURE(row.identifier.domain);
    CHECK(judged(row.txt, {row.identifier}, row.author).outcome == row.outcome);
  }
}

TEST_CASE("customers of one public suffix do not prove each other") {
  const auto discovery = published("a.github.io", "a.github.io", "v=DMARC1; p=reject");
  const Identifier neighbour[] = {dkim("b.github.io")};
  CHECK(evaluate(discovery, neighbour, 0).outcome == Outcome::fail);
}

TEST_CASE("one aligned pass among failures is a pass, and the reason names it") {
  const auto found =
      judged("v=DMARC1; p=reject", {spf("forwarder.example"), dkim("example.org", State::later),
                                    dkim("lists.example"), dkim("mail.example.org")});
  CHECK(found.outcome == Outcome::pass);
  CHECK(found.applies == Policy::none);
  CHECK(found.reason == "From says example.org, proven by DKIM of mail.example.org");
}

TEST_CASE("without proof the owner's policy applies, for subdomains sp") {
  const auto own = judged("v=DMARC1; p=reject; sp=none", {});
  CHECK(own.outcome == Outcome::fail);
  CHECK(own.applies == Policy::reject);
  CHECK(own.reason == "From says example.org, which asks for p=reject");
  const auto sub = judged("v=DMARC1; p=reject; sp=quarantine", {}, "news.example.org");
  CHECK(sub.applies == Policy::quarantine);
  CHECK(sub.reason == "From says news.example.org, which asks for sp=quarantine");
  CHECK(judged("v=DMARC1; p=reject", {}, "news.example.org").applies == Policy::reject);
  const auto lax = judged("v=DMARC1; p=none", {});
  CHECK(lax.outcome == Outcome::fail);
  CHECK(lax.applies == Policy::none);
}

TEST_CASE("pct spares a message one step of the policy, by the dice") {
  const struct {
    const char* txt;
    int dice;
    Policy applies;
    bool sampled_out;
  } rows[] = {
      {"v=DMARC1; p=reject; pct=30", 29, Policy::reject, false},
      {"v=DMARC1; p=reject; pct=30", 30, Policy::quarantine, true},
      {"v=DMARC1; p=quarantine; pct=30", 99, Policy::none, true},
      {"v=DMARC1; p=quarantine; pct=100", 99, Policy::quarantine, false},
      {"v=DMARC1; p=reject; pct=0", 0, Policy::quarantine, true},
      {"v=DMARC1; p=none; pct=0", 0, Policy::none, false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.txt);
    const auto found = judged(row.txt, {}, "example.org", row.dice);
    CHECK(found.outcome == Outcome::fail);
    CHECK(found.applies == row.applies);
    CHECK(found.sampled_out == row.sampled_out);
  }
}

TEST_CASE("a policy that cannot be asked for is waited for, unless the very domain is proven") {
  const auto later = unusable(Discovery::State::later, "SERVFAIL");
  const Identifier subdomain[] = {spf("bounce.example.org")}, itself[] = {dkim("example.org")};
  CHECK(evaluate(later, {}, 0).outcome == Outcome::temperror);
  CHECK(evaluate(later, {}, 0).must_wait());
  CHECK(evaluate(later, subdomain, 0).must_wait());
  CHECK_FALSE(evaluate(later, itself, 0).must_wait());
  CHECK(evaluate(later, {}, 0).reason ==
        "From says example.org, whose policy cannot be asked for now: SERVFAIL");
}

TEST_CASE("a proof that may come later is waited for only where a policy would follow") {
  CHECK(judged("v=DMARC1; p=quarantine", {spf("example.org", State::later)}).must_wait());
  CHECK_FALSE(judged("v=DMARC1; p=none", {spf("example.org", State::later)}).must_wait());
}

TEST_CASE("a broken record is a permanent error without consequence") {
  const auto broken = unusable(Discovery::State::broken, "two");
  const auto found = evaluate(broken, {}, 0);
  CHECK(found.outcome == Outcome::permerror);
  CHECK(found.applies == Policy::none);
  CHECK_FALSE(found.must_wait());
}

TEST_CASE("of several authors the strictest policy that is broken applies") {
  const Authors two{{"a.example", "b.example"}, "", false};
  const auto pass = verdict(Outcome::pass, "a.example", Policy::reject);
  const auto none = verdict(Outcome::none, "n.example");
  const auto lax = verdict(Outcome::fail, "l.example", Policy::none);
  const auto junk = verdict(Outcome::fail, "j.example", Policy::quarantine);
  const auto refuse = verdict(Outcome::fail, "r.example", Policy::reject);
  const auto wait = verdict(Outcome::temperror, "w.example");
  CHECK(combine(two, {pass, refuse, junk}).from == "r.example");
  CHECK(combine(two, {junk, wait}).from == "j.example");
  CHECK(combine(two, {lax, wait, pass}).from == "w.example");
  CHECK(combine(two, {pass, lax}).from == "l.example");
  CHECK(combine(two, {pass, none}).outcome == Outcome::none);
  CHECK(combine(two, {pass, pass}).outcome == Outcome::pass);
}

TEST_CASE("no author: nothing to prove; an ambiguous one never passes, a hidden one goes to Junk") {
  const auto pass = verdict(Outcome::pass, "a.example", Policy::reject);
  const auto refuse = verdict(Outcome::fail, "r.example", Policy::reject);
  CHECK(combine({}, {}).outcome == Outcome::none);
  CHECK(combine({}, {}).reason == "From names no domain");
  const Authors ambiguous{{"a.example"}, "2 From fields", false};
  CHECK(combine(ambiguous, {pass}).outcome == Outcome::none);
  CHECK(combine(ambiguous, {pass, refuse}).applies == Policy::reject);
  const Authors hidden{{"a.example"}, "From cannot be read", true};
  const auto found = combine(hidden, {pass});
  CHECK(found.outcome == Outcome::fail);
  CHECK(found.applies == Policy::quarantine);
  CHECK(found.reason == "From cannot be read: whom it names cannot be proven");
  CHECK(combine(hidden, {refuse}).applies == Policy::reject);
}
