#include "mta/egress/findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace futar::mta {
namespace {

using Records = spf::SenderRecord::State;

// What counts as the result of all signatures of ours: receivers with one algorithm see only one of them, so
// each must be good.
const dkim::Verdict* worst(const std::vector<dkim::Verdict>& verdicts) {
  const dkim::Verdict* found = nullptr;
  for (const dkim::Verdict& verdict : verdicts)
    if (!found || (found->result == dkim::Outcome::pass && verdict.result != dkim::Outcome::pass))
      found = &verdict;
  return found;
}

std::string_view dmarc_words(const dmarc::Evaluation& evaluation) {
  switch (evaluation.outcome) {
    case dmarc::Outcome::pass:
      return "would pass";
    case dmarc::Outcome::fail:
      return "would fail";
    case dmarc::Outcome::none:
      return "has no record";
    case dmarc::Outcome::permerror:
      return "permerror";
    case dmarc::Outcome::temperror:
      break;
  }
  return "temperror";
}

std::string spf_problem(const EgressFindings& findings) {
  const spf::SenderRecord& record = *findings.spf;
  const std::string from = fmt::format("{}", fmt::join(findings.addresses, ", "));
  std::string text =
      record.state == Records::missing
          ? fmt::format("{} has no SPF record, and its mail comes from {}", findings.domain, from)
      : record.verdict.outcome == spf::Outcome::permerror
          ? fmt::format("the SPF record of {} is no good: {}", findings.domain, record.verdict.reason)
          : fmt::format("SPF {}: the record of {} does not allow {}", name(record.verdict.outcome),
                        findings.domain, from);
  if (findings.smart_host.empty()) return text;
  return text +
         fmt::format(" (the smart host {} sends; its addresses cannot be known fully)", findings.smart_host);
}

void judge_spf(const EgressFindings& findings, EgressReport& report) {
  const spf::SenderRecord& record = *findings.spf;
  const bool asked = record.state != Records::unknown;
  report.words += fmt::format("SPF {}", name(record.state == Records::missing ? spf::Outcome::none
                                             : !asked                         ? spf::Outcome::temperror
                                                                              : record.verdict.outcome));
  if (asked && record.state != Records::ok) {
    report.failed |= findings.smart_host.empty();
    // The operator of a smart host knows by which name all of its addresses are allowed.
    const bool unknown = record.state == Records::missing && !findings.smart_host.empty();
    const std::string publish = unknown ? "" : record.want;
    report.problems.push_back({findings.domain, spf_problem(findings),
                               publish.empty() ? "" : fmt::format("{} TXT {}", findings.domain, publish)});
  }
  if (!findings.libspf2.empty()) report.problems.push_back({findings.domain, findings.libspf2, ""});
}

// "SELECTOR._domainkey.DOMAIN TXT ...", "" for a selector that is none of ours.
std::string key_to_publish(const dkim::Verdict& signature, const KeyRecordOf& key_record) {
  const std::string record = key_record(signature.domain, signature.selector);
  if (record.empty()) return "";
  return fmt::format("{}._domainkey.{} TXT {}", signature.selector, signature.domain, record);
}

void judge_dkim(const EgressFindings& findings, const KeyRecordOf& key_record, EgressReport& report) {
  const dkim::Verdict* signature = worst(findings.dkim);
  report.words += fmt::format("DKIM {}", signature ? name(signature->result) : "none");
  if (signature && signature->result != dkim::Outcome::pass &&
      signature->result != dkim::Outcome::temperror) {
    report.failed = true;
    report.problems.push_back(
        {signature->domain,
         fmt::format("DKIM {}: the signature of {} with selector {}: {}", name(signature->result),
                     signature->domain, signature->selector, signature->reason),
         key_to_publish(*signature, key_record)});
  }
  for (const dkim::Verdict& one : findings.dkim)
    if (one.testing && one.result == dkim::Outcome::pass)
      report.problems.push_back(
          {one.domain,
           fmt::format("DKIM: the key record of {} with selector {} says t=y, so that receivers may treat "
                       "its signatures like none",
                       one.domain, one.selector),
           key_to_publish(one, key_record)});
}

std::string in_words(const EgressProblem& problem) {
  return problem.publish.empty() ? problem.text : problem.text + "; publish " + problem.publish;
}

}  // namespace

EgressReport report(const EgressFindings& findings, const KeyRecordOf& key_record) {
  EgressReport report;
  if (findings.spf) {
    judge_spf(findings, report);
    report.words += ", ";
  }
  judge_dkim(findings, key_record, report);
  for (const dmarc::Evaluation& evaluation : findings.dmarc) {
    report.words += fmt::format(", DMARC {}", dmarc_words(evaluation));
    if (evaluation.outcome != dmarc::Outcome::fail) continue;
    report.failed = true;
    report.problems.push_back({evaluation.from, fmt::format("DMARC would fail: {}", evaluation.reason), ""});
  }
  return report;
}

event::Event event_of(const EgressReport& report, int64_t wall_ms) {
  event::Event event(wall_ms, event::Kind::own_check);
  event.with(event::Field::what, report.words);
  std::vector<std::string> causes;
  for (const EgressProblem& problem : report.problems) causes.push_back(in_words(problem));
  return event.with(event::Field::cause, fmt::format("{}", fmt::join(causes, "; ")));
}

std::string hold_reason(const EgressReport& report) {
  std::string text = "our own check: " + report.words;
  for (const EgressProblem& problem : report.problems) text += "; " + in_words(problem);
  return text;
}

}  // namespace futar::mta
