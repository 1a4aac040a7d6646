#include "common/verdict/decision.h"

#include <doctest/doctest.h>

using namespace futar;
using dmarc::Outcome;
using dmarc::Policy;
using verdict::Action;
using verdict::DmarcMode;
using verdict::Verdict;

namespace {

Verdict verdict_of(Outcome outcome, std::optional<Policy> published, Policy applies = Policy::none) {
  Verdict verdict;
  verdict.dmarc.emplace();
  verdict.dmarc->outcome = outcome;
  verdict.dmarc->from = "bank.example";
  verdict.dmarc->published = published;
  verdict.dmarc->applies = applies;
  verdict.dmarc->reason = "From says bank.example, which asks for p=reject";
  return verdict;
}

}  // namespace

TEST_CASE("what mta.dmarc says, each outcome and each policy") {
  const struct {
    Outcome outcome;
    std::optional<Policy> published;
    Policy applies;  ///< after sampling
    Action followed;
  } rows[] = {
      {Outcome::pass, Policy::reject, Policy::none, Action::accept},
      {Outcome::none, std::nullopt, Policy::none, Action::accept},
      {Outcome::permerror, std::nullopt, Policy::none, Action::accept},
      {Outcome::fail, Policy::none, Policy::none, Action::accept},
      {Outcome::fail, Policy::quarantine, Policy::quarantine, Action::junk},
      {Outcome::fail, Policy::quarantine, Policy::none, Action::accept},
      {Outcome::fail, Policy::reject, Policy::reject, Action::refuse},
      {Outcome::fail, Policy::reject, Policy::quarantine, Action::junk},
      {Outcome::temperror, Policy::none, Policy::none, Action::accept},
      {Outcome::temperror, Policy::quarantine, Policy::none, Action::accept},
      {Outcome::temperror, Policy::reject, Policy::none, Action::accept},
      {Outcome::temperror, std::nullopt, Policy::none, Action::accept},
  };
  for (const auto& row : rows) {
    const Verdict verdict = verdict_of(row.outcome, row.published, row.applies);
    CAPTURE(dmarc::name(row.outcome));
    CHECK(verdict::decide(DmarcMode::follow, verdict).action == row.followed);
    CHECK(verdict::decide(DmarcMode::mark, verdict).action == Action::accept);
    CHECK(verdict::decide(DmarcMode::off, verdict).action == Action::accept);
  }
}

TEST_CASE("a refusal names the domain that is not proven") {
  const auto refused =
      verdict::decide(DmarcMode::follow, verdict_of(Outcome::fail, Policy::reject, Policy::reject));
  CHECK(refused.reply.line() == "550 5.7.1 From bank.example not proven (DMARC)");
  CHECK(refused.reason == "DMARC fail: From says bank.example, which asks for p=reject");
}

TEST_CASE("mark and off say so") {
  const Verdict forged = verdict_of(Outcome::fail, Policy::reject, Policy::reject);
  CHECK(verdict::decide(DmarcMode::mark, forged).reason ==
        "DMARC fail: From says bank.example, which asks for p=reject; only marked, by mta.dmarc = \"mark\"");
  CHECK(verdict::decide(DmarcMode::off, forged).reason == "mta.dmarc = \"off\"");
  CHECK(verdict::decide(DmarcMode::follow, {}).reason == "DMARC was not looked at");
}

TEST_CASE("a trusted sealer that found From proven stands in for DMARC") {
  Verdict verdict = verdict_of(Outcome::fail, Policy::reject, Policy::reject);
  verdict.arc.emplace();
  verdict.arc->result = arc::Outcome::pass;
  CHECK(verdict::decide(DmarcMode::follow, verdict).action == Action::refuse);
  verdict.voucher = "lists.example";
  const auto vouched = verdict::decide(DmarcMode::follow, verdict);
  CHECK(vouched.action == Action::accept);
  CHECK(vouched.reason.ends_with("; lists.example, which is trusted, found it proven (ARC)"));
}

TEST_CASE("a trusted sealer whose key could not be asked for makes a refusal wait, and nothing else") {
  Verdict verdict = verdict_of(Outcome::fail, Policy::reject, Policy::reject);
  verdict.voucher = "lists.example";
  verdict.arc.emplace();
  verdict.arc->result = arc::Outcome::fail;
  verdict.arc->temporary = true;
  verdict.arc->reason = "ARC-Seal 1: SERVFAIL";
  const auto later = verdict::decide(DmarcMode::follow, verdict);
  CHECK(later.action == Action::later);
  CHECK(later.reply.line() == "451 4.7.1 the seal of lists.example cannot be checked now");
  CHECK(later.rule == "mta.dmarc = \"follow\"");
  CHECK(
      later.reason.ends_with("; whether lists.example, which is trusted, found it proven is not known yet "
                             "(ARC: ARC-Seal 1: SERVFAIL)"));
  CHECK(verdict::decide(DmarcMode::mark, verdict).action == Action::accept);
  verdict.dmarc->applies = Policy::quarantine;
  CHECK(verdict::decide(DmarcMode::follow, verdict).action == Action::junk);
}

TEST_CASE("of several givers the strictest decides, of equals the first") {
  using verdict::Decision;
  const Action in_order[] = {Action::accept, Action::junk, Action::later, Action::refuse};
  for (const Action one : in_order)
    for (const Action other : in_order) {
      const Decision both[] = {{one, "first"}, {other, "second"}};
      const Decision decision = verdict::strictest(both);
      CHECK(decision.action == std::max(one, other));
      CHECK(decision.reason == (other > one ? "second" : "first"));
    }
  CHECK(verdict::strictest({}).action == Action::accept);
}

TEST_CASE("the words of mta.dmarc are read, others are not") {
  CHECK(verdict::dmarc_mode("follow") == DmarcMode::follow);
  CHECK(verdict::dmarc_mode("mark") == DmarcMode::mark);
  CHECK(verdict::dmarc_mode("off") == DmarcMode::off);
  CHECK_FALSE(verdict::dmarc_mode("Follow"));
}

TEST_CASE("SPF of the envelope and every signature speak to DMARC, SPF of the HELO does not") {
  Verdict verdict;
  verdict.helo.emplace();
  verdict.helo->outcome = spf::Outcome::pass;
  CHECK(verdict::identifiers(verdict).empty());
  verdict.mail_from.emplace();
  verdict.mail_from->outcome = spf::Outcome::temperror;
  verdict.mail_from->domain = "a.example";
  verdict.dkim.emplace(2);
  verdict.dkim->at(0).result = dkim::Outcome::pass;
  verdict.dkim->at(1).result = dkim::Outcome::neutral;
  const auto found = verdict::identifiers(verdict);
  REQUIRE(found.size() == 3);
  CHECK(found[0].domain == "a.example");
  CHECK(found[0].mechanism == dmarc::Identifier::Mechanism::spf);
  CHECK(found[0].state == dmarc::Identifier::State::later);
  CHECK(found[1].state == dmarc::Identifier::State::pass);
  CHECK(found[2].state == dmarc::Identifier::State::unproven);
}
