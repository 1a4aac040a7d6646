#include "deploy/futar/judge_dns.h"

#include <unistd.h>

#include <cstdlib>
#include <exception>

#include "common/base/clock.h"
#include "common/dns/single_server.h"
#include "common/dns/unbound.h"

namespace futar::deploy {
namespace {

constexpr int64_t limit_ms = 18'000;

// Unbound, until the time is over.
class Limited final : public dns::Resolver {
 public:
  explicit Limited(std::unique_ptr<dns::Unbound> inner) : inner_(std::move(inner)) {}
  Task<dns::Answer> ask(std::string name, dns::Type type) override {
    if (inner_) co_return co_await inner_->ask(std::move(name), type);
    dns::Answer late;
    late.why = "the DNS took too long";
    co_return late;
  }
  bool validates() const override { return inner_ && inner_->validates(); }
  std::string description() const override { return inner_ ? inner_->description() : "closed"; }
  void end() { inner_.reset(); }  // what is being asked fails at once

 private:
  std::unique_ptr<dns::Unbound> inner_;
};

Task<> end_in_time(net::Loop& loop, Limited& resolver) {
  co_await loop.sleep(limit_ms);
  resolver.end();
}

dns::UnboundOptions options_of(Program& program) {
  dns::UnboundOptions options;
  options.servers = {"resolv.conf"};
  const bool configured =
      program.config_file || std::getenv("FUTAR_CONFIG") || ::access("/etc/futar/futar.toml", R_OK) == 0;
  if (!configured) return options;
  const config::Config& config = program.config();
  options.servers = config.list("dns.servers");
  options.anchor_file = config.text("dns.anchor");
  options.timeout_ms = config.duration_ms("dns.timeout");
  return options;
}

net::Endpoint endpoint_of(std::string server) {
  if (const size_t at = server.rfind('@'); at != std::string::npos) server[at] = ':';
  if (server.starts_with("localhost:")) server.replace(0, 9, "127.0.0.1");
  if (auto endpoint = net::Endpoint::parse(server)) return *std::move(endpoint);
  if (const auto address = net::IpAddress::parse(server)) return {*address, 53};
  throw Stop{exit_code::usage, "--dns: ADDRESS:PORT, such as 127.0.0.1:53 or [::1]:53"};
}

Task<> run(const std::function<Task<>(dns::Resolver&, net::Loop&)>& work, dns::Resolver& resolver,
           net::Loop& loop, std::exception_ptr& failure) {
  try {
    co_await work(resolver, loop);
  } catch (...) {
    failure = std::current_exception();
  }
  loop.stop();
}

}  // namespace

void with_dns(Program& program, const std::string& server,
              const std::function<Task<>(dns::Resolver&, net::Loop&)>& work) {
  net::Loop loop;
  std::unique_ptr<dns::Resolver> resolver;
  if (server.empty()) {
    auto limited = std::make_unique<Limited>(need(dns::Unbound::open(loop, options_of(program))));
    loop.spawn("limit", end_in_time(loop, *limited));
    resolver = std::move(limited);
  } else {
    resolver = std::make_unique<dns::SingleServer>(endpoint_of(server), system_clock(), limit_ms);
  }
  std::exception_ptr failure;
  loop.spawn("judge", run(work, *resolver, loop, failure));
  loop.run();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace futar::deploy
