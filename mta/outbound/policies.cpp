#include "mta/outbound/policies.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/dns/rdata.h"
#include "common/store/ask.h"

namespace futar::mta {

namespace {

constexpr size_t max_entries = 10'000;
constexpr size_t max_results = 1000;
constexpr int64_t flush_every_ms = 60'000;

std::string tlsa_name(uint16_t port, const std::string& host) {
  return fmt::format("_{}._tcp.{}", port, host);
}

DaneState state_of(const dns::Answer& answer, const std::string& base) {
  using Kind = DaneState::Kind;
  if (answer.is_temporary())
    return {
        .kind = Kind::failed, .why = fmt::format("TLSA records of {}: {}", base, answer.why), .base = base};
  // What is not secure could have been put there by anybody (RFC 7672 §2.1.1): as if it were not.
  if (!answer.has_records() || !answer.secure) return {.kind = Kind::none, .base = base};
  DaneState state{.kind = Kind::unusable, .base = base};
  for (const std::string& rdata : answer.rdata) {
    const auto tlsa = dns::parse_tlsa(rdata);
    if (!tlsa) continue;
    net::TlsaRecord record{tlsa->usage, tlsa->selector, tlsa->matching, tlsa->data};
    if (net::is_usable(record)) state.records.push_back(std::move(record));
  }
  if (!state.records.empty()) state.kind = Kind::usable;
  return state;
}

}  // namespace

TlsPolicies::TlsPolicies(net::Loop& loop, dns::Resolver& resolver, net::TlsContext& tls,
                         store::Writer& writer, store::Reader& reader, const Clock& clock,
                         PolicyOptions options)
    : loop_(loop),
      resolver_(resolver),
      tls_(tls),
      writer_(writer),
      reader_(reader),
      clock_(clock),
      options_(std::move(options)),
      flushed_ms_(clock.steady_ms()) {}

std::optional<TlsWish> TlsPolicies::wish_for(const std::string& domain) const {
  for (const std::string& key : {domain, std::string("*")})
    if (const auto found = options_.wishes.find(key); found != options_.wishes.end()) return found->second;
  return std::nullopt;
}

Task<DaneState> TlsPolicies::dane_of(const Host& host, uint16_t port) {
  if (!resolver_.validates()) co_return DaneState{.why = "nobody validates DNSSEC for us"};
  if (!host.address_secure)
    co_return DaneState{.why = fmt::format("the address of {} is not signed by DNSSEC", host.name)};
  // RFC 7672 §2.2.2: first where the CNAME led, then the name itself.
  if (!host.canonical.empty() && host.canonical != host.name) {
    DaneState state =
        state_of(co_await resolver_.ask(tlsa_name(port, host.canonical), dns::Type::tlsa), host.canonical);
    if (state.kind != DaneState::Kind::none) co_return state;
  }
  co_return state_of(co_await resolver_.ask(tlsa_name(port, host.name), dns::Type::tlsa), host.name);
}

Task<TlsPlan> TlsPolicies::plan(DomainPolicy policy, Host host, std::string domain) {
  DaneState dane{.why = fmt::format("the MX record of {} is not signed by DNSSEC", domain)};
  if (host.mx_secure || !resolver_.validates()) dane = co_await dane_of(host, options_.smtp_port);
  co_return weigh(policy.wish, dane, policy.sts, host, domain);
}

Task<TlsPlan> TlsPolicies::plan_for_url(Host host, smtp_client::TlsUse use, uint16_t port) {
  const DaneState dane = co_await dane_of(host, port);
  co_return weigh_url(wish_for(host.name), dane, host, use);
}

void TlsPolicies::note(const std::string& domain, const TlsPlan& plan, const smtp_client::Observation& opened,
                       bool encrypted) {
  const auto result = report_result(opened, encrypted);
  if (result.empty()) return;
  ++results_[{rfc3339(clock_.wall_ms()).substr(0, 10), domain, plan.policy_type, std::string(result)}];
  if (results_.size() >= max_results || clock_.steady_ms() - flushed_ms_ >= flush_every_ms)
    loop_.spawn("TLS results", flush());
}

Task<> TlsPolicies::flush() {
  flushed_ms_ = clock_.steady_ms();
  if (results_.empty()) co_return;
  const auto written = co_await writer_.commit(
      [results = std::exchange(results_, {}), now = clock_.wall_ms()](store::Database& database) {
        return add_tls_results(database, results, now);
      });
  (void)written;  // counts for a report: mail does not wait for them
}

std::shared_ptr<TlsPolicies::Entry> TlsPolicies::entry_of(const std::string& domain) {
  if (entries_.size() >= max_entries && !entries_.contains(domain)) entries_.clear();  // the disk has them
  auto& entry = entries_[domain];
  if (!entry) entry = std::make_shared<Entry>();
  return entry;
}

}  // namespace futar::mta
