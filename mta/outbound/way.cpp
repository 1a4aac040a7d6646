#include "mta/outbound/way.h"

#include <fmt/format.h>

#include "common/config/host_url.h"

namespace futar::mta {
namespace {

using config::HostUrl;
using smtp_client::Observation;
using smtp_client::Stage;
using smtp_client::TlsUse;
using smtp_client::Trouble;

constexpr int64_t connect_ms = 30'000;  // a host that does not answer at once has others behind it

TlsUse use_of(HostUrl::Scheme scheme) {
  return scheme == HostUrl::Scheme::smtps      ? TlsUse::implicit
         : scheme == HostUrl::Scheme::smtp_tls ? TlsUse::required
                                               : TlsUse::opportunistic;
}

bool is_tls_failure(const Observation& o) {
  return o.trouble == Trouble::tls_failed || (o.stage == Stage::starttls && !o.is_good());
}

Observation cannot(std::string detail) {
  return {Stage::connect, Trouble::cannot_connect, {}, std::move(detail)};
}

}  // namespace

std::string Candidate::text() const {
  return fmt::format("{}[{}]:{}", host, endpoint.address.text(), endpoint.port);
}

Way::Way(net::Loop& loop, dns::Resolver& resolver, TlsPolicies& policies, net::TlsContext& tls,
         net::Workers& workers, const Clock& clock, WayOptions options)
    : loop_(loop),
      resolver_(resolver),
      policies_(policies),
      tls_(tls),
      workers_(workers),
      clock_(clock),
      options_(std::move(options)),
      random_(std::random_device{}()) {}

Task<Candidates> Way::find(std::string destination) {
  return destination.find("://") == std::string::npos ? find_by_mx(std::move(destination))
                                                      : find_by_url(std::move(destination));
}

Task<Candidates> Way::find_by_mx(std::string domain) {
  HostList hosts = co_await find_hosts(resolver_, domain, options_.hosts, random_);
  Candidates found{hosts.state, {}, std::move(hosts.reason), std::move(hosts.status)};
  if (found.state != HostList::State::found) co_return found;
  const DomainPolicy policy = co_await policies_.of_domain(domain);
  for (const Host& host : hosts.hosts) {
    const TlsPlan plan = co_await policies_.plan(policy, host, domain);
    for (const net::IpAddress& address : host.addresses)
      found.all.push_back({host.name, {address, options_.hosts.port}, plan});
  }
  co_return found;
}

// A smart host that is not there is a matter of the config, and no reason to return mail.
Task<Candidates> Way::find_by_url(std::string text) {
  const auto url = config::parse_host_url(text);
  if (!url) co_return Candidates{HostList::State::later, {}, url.error().text, "4.3.5"};
  HostRules rules = options_.hosts;
  rules.port = url->port;
  HostList hosts = co_await find_host(resolver_, url->host, rules);
  if (hosts.state != HostList::State::found)
    co_return Candidates{HostList::State::later, {}, std::move(hosts.reason), "4.3.5"};
  Candidates found{HostList::State::found, {}, std::move(hosts.reason), ""};
  for (const Host& host : hosts.hosts) {
    const TlsPlan plan = co_await policies_.plan_for_url(host, use_of(url->scheme), url->port);
    for (const net::IpAddress& address : host.addresses)
      found.all.push_back({host.name, {address, url->port}, plan});
  }
  co_return found;
}

Result<std::optional<smtp_client::Login>> Way::login_for(const std::string& destination) const {
  if (destination != options_.smart_host || options_.smart_host_user.empty())
    return std::optional<smtp_client::Login>();
  return smtp_client::Login{options_.smart_host_user, TRY(options_.secret()), options_.oauth};
}

Task<Way::Opened> Way::open(Candidate candidate, std::string destination) {
  const auto login = login_for(destination);
  if (!login) co_return Opened{nullptr, {Stage::auth, Trouble::no_mechanism, {}, login.error().text}};
  smtp_client::Options options;
  options.hello = options_.hello;
  options.tls = candidate.plan.use;
  options.context = &tls_;
  options.expectation = candidate.plan.expectation;
  options.login = *login;
  options.workers = &workers_;
  options.login_in_clear = candidate.endpoint.address.is_loopback();
  Opened opened = co_await open_once(candidate, options);
  const bool encrypted = opened.session && opened.session->tls();
  policies_.note(destination, candidate.plan, opened.observation, encrypted);
  const bool in_clear = candidate.plan.clear_after_failure && !*login && is_tls_failure(opened.observation);
  if (opened.session || !in_clear) co_return opened;
  options.tls = TlsUse::none;
  co_return co_await open_once(candidate, options);
}

Task<Way::Opened> Way::open_once(const Candidate& candidate, smtp_client::Options options) {
  auto stream = co_await net::connect_tcp(loop_, candidate.endpoint, clock_.steady_ms() + connect_ms);
  if (!stream) co_return Opened{nullptr, cannot(stream.error().text)};
  auto session = std::make_unique<smtp_client::Session>(*std::move(stream), clock_, std::move(options));
  Observation observation = co_await session->open();
  if (!observation.is_good()) co_return Opened{nullptr, std::move(observation)};
  co_return Opened{std::move(session), std::move(observation)};
}

}  // namespace futar::mta
