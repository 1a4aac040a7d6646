#include "mta/egress/egress.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/config/host_url.h"
#include "common/dkim/verifier.h"
#include "common/dmarc/check.h"
#include "common/dmarc/organisation.h"
#include "common/dns/rdata.h"
#include "common/message/header.h"
#include "common/verdict/verdict.h"

namespace futar::mta {

namespace {

constexpr size_t most_known = 1000;

std::string host_in(const std::string& destination) {
  if (!destination.contains("://")) return "";
  const auto url = config::parse_host_url(destination);
  return url ? url->host : "";
}

}  // namespace

/// A message while it is looked at.
struct Egress::Case {
  Outgoing mail;
  std::string sender;  ///< domain that SPF is about
  std::string smart_host;
  dmarc::Authors authors;
  bool author_is_ours = false, sender_is_ours = false;
  std::vector<net::IpAddress> addresses;
  std::string about, key;  ///< of the answer: domains and smart host; these and the keys that sign
};

Egress::Egress(net::Loop& loop, dns::Resolver& resolver, spool::Folder& spool, const Clock& clock,
               spf::AsyncEvaluator* libspf2, EgressOptions options)
    : loop_(loop),
      resolver_(resolver),
      spool_(spool),
      clock_(clock),
      libspf2_(libspf2),
      options_(std::move(options)) {}

Task<std::optional<EgressReport>> Egress::check(Outgoing mail) {
  const auto message = std::make_shared<Case>();
  Case& m = *message;
  m.mail = std::move(mail);
  m.smart_host = host_in(m.mail.destination);
  m.sender = ascii_lower(m.mail.reverse_path.is_null() ? options_.hostname : m.mail.reverse_path.domain);
  m.sender_is_ours = m.mail.reverse_path.is_null() || options_.is_ours(m.sender);
  m.authors = dmarc::authors_of(message::split_header(m.mail.header));
  m.author_is_ours = std::ranges::any_of(m.authors.domains, options_.is_ours);
  if (!m.sender_is_ours && !m.author_is_ours) co_return std::nullopt;
  // A new key of ours is a new question.
  std::vector<std::string> parts{m.sender, m.smart_host};
  for (const std::string& domain : m.authors.domains) parts.push_back(domain);
  m.about = fmt::format("{}", fmt::join(parts, "\n"));
  for (const std::string& name : dkim::Verifier(m.mail.header, clock_.wall_ms()).wanted_keys())
    parts.push_back(name);
  m.key = fmt::format("{}", fmt::join(parts, "\n"));
  auto report = co_await look(message);
  if (report) {
    ++checked_;
    failed_ += report->failed;
  }
  co_return report;
}

// Of messages that come together the first asks, the others wait for its answer.
Task<std::optional<EgressReport>> Egress::look(std::shared_ptr<Case> message) {
  if (known_.size() > most_known) known_.clear();
  auto& slot = known_[message->key];
  if (!slot) slot = std::make_shared<Known>();
  const std::shared_ptr<Known> known = slot;
  known->about = message->about;
  if (known->asking) {
    const auto gate = std::make_shared<net::Gate>(loop_);
    known->waiting.push_back(gate);
    co_await gate->wait();
    co_return known->report;
  }
  if (known->report && clock_.steady_ms() < known->until_ms && !message->mail.look_again)
    co_return known->report;
  known->asking = true;
  EgressFindings findings;
  findings.domain = message->sender;
  findings.smart_host = message->smart_host;
  if (message->sender_is_ours) co_await judge_spf(*message, findings);
  const Result<void> read = co_await judge_dkim(*message, findings);
  if (message->author_is_ours) co_await judge_dmarc(*message, findings);
  known->asking = false;
  if (read) {
    known->report = report(findings, options_.key_record);
    const bool good = known->report->problems.empty();
    known->until_ms = clock_.steady_ms() + (good ? options_.good_ms : options_.bad_ms);
    forget_older(known);
  }
  for (const auto& gate : std::exchange(known->waiting, {})) gate->open();
  co_return known->report;
}

// What was wrong with mail of a domain before it was signed, or with its last keys, is past.
void Egress::forget_older(const std::shared_ptr<Known>& answered) {
  std::erase_if(known_, [&](const auto& entry) {
    const std::shared_ptr<Known>& other = entry.second;
    return other != answered && other->about == answered->about && !other->asking;
  });
}

Task<> Egress::find_senders(Case& m) {
  const std::string host = m.smart_host.empty() ? options_.hostname : m.smart_host;
  if (const auto literal = net::IpAddress::parse(host)) m.addresses = {*literal};
  if (host.starts_with('[') && host.ends_with(']')) {
    std::string_view text = std::string_view(host).substr(1, host.size() - 2);
    if (text.starts_with("ipv6:")) text.remove_prefix(5);
    if (const auto literal = net::IpAddress::parse(text)) m.addresses = {*literal};
  }
  if (!m.addresses.empty()) co_return;
  for (const dns::Type type : {dns::Type::a, dns::Type::aaaa}) {
    if (!(type == dns::Type::a ? options_.ipv4 : options_.ipv6)) continue;
    const dns::Answer answer = co_await resolver_.ask(host, type);
    for (const std::string& rdata : answer.rdata)
      if (const auto address = dns::parse_address(rdata)) m.addresses.push_back(*address);
  }
  if (m.addresses.empty() && m.smart_host.empty() && options_.machine) m.addresses = options_.machine();
}

Task<> Egress::judge_spf(Case& m, EgressFindings& findings) {
  co_await find_senders(m);
  for (const net::IpAddress& address : m.addresses) findings.addresses.push_back(address.text());
  if (m.addresses.empty()) {
    findings.spf = spf::SenderRecord();  // nobody knows from where it comes
    co_return;
  }
  const dns::Answer answer = co_await resolver_.ask(m.sender, dns::Type::txt);
  const bool greets = m.mail.reverse_path.is_null();
  findings.spf = co_await spf::judge_senders(
      resolver_, loop_,
      {m.sender, options_.hostname, m.addresses, greets ? "v=spf1 a -all" : "v=spf1 mx -all"}, answer);
  co_await see_as_libspf2(m, findings);
}

// Only where our own engine lets the mail pass: else the record is to be mended anyway.
Task<> Egress::see_as_libspf2(Case& m, EgressFindings& findings) {
  if (findings.spf->state != spf::SenderRecord::State::ok) co_return;
  if (const auto record = spf::parse_record(findings.spf->found)) {
    if (const std::string term = spf::unseen_by_libspf2(*record); !term.empty())
      findings.libspf2 = fmt::format(
          "receivers with libspf2 do not see {} in the SPF record of {} nor what follows: it is too long for "
          "them",
          printable(term, 100), m.sender);
  }
  if (!libspf2_) co_return;
  for (const net::IpAddress& address : m.addresses) {
    spf::Request request;
    request.client = address;
    request.helo = request.receiver = options_.hostname;
    request.sender = {"postmaster", m.sender};
    const spf::Verdict theirs = co_await spf::check(*libspf2_, resolver_, loop_, request,
                                                    std::make_shared<spf::Answers>(*findings.spf->answers));
    if (theirs.outcome == spf::Outcome::pass || theirs.outcome == spf::Outcome::temperror) continue;
    findings.libspf2 = fmt::format("receivers with libspf2 see SPF {} for mail of {} from {}",
                                   name(theirs.outcome), m.sender, address.text());
    co_return;
  }
}

Task<Result<void>> Egress::judge_dkim(Case& m, EgressFindings& findings) {
  dkim::Verifier verifier(m.mail.header, clock_.wall_ms());
  if (verifier.wanted_keys().empty()) co_return Result<void>();
  CO_TRY(co_await spool_.fetch_all(m.mail.body, [&](std::string_view octets) { verifier.body(octets); }));
  co_await dkim::fetch_keys(verifier, resolver_, clock_);
  for (dkim::Verdict& verdict : verifier.finish())
    if (options_.is_ours(verdict.domain)) findings.dkim.push_back(std::move(verdict));
  co_return Result<void>();
}

Task<> Egress::judge_dmarc(Case& m, EgressFindings& findings) {
  verdict::Verdict found;
  found.dkim = findings.dkim;
  if (findings.spf) {
    const spf::SenderRecord::State state = findings.spf->state;
    found.mail_from.emplace();
    found.mail_from->domain = m.sender;
    found.mail_from->outcome = state == spf::SenderRecord::State::ok        ? spf::Outcome::pass
                               : state == spf::SenderRecord::State::unknown ? spf::Outcome::temperror
                                                                            : spf::Outcome::fail;
  }
  const auto identifiers = verdict::identifiers(found);
  std::vector<dmarc::Evaluation> evaluations;
  for (const std::string& author : m.authors.domains) {
    const dmarc::Discovery policy = co_await dmarc::discover(resolver_, author);
    evaluations.push_back(dmarc::evaluate(policy, identifiers, 0));
  }
  findings.dmarc = {dmarc::combine(m.authors, std::move(evaluations))};
}

std::vector<EgressProblem> Egress::problems() const {
  std::vector<EgressProblem> all;
  for (const auto& [key, known] : known_)
    if (known->report)
      for (const EgressProblem& problem : known->report->problems)
        if (std::ranges::find(all, problem) == all.end()) all.push_back(problem);
  return all;
}

}  // namespace futar::mta
