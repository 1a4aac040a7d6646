#include "mta/inbound/judging.h"

#include "common/dmarc/organisation.h"
#include "common/dns/reverse.h"
#include "mta/inbound/helo.h"

namespace futar::mta {
namespace {

constexpr std::string_view too_late = "the DNS took too long";

spf::Verdict unknown(const spf::Request& request) {
  spf::Verdict verdict;
  verdict.outcome = spf::Outcome::temperror;
  verdict.identity = request.sender.is_null() ? spf::Identity::helo : request.identity;
  verdict.domain = request.judged().domain;
  verdict.reason = too_late;
  return verdict;
}

dmarc::Discovery unknown_policy(const std::string& author) {
  dmarc::Discovery policy;
  policy.state = dmarc::Discovery::State::later;
  policy.author = author;
  policy.why = too_late;
  return policy;
}

}  // namespace

Judging::Judging(Judges& judges, spf::Request request, std::string untraced)
    : judges_(judges),
      request_(std::move(request)),
      untraced_(std::move(untraced)),
      done_(judges.loop),
      mail_from_(unknown(request_)) {
  if (untraced_.empty()) return;
  mail_from_.outcome = spf::Outcome::none;
  mail_from_.reason = untraced_;
}

void Judging::spawn(Task<> part) {
  ++open_;
  auto run = [](Self self, Task<> task) -> Task<> {
    co_await std::move(task);
    if (--self->open_ == 0) self->done_.open();
  };
  judges_.loop.spawn("judging", run(shared_from_this(), std::move(part)));
}

void Judging::start() {
  started_ = true;
  if (!untraced_.empty()) return;
  spawn(ask_name(shared_from_this()));
  spawn(ask_spf(shared_from_this()));
}

Task<> Judging::ask_name(Self self) {
  verdict::Iprev found;
  found.confirmed =
      co_await dns::confirmed_reverse(self->judges_.resolver, self->request_.client, &found.name);
  self->iprev_ = std::move(found);
  const spf::Request& request = self->request_;
  verdict::Hello hello{request.helo, ""};
  hello.oddity =
      co_await oddity_of_helo(self->judges_.resolver, request.helo, request.client, request.receiver);
  self->hello_ = std::move(hello);
}

// The HELO stands in for a null reverse-path (RFC 7208 §2.4): then it is judged once.
Task<> Judging::ask_spf(Self self) {
  Judges& judges = self->judges_;
  const auto answers = std::make_shared<spf::Answers>();
  self->mail_from_ = co_await judges.spf.check(self->request_, answers);
  if (self->request_.sender.is_null()) co_return;
  spf::Request request = self->request_;
  request.identity = spf::Identity::helo;
  self->helo_ = unknown(request);
  self->helo_ = co_await judges.spf.check(std::move(request), answers);
}

Task<> Judging::ask_policies(Self self) {
  for (dmarc::Discovery& policy : self->policies_)
    policy = co_await dmarc::discover(self->judges_.resolver, policy.author);
}

Task<> Judging::ask_keys(Self self) {
  co_await dkim::fetch_keys(*self->dkim_, self->judges_.resolver, self->judges_.clock);
}

Task<> Judging::ask_seal_keys(Self self) {
  co_await dkim::fetch_keys(*self->arc_, self->judges_.resolver, self->judges_.clock);
}

Task<Result<verdict::Verdict>> Judging::finish(const std::string& header, const spool::Body& body) {
  if (!started_) start();
  dkim_.emplace(header, judges_.clock.wall_ms());
  arc_.emplace(header, judges_.clock.wall_ms());
  const bool is_signed = !dkim_->wanted_keys().empty() || !arc_->wanted_keys().empty();
  spawn(ask_keys(shared_from_this()));
  spawn(ask_seal_keys(shared_from_this()));
  if (judges_.dmarc) {
    authors_ = dmarc::authors_of(message::split_header(header));
    for (const std::string& domain : authors_.domains) policies_.push_back(unknown_policy(domain));
    spawn(ask_policies(shared_from_this()));
  }
  if (is_signed) CO_TRY(co_await read(body));
  done_.reset();
  if (open_ > 0) co_await done_.wait_for(judges_.limit_ms);
  co_return conclude();
}

Task<Result<void>> Judging::read(const spool::Body& body) {
  co_return co_await judges_.spool.fetch_all(body, [this](std::string_view octets) {
    dkim_->body(octets);
    arc_->body(octets);
  });
}

verdict::Verdict Judging::conclude() {
  verdict::Verdict verdict;
  verdict.client = request_.client;
  verdict.untraced = untraced_;
  verdict.sender = request_.sender;
  verdict.iprev = iprev_;
  verdict.hello = hello_;
  verdict.helo = helo_;
  verdict.mail_from = mail_from_;
  verdict.dkim = dkim_->finish();
  verdict.arc = arc_->finish();
  if (!judges_.dmarc) return verdict;
  const int dice = std::uniform_int_distribution<int>(0, 99)(judges_.random);
  const auto identifiers = verdict::identifiers(verdict);
  std::vector<dmarc::Evaluation> evaluations;
  for (const dmarc::Discovery& policy : policies_)
    evaluations.push_back(dmarc::evaluate(policy, identifiers, dice));
  verdict.dmarc = dmarc::combine(authors_, std::move(evaluations));
  return verdict;
}

bool proves_sender(const verdict::Verdict& verdict) {
  const std::string sender = dmarc::canonical_domain(verdict.sender.domain);
  if (sender.empty()) return false;
  const std::string organisation = dmarc::organisational_domain(sender);
  return std::ranges::any_of(verdict::identifiers(verdict), [&](const dmarc::Identifier& identifier) {
    const std::string domain = dmarc::canonical_domain(identifier.domain);
    return identifier.state == dmarc::Identifier::State::pass && !domain.empty() &&
           dmarc::organisational_domain(domain) == organisation;
  });
}

}  // namespace futar::mta
