#include "mta/settings.h"

#include <unistd.h>

#include "common/base/clock.h"
#include "common/config/listen.h"
#include "common/config/units.h"
#include "common/daemon/listeners.h"
#include "common/log/log.h"
#include "common/net/interfaces.h"
#include "mta/outbound/ourselves.h"

namespace futar::mta::settings {
namespace {

Remote remote_of(const config::Config& config) {
  const std::string& word = config.text("mta.remote");
  return word == "hold" ? Remote::hold : word == "capture" ? Remote::capture : Remote::direct;
}

Result<std::optional<HostUrl>> smart_host_of(const config::Config& config) {
  const std::string& url = config.text("mta.smart_host");
  return url.empty() ? std::optional<HostUrl>() : TRY(config::parse_host_url(url));
}

}  // namespace

Result<QueueOptions> queue(const config::Config& config, std::shared_ptr<const srs::Keys> keys) {
  QueueOptions options;
  options.host = config.hostname();
  options.route.remote = remote_of(config);
  options.route.smart_host = TRY(smart_host_of(config));
  options.route.routes = TRY(parse_routes(config.table("mta.routes")));
  options.route.sender_routes = TRY(parse_routes(config.table("mta.sender_routes")));
  options.route.open_return_path = [keys](const smtp::Address& address) {
    return srs::open(address, *keys, system_clock().wall_ms());
  };
  options.retry.retry_first_ms = config.duration_ms("mta.retry_first");
  options.retry.retry_max_ms = config.duration_ms("mta.retry_max");
  options.retry.lifetime_ms = config.duration_ms("mta.lifetime");
  options.retry.link_lifetime_ms = config.duration_ms("mta.link_lifetime");
  options.retry.held_lifetime_ms = config.duration_ms("mta.held_lifetime");
  options.retry.delay_notice_ms = config.duration_ms("mta.delay_notice");
  return options;
}

// Under hold and capture nothing is sent, so nothing is asked either (design §9).
dns::UnboundOptions dns(const config::Config& config) {
  dns::UnboundOptions options;
  if (remote_of(config) == Remote::direct) options.servers = config.list("dns.servers");
  options.anchor_file = config.text("dns.anchor");
  options.timeout_ms = config.duration_ms("dns.timeout");
  return options;
}

int64_t signature_lifetime_s(const config::Config& config) {
  return (config.duration_ms("mta.held_lifetime") + config.duration_ms("mta.lifetime")) / 1000;
}

Result<PolicyOptions> policies(const config::Config& config) {
  PolicyOptions options;
  for (const auto& [domain, word] : config.table("mta.tls_policy"))
    if (const auto wish = tls_wish(word)) options.wishes[domain] = *wish;
  return options;
}

Result<WayOptions> way(const config::Config& config) {
  WayOptions options;
  options.hello = config.hostname();
  options.hosts.own_names = {config.hostname()};
  std::vector<net::Endpoint> listeners;
  for (const std::string& entry : config.list("mta.listen"))
    for (const config::Listen& listen : TRY(config::parse_listen(entry)))
      listeners.push_back(TRY(net::Endpoint::parse(listen.endpoint)));
  options.hosts.own = reached_at(listeners, net::interface_addresses());
  options.hosts.ipv4 = config.text("mta.ip") != "ipv6";
  options.hosts.ipv6 = config.text("mta.ip") == "ipv6";
  if (const auto host = TRY(smart_host_of(config))) options.smart_host = host->text();
  options.smart_host_user = config.text("mta.smart_host_user");
  options.secret = [&config]() -> Result<std::string> {
    return config.secret("mta.smart_host_password_file");
  };
  options.oauth = config.flag("mta.smart_host_oauth");
  return options;
}

Result<OutboundOptions> outbound(const config::Config& config, std::shared_ptr<const srs::Keys> keys,
                                 Queue::DirectoryNow directory) {
  OutboundOptions options;
  for (const auto& [domain, rate] : config.table("mta.rate"))
    options.spacing_ms[domain] = TRY(config::parse_rate(rate));
  options.forwarded = [keys, directory](const smtp::Address& reverse_path, const std::string& forwarder) {
    if (directory().is_local_domain(reverse_path.domain)) return reverse_path;
    return srs::rewrite(reverse_path, forwarder, *keys, system_clock().wall_ms());
  };
  return options;
}

EgressOptions egress(const config::Config& config) {
  EgressOptions options;
  const std::string& word = config.text("mta.egress_check");
  options.mode = word == "hold" ? EgressMode::hold : EgressMode::warn;
  if (word == "off" || dns(config).servers.empty()) options.mode = EgressMode::off;
  options.hostname = config.hostname();
  options.ipv4 = config.text("mta.ip") != "ipv6";
  options.ipv6 = config.text("mta.ip") == "ipv6";
  options.machine = [] {
    std::vector<net::IpAddress> addresses = net::interface_addresses();
    std::erase_if(addresses, [](const net::IpAddress& a) { return a.is_loopback() || !a.is_v4(); });
    return addresses;
  };
  return options;
}

Result<InboundOptions> inbound(const config::Config& config) {
  InboundOptions options;
  options.host = config.hostname();
  options.max_size = config.size("mta.max_size");
  options.relay_networks = TRY(daemon::networks(config.list("mta.relay_networks")));
  options.trusted_forwarders = TRY(daemon::networks(config.list("mta.trusted_forwarders")));
  options.arc_trusted = config.list("mta.arc_trusted");
  options.dmarc = verdict::dmarc_mode(config.text("mta.dmarc")).value_or(verdict::DmarcMode::follow);
  return options;
}

std::string trusted_file(const config::Config& config) {
  const std::string& file = config.text("tls.trusted");
  if (!file.empty()) return file;
  constexpr char debian[] = "/etc/ssl/certs/ca-certificates.crt";
  if (::access(debian, R_OK) == 0) return debian;
  log::warning(
      "{} is not there (package ca-certificates): no authority is trusted, so that hosts under MTA-STS get "
      "no mail",
      debian);
  return "";
}

}  // namespace futar::mta::settings
