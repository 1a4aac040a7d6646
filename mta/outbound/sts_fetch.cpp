// The half of TlsPolicies that discovers MTA-STS policies (RFC 8461 §3, §5.1).
#include <fmt/format.h>

#include "common/base/text.h"
#include "common/dns/rdata.h"
#include "common/net/http.h"
#include "common/store/ask.h"
#include "mta/outbound/policies.h"

namespace futar::mta {
namespace {

constexpr int64_t longest_ms = 60'000;  // §3.3 suggests a minute
constexpr int64_t after_failure_ms = 300'000;
constexpr int64_t look_every_ms = 300'000;  // at the TXT record, while a policy is valid
constexpr size_t most_addresses = 3;

Result<StsPolicy> policy_in(const net::HttpReply& reply) {
  // Neither a redirect nor another success is a policy (§3.3).
  if (reply.status != 200) return fail(Error::temporary(fmt::format("HTTP status {}", reply.status)));
  const std::string_view type = reply.content_type;
  if (!equal_nocase(trim(type.substr(0, type.find(';'))), "text/plain"))
    return fail(Error::temporary(fmt::format("its type is '{}', not text/plain", type)));
  return parse_sts_policy(reply.body);
}

}  // namespace

bool TlsPolicies::is_valid(const Entry& entry) const {
  return entry.policy && clock_.wall_ms() < entry.policy->expires_ms();
}

Task<DomainPolicy> TlsPolicies::of_domain(std::string domain) {
  DomainPolicy result{.wish = wish_for(domain).value_or(TlsWish::opportunistic)};
  if (domain.starts_with('[')) co_return result;
  const std::shared_ptr<Entry> entry = entry_of(domain);
  if (!entry->loaded) co_await load(domain, entry);
  if (!is_valid(*entry))
    co_await look(domain, entry);
  else if (!entry->looking &&
           (entry->looked_ms == 0 || clock_.steady_ms() - entry->looked_ms >= look_every_ms))
    loop_.spawn("MTA-STS", look(domain, entry));
  if (is_valid(*entry) && entry->policy->mode != StsPolicy::Mode::none)
    result.sts = entry->policy;
  else
    result.trouble = entry->trouble;
  co_return result;
}

Task<> TlsPolicies::load(std::string domain, std::shared_ptr<Entry> entry) {
  auto stored = co_await store::ask<std::optional<StsPolicy>>(
      reader_, [domain](store::Database& database) { return load_sts(database, domain); });
  if (!entry->loaded && stored) entry->policy = *std::move(stored);
  entry->loaded = true;
}

// One coroutine looks, the others wait for what it finds.
Task<> TlsPolicies::look(std::string domain, std::shared_ptr<Entry> entry) {
  if (entry->looking) {
    const auto found = std::make_shared<net::Gate>(loop_);
    entry->waiters.push_back(found);
    co_await found->wait();
    co_return;
  }
  entry->looking = true;
  co_await look_once(domain, *entry);
  entry->looking = false;
  entry->looked_ms = clock_.steady_ms();
  for (const auto& waiter : std::exchange(entry->waiters, {})) waiter->open();
}

// Whatever goes wrong here, a policy that is valid stays so until its max_age has passed (§5.1): who can cut
// us off from DNS or host must not be able to undo it.
Task<> TlsPolicies::look_once(const std::string& domain, Entry& entry) {
  const int64_t deadline = system_clock().steady_ms() + longest_ms;
  const dns::Answer answer = co_await resolver_.ask("_mta-sts." + domain, dns::Type::txt);
  if (!answer.has_records()) co_return;
  std::vector<std::string> texts;
  for (const std::string& rdata : answer.rdata)
    if (auto text = dns::parse_txt(rdata)) texts.push_back(*std::move(text));
  const auto id = choose_sts_record(texts);
  if (!id) co_return;
  const int64_t now = clock_.wall_ms();
  if (is_valid(entry) && entry.policy->id == *id &&
      now < entry.policy->fetched_ms + entry.policy->max_age_s * 500)
    co_return;
  if (entry.failed_ms != 0 && clock_.steady_ms() - entry.failed_ms < after_failure_ms) co_return;
  auto policy = co_await fetch(domain, deadline);
  if (!policy) {
    entry.failed_ms = std::max<int64_t>(clock_.steady_ms(), 1);
    entry.trouble = policy.error().text;
    co_return;
  }
  policy->id = *id;
  policy->fetched_ms = clock_.wall_ms();
  entry.failed_ms = 0;
  entry.trouble.clear();
  entry.policy = *policy;
  const auto saved = co_await writer_.commit([domain, policy = *policy, now](store::Database& database) {
    return save_sts(database, domain, policy, now);
  });
  (void)saved;  // it holds in memory; after a restart it is fetched again
}

Task<std::vector<net::IpAddress>> TlsPolicies::addresses_of(const std::string& host) {
  std::vector<net::IpAddress> addresses;
  for (const dns::Type type : {dns::Type::a, dns::Type::aaaa}) {
    const dns::Answer answer = co_await resolver_.ask(host, type);
    for (const std::string& rdata : answer.rdata)
      if (const auto address = dns::parse_address(rdata); address && addresses.size() < most_addresses)
        addresses.push_back(*address);
    if (!addresses.empty()) break;
  }
  co_return addresses;
}

Task<Result<StsPolicy>> TlsPolicies::fetch(const std::string& domain, int64_t deadline) {
  const std::string host = "mta-sts." + domain;
  Error last = Error::temporary(fmt::format("{} has no address", host));
  for (const net::IpAddress& address : co_await addresses_of(host)) {
    const auto reply = co_await net::https_get(loop_, tls_,
                                               {.host = host,
                                                .path = "/.well-known/mta-sts.txt",
                                                .address = {address, options_.https_port},
                                                .deadline = deadline});
    if (reply) {
      auto policy = policy_in(*reply);
      if (!policy) policy.error().text = fmt::format("https://{}: {}", host, policy.error().text);
      co_return policy;
    }
    last = reply.error();
  }
  co_return fail(last);
}

}  // namespace futar::mta
