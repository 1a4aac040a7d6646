#include "common/spf/native.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/spf/inquiry.h"

namespace futar::spf {

namespace {

using Kind = Mechanism::Kind;

// What the record of `domain` decided, after any redirect.
struct Decision {
  Outcome outcome = Outcome::none;
  std::string domain;
  std::string mechanism;
  std::string reason;
  std::optional<MacroString> exp;
};

class Evaluation {
 public:
  Evaluation(const Request& request, const Answers& answers) : inquiry_(request, answers) {}

  Step run() {
    auto decision = check_host(inquiry_.domain());
    if (!decision) return inquiry_.step(decision.error());
    Verdict verdict = inquiry_.verdict(decision->outcome, std::move(decision->reason));
    verdict.mechanism = std::move(decision->mechanism);
    if (verdict.outcome != Outcome::fail || !decision->exp) return verdict;
    auto explanation = inquiry_.explanation(*decision->exp, decision->domain);
    if (!explanation) return inquiry_.step(explanation.error());
    verdict.explanation = *std::move(explanation);
    return verdict;
  }

 private:
  Eval<Decision> check_host(const std::string& domain);
  Eval<Decision> follow(const MacroString& redirect, const std::string& domain);
  Eval<bool> matches(const Mechanism& mechanism, const std::string& domain);
  Eval<bool> include(const Mechanism& mechanism, const std::string& target);
  Eval<bool> mx(const Mechanism& mechanism, const std::string& target);
  Eval<bool> ptr(const std::string& target);
  Eval<bool> has_covered_address(const Mechanism& mechanism, const std::string& name);
  Eval<const dns::Answer*> ask(const std::string& name, dns::Type type);
  Eval<std::string> begin_term(const std::optional<MacroString>& spec, const std::string& domain);
  Eval<void> end_void_term();

  Inquiry inquiry_;
  int terms_ = 0, void_terms_ = 0;
  bool term_is_void_ = false;    // the term at hand has been counted in void_terms_
  bool client_is_void_ = false;  // so has that the client has no name
};

Decision matched(const Mechanism& mechanism, const Record& record, const std::string& domain) {
  Decision decision{mechanism.outcome, domain, printable(mechanism.text, 200), "", record.exp};
  const std::string allowed = allowed_in_words(record);
  if (mechanism.kind != Kind::all || mechanism.outcome == Outcome::pass)
    decision.reason = fmt::format("{} of {} matches", decision.mechanism, printable(domain, 100));
  else if (allowed.empty())
    decision.reason = fmt::format("{} allows no host", printable(domain, 100));
  else
    decision.reason = fmt::format("{} allows only {}", printable(domain, 100), allowed);
  return decision;
}

Eval<Decision> Evaluation::check_host(const std::string& domain) {
  if (!is_mail_domain(domain))
    return Decision{
        Outcome::none, domain, "", fmt::format("\"{}\" is no domain name", printable(domain, 100)), {}};
  const auto record = TRY(inquiry_.record(domain));
  if (!record)
    return Decision{
        Outcome::none, domain, "", fmt::format("{} has no SPF record", printable(domain, 100)), {}};
  for (const Mechanism& mechanism : record->mechanisms)
    if (TRY(matches(mechanism, domain))) return matched(mechanism, *record, domain);
  if (record->redirect) return follow(*record->redirect, domain);
  return Decision{Outcome::neutral,
                  domain,
                  "",
                  fmt::format("nothing in the SPF record of {} matches", printable(domain, 100)),
                  {}};
}

// §6.1: the other record decides, with its own exp.
Eval<Decision> Evaluation::follow(const MacroString& redirect, const std::string& domain) {
  const std::string target = TRY(begin_term(redirect, domain));
  Decision decision = TRY(check_host(target));
  if (decision.outcome == Outcome::none)
    return stop(Outcome::permerror,
                fmt::format("redirect of {}: {}", printable(domain, 100), decision.reason));
  return decision;
}

Eval<bool> Evaluation::matches(const Mechanism& mechanism, const std::string& domain) {
  switch (mechanism.kind) {
    case Kind::all:
      return true;
    case Kind::ip4:
    case Kind::ip6:
      return mechanism.covers(inquiry_.client());
    default:
      break;
  }
  const std::string target = TRY(begin_term(mechanism.domain, domain));
  switch (mechanism.kind) {
    case Kind::include:
      return include(mechanism, target);
    case Kind::mx:
      return mx(mechanism, target);
    case Kind::ptr:
      return ptr(target);
    case Kind::exists: {  // §5.7: A also where the client speaks IPv6
      const dns::Answer* answer = TRY(ask(target, dns::Type::a));
      return answer && answer->has_records();
    }
    default:
      return has_covered_address(mechanism, target);
  }
}

// §5.2: only a pass of the other record matches; that it has none is an error of this one.
Eval<bool> Evaluation::include(const Mechanism& mechanism, const std::string& target) {
  const Decision decision = TRY(check_host(target));
  if (decision.outcome == Outcome::none)
    return stop(Outcome::permerror, fmt::format("{}: {}", printable(mechanism.text, 200), decision.reason));
  return decision.outcome == Outcome::pass;
}

Eval<bool> Evaluation::mx(const Mechanism& mechanism, const std::string& target) {
  const dns::Answer* answer = TRY(ask(target, dns::Type::mx));
  if (!answer || !answer->has_records()) return false;
  for (const std::string& host : TRY(Inquiry::mx_hosts(*answer, target)))
    if (TRY(has_covered_address(mechanism, host))) return true;
  return false;
}

// §5.5. The names are the client's, not the domain's: that they lead nowhere is not counted against the
// domain.
Eval<bool> Evaluation::ptr(const std::string& target) {
  const auto names = TRY(inquiry_.client_names());
  if (names.absent && !client_is_void_) {
    client_is_void_ = true;
    TRY(end_void_term());
  }
  for (const std::string& name : names.list)
    if (is_within(name, target) && TRY(inquiry_.leads_back(name))) return true;
  return false;
}

// §5.3.
Eval<bool> Evaluation::has_covered_address(const Mechanism& mechanism, const std::string& name) {
  const dns::Type type = inquiry_.client().is_v4() ? dns::Type::a : dns::Type::aaaa;
  const dns::Answer* answer = TRY(ask(name, type));
  if (!answer || !answer->has_records()) return false;
  for (const std::string& octets : answer->rdata)
    if (mechanism.covers(inquiry_.client(), octets)) return true;
  return false;
}

// A question of the term at hand.
Eval<const dns::Answer*> Evaluation::ask(const std::string& name, dns::Type type) {
  const dns::Answer* answer = TRY(inquiry_.ask_firmly(name, type));
  if (answer && answer->is_absent() && !term_is_void_) TRY(end_void_term());
  return answer;
}

// §4.6.4: each term that asks the DNS is counted before it does, and so is the question of %{p}.
Eval<std::string> Evaluation::begin_term(const std::optional<MacroString>& spec, const std::string& domain) {
  terms_ += spec && uses(*spec, 'p') ? 2 : 1;
  if (terms_ > max_terms)
    return stop(Outcome::permerror, fmt::format("more than {} terms that ask the DNS", max_terms));
  term_is_void_ = false;
  return inquiry_.target(spec, domain);
}

Eval<void> Evaluation::end_void_term() {
  term_is_void_ = true;
  if (++void_terms_ > max_void_terms)
    return stop(Outcome::permerror,
                fmt::format("more than {} terms ask for what is not there", max_void_terms));
  return {};
}

}  // namespace

Step NativeEvaluator::evaluate(const Request& request, const Answers& answers) const {
  return Evaluation(request, answers).run();
}

}  // namespace futar::spf
