#include "mta/outbound/way.h"

#include <fmt/format.h>

#include "common/config/host_url.h"
#include "common/net/gate.h"

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

void take(Outlook& outlook, HostList list, uint16_t port) {
  outlook.state = list.state;
  outlook.reason = std::move(list.reason);
  outlook.status = std::move(list.status);
  for (Host& host : list.hosts) outlook.hops.push_back({std::move(host), port});
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
  const auto outlook = std::make_shared<Outlook>();
  co_await look(std::move(destination), outlook);
  Candidates found{outlook->state, {}, std::move(outlook->reason), std::move(outlook->status)};
  for (const Hop& hop : outlook->hops)
    for (const net::IpAddress& address : hop.host.addresses)
      found.all.push_back({hop.host.name, {address, hop.port}, *hop.plan});
  co_return found;
}

Task<Outlook> Way::outlook(std::string destination, int64_t limit_ms) {
  const auto outlook = std::make_shared<Outlook>();
  const auto done = std::make_shared<net::Gate>(loop_);
  loop_.spawn(
      "route",
      [](Way& way, std::string to, std::shared_ptr<Outlook> into, std::shared_ptr<net::Gate> gate) -> Task<> {
        co_await way.look(std::move(to), std::move(into));
        gate->open();
      }(*this, std::move(destination), outlook, done));
  co_await done->wait_for(limit_ms);
  co_return *outlook;
}

Task<> Way::look(std::string destination, std::shared_ptr<Outlook> outlook) {
  outlook->by_mx = destination.find("://") == std::string::npos;
  if (outlook->by_mx)
    co_await look_by_mx(destination, *outlook);
  else
    co_await look_by_url(destination, *outlook);
  outlook->complete = true;
}

Task<> Way::look_by_mx(const std::string& domain, Outlook& outlook) {
  take(outlook, co_await find_hosts(resolver_, domain, options_.hosts, random_), options_.hosts.port);
  if (outlook.hops.empty()) co_return;
  const DomainPolicy policy = co_await policies_.of_domain(domain);
  outlook.trouble = policy.trouble;
  for (Hop& hop : outlook.hops) hop.plan = co_await policies_.plan(policy, hop.host, domain);
}

// A smart host that is not there is a matter of the config, and no reason to return mail.
Task<> Way::look_by_url(const std::string& text, Outlook& outlook) {
  outlook.status = "4.3.5";
  const auto url = config::parse_host_url(text);
  if (!url) {
    outlook.reason = url.error().text;
    co_return;
  }
  HostRules rules = options_.hosts;
  rules.port = url->port;
  HostList list = co_await find_host(resolver_, url->host, rules);
  if (list.state != HostList::State::found) {
    outlook.reason = std::move(list.reason);
    co_return;
  }
  take(outlook, std::move(list), url->port);
  for (Hop& hop : outlook.hops)
    hop.plan = co_await policies_.plan_for_url(hop.host, use_of(url->scheme), url->port);
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
  auto stream = co_await options_.connect(loop_, candidate.endpoint, clock_.steady_ms() + connect_ms);
  if (!stream) co_return Opened{nullptr, cannot(stream.error().text)};
  auto session = std::make_unique<smtp_client::Session>(*std::move(stream), clock_, std::move(options));
  Observation observation = co_await session->open();
  if (!observation.is_good()) co_return Opened{nullptr, std::move(observation)};
  co_return Opened{std::move(session), std::move(observation)};
}

}  // namespace futar::mta
