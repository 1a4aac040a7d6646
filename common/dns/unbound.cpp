#include "common/dns/unbound.h"

#include <algorithm>
#include <list>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/dns/context.h"
#include "common/dns/servers.h"
#include "common/log/log.h"
#include "common/net/gate.h"

namespace futar::dns {

namespace {

constexpr int64_t server_ms = 2'500;  // one of several that are asked directly
constexpr int64_t trial_ms = 4'000;   // two ways fit into the default dns.timeout
constexpr int64_t first_pause_ms = 10'000, longest_pause_ms = 3'600'000;

Answer failure(std::string why) {
  Answer answer;
  answer.why = std::move(why);
  return answer;
}

}  // namespace

// Shared with the coroutines that ask and with the one that chooses: they may end after the resolver has
// gone.
struct Unbound::Impl {
  Impl(net::Loop& l, UnboundOptions o, Servers s)
      : loop(l), options(std::move(o)), servers(std::move(s)), way(ways(servers).front()), stop(l) {}

  net::Loop& loop;
  const UnboundOptions options;
  const Servers servers;
  std::string zone = ".";  // of the trust anchor

  Way way;                           // in use,
  std::shared_ptr<Context> context;  // through this; none: dns.servers = []
  std::shared_ptr<Context> trial;    // the way that is being tried
  bool proven = false;               // somebody has answered this way
  bool chosen = false;               // each way has been tried once
  bool stopped = false;
  net::Gate stop;
  std::list<net::Gate> waiting;  // who asked before the first choice

  Result<std::shared_ptr<Context>> open(Way by) const {
    ContextOptions how;
    if (by != Way::recurse) how.forwarders = servers.forwarders;
    how.anchor_file = options.anchor_file;
    how.validate = by != Way::forward_plain;
    return Context::open(loop, how);
  }

  void settle(Way by) {
    way = by;
    context = std::move(trial);
    proven = true;
    log::line(way == Way::forward_plain ? log::Level::warning : log::Level::info,
              "dns: " + describe(way, servers, proven));
  }

  void let_go() {
    chosen = true;
    for (auto& gate : waiting) gate.open();
  }

  static Task<bool> works(std::shared_ptr<Impl> self, Way by);
  static Task<> choose(std::shared_ptr<Impl> self);
  static Task<Answer> ask(std::shared_ptr<Impl> self, std::string name, Type type);
};

// A forwarder that drops signatures, or does not know DNSKEY, shows it here: the keys of the anchor's zone
// come through validated, or this way cannot validate anything.
Task<bool> Unbound::Impl::works(std::shared_ptr<Impl> self, Way by) {
  const bool plain = by == Way::forward_plain;
  const int type = plain ? static_cast<int>(Type::soa) : type_dnskey;
  const int64_t limit = std::min(trial_ms, self->options.timeout_ms);
  const Answer answer = co_await Context::ask(self->trial, self->zone, type, limit);
  co_return plain ? answer.has_records() : answer.secure;
}

// Until a way validates: silence changes nothing, and the loss of DNSSEC is looked at again, since networks
// heal.
Task<> Unbound::Impl::choose(std::shared_ptr<Impl> self) {
  for (int64_t pause = first_pause_ms;; pause = std::min(pause * 2, longest_pause_ms)) {
    for (const Way by : ways(self->servers)) {
      if (self->proven && by == self->way) break;  // nothing better than what there is
      auto opened = !self->chosen && by == self->way ? self->context : self->open(by);
      if (!opened) {
        log::error("{}", opened.error().text);
        continue;
      }
      self->trial = *std::move(opened);
      const bool good = co_await works(self, by);
      if (self->stopped) co_return;
      if (good) {
        self->settle(by);
        break;
      }
    }
    self->trial.reset();
    self->let_go();
    if (self->proven && self->way != Way::forward_plain) co_return;
    co_await self->stop.wait_for(pause);
    if (self->stopped) co_return;
  }
}

Task<Answer> Unbound::Impl::ask(std::shared_ptr<Impl> self, std::string name, Type type) {
  if (!self->context) co_return failure("dns.servers = [], nothing is asked");
  const int64_t deadline = system_clock().steady_ms() + self->options.timeout_ms;
  if (!self->chosen) {
    const auto turn = self->waiting.emplace(self->waiting.end(), self->loop);
    co_await turn->wait_for(self->options.timeout_ms);
    self->waiting.erase(turn);
  }
  if (self->stopped) co_return failure("the resolver is closing");
  const int64_t left = deadline - system_clock().steady_ms();
  if (left <= 0) co_return failure("no resolver has answered yet");
  co_return co_await Context::ask(self->context, std::move(name), static_cast<int>(type), left);
}

Unbound::Unbound() = default;

Result<std::unique_ptr<Unbound>> Unbound::open(net::Loop& loop, UnboundOptions options) {
  const bool asks = !options.servers.empty();
  const auto resolv_conf = read_file(options.resolv_conf);  // none: nobody is named, as with an empty one
  auto servers = TRY(parse_servers(options.servers, resolv_conf ? *resolv_conf : ""));
  std::unique_ptr<Unbound> resolver(new Unbound);
  resolver->impl_ = std::make_shared<Impl>(loop, std::move(options), std::move(servers));
  auto& impl = *resolver->impl_;
  if (!asks) return resolver;
  if (!impl.options.anchor_file.empty()) impl.zone = anchor_zone(TRY(read_file(impl.options.anchor_file)));
  impl.context = TRY(impl.open(impl.way));
  loop.spawn("dns", Impl::choose(resolver->impl_));
  return resolver;
}

Unbound::~Unbound() {
  if (!impl_) return;
  impl_->stopped = true;
  impl_->stop.open();
  impl_->let_go();
  for (const auto& context : {impl_->context, impl_->trial})
    if (context) context->abandon();
}

Task<Answer> Unbound::ask(std::string name, Type type) { return Impl::ask(impl_, std::move(name), type); }

// A context of its own, since the caches of the others would answer.
Task<Answer> Unbound::ask_server(std::string server, std::string zone, std::string name, Type type) {
  if (!impl_->context) co_return failure("dns.servers = [], nothing is asked");
  ContextOptions how;
  if (impl_->way != Way::recurse) how.forwarders = impl_->servers.forwarders;
  how.validate = false;
  how.zone = std::move(zone);
  how.server = std::move(server);
  auto context = Context::open(impl_->loop, how);
  if (!context) co_return failure(context.error().text);
  co_return co_await Context::ask(*std::move(context), std::move(name), static_cast<int>(type),
                                  std::min(server_ms, impl_->options.timeout_ms));
}

bool Unbound::validates() const { return impl_->context && impl_->way != Way::forward_plain; }

std::string Unbound::description() const {
  if (!impl_->context) return "no DNS (dns.servers = [])";
  return describe(impl_->way, impl_->servers, impl_->proven);
}

}  // namespace futar::dns
