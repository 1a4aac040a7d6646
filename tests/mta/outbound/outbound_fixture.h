// All of mta/outbound over a real queue: a DNS in a table, scripted servers, a clock that stands.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "mta/outbound/outbound.h"
#include "mta/queue/destination_store.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/scripted_peer.h"
#include "tests/mta/queue/queue_fixture.h"

namespace futar::mta {

inline net::TlsContext& tls_context() {
  static const std::shared_ptr<net::TlsContext> context = *net::TlsContext::client("");
  return *context;
}

/// What stands at one address.
struct Server {
  ScriptedPeer peer;
  std::string connect_failure;  ///< not empty: nobody gets through to it
  std::string tls_failure;      ///< not empty: its handshake ends so
  net::StreamClosed::Reason tls_failed_by = net::StreamClosed::Reason::tls_failed;
  bool hangs = false;             ///< neither through nor refused
  size_t connections = SIZE_MAX;  ///< at most; then nobody gets through
  uint16_t port = 0;              ///< on 127.0.0.1, of a server with a socket; 0: the peer, in memory
};

class OutboundFixture : public QueueFixture {
 public:
  explicit OutboundFixture(RouteRules route = {}) : QueueFixture(std::move(route)) {}
  ~OutboundFixture() { stop(); }

  // What a test sets before start().
  FakeResolver resolver;
  std::map<std::string, std::shared_ptr<Server>> servers;  ///< by address; elsewhere nobody listens
  WayOptions way_options;
  PolicyOptions policy_options;
  net::TlsContext* tls = &tls_context();
  const Clock* way_clock = &clock;

  std::vector<int64_t> tries;  ///< the wall clock at each connection that was tried
  std::unique_ptr<TlsPolicies> policies;
  std::unique_ptr<Way> way;
  std::unique_ptr<Egress> egress;  ///< none: nothing is looked at
  std::unique_ptr<Outbound> outbound;

  void start() {
    write([](store::Database& database) { return create_sts_tables(database); });
    policies =
        std::make_unique<TlsPolicies>(loop, resolver, *tls, *writer_, *reader_, *way_clock, policy_options);
    way_options.hello = "mail.futar.test";
    way_options.connect = [this](net::Loop&, net::Endpoint to, int64_t) { return connect(to); };
    way = std::make_unique<Way>(loop, resolver, *policies, *tls, *workers_, *way_clock, way_options);
    OutboundOptions options;
    options.idle_ms = 1;
    options.egress = egress.get();
    outbound = std::make_unique<Outbound>(loop, *remote, *way, *spool_, clock, options);
    outbound->start();
  }
  void stop() {
    if (!outbound) return;
    run_task(loop, outbound->stop(0));
    stopping_ = true;
    run_until(loop, [this] { return outbound->lanes() == 0; });
    QueueFixture::restart();  // waits for the coroutines
    outbound.reset();
    way.reset();
    policies.reset();
    stopping_ = false;
  }
  /// A new process on the same folder.
  void restart() {
    stop();
    start();
  }

  /// A server with that name and address.
  Server& add_server(const std::string& name, const std::string& address) {
    resolver.add(fmt::format("{} A {}", name, address));
    auto& server = servers[address];
    server = std::make_shared<Server>();
    server->peer.tls = &tls_context();
    return *server;
  }

  /// Outbound looks at once, not at its next look.
  void wake() {
    Conclusions nothing = queue->nothing_concluded();
    nothing.children_wait = true;
    queue->settle(nothing);
  }
  /// Until all that is due at other servers has been tried.
  bool wait_until_tried() {
    return run_until(loop, [this] { return outbound->lanes() == 0 && !is_anything_due(); }, 60'000);
  }
  bool is_anything_due() {
    bool due = false;
    look([&](store::Database& database) {
      for (const Listed& one : *select_open(database, {}, clock.wall_ms(), 100'000)) {
        const Recipient& r = one.recipient;
        due |= r.destination != 0 &&
               (r.state == State::in_flight || (r.state == State::waiting && r.due_ms <= clock.wall_ms()));
      }
    });
    return due;
  }

  /// All of them, by address.
  std::map<std::string, Recipient> recipients() {
    std::map<std::string, Recipient> all;
    look([&](store::Database& database) {
      for (const Traced& one : *find_traced(database, {}, 100'000))
        for (const Recipient& r : one.recipients) all[r.address.text()] = r;
    });
    return all;
  }
  Destination destination(int64_t key) {
    Destination found;
    look([&](store::Database& database) { found = *load_destination(database, key); });
    return found;
  }
  /// Nobody is lost, nobody is in two states, nobody is on the way.
  void check_record() {
    CHECK(problems().empty());
    const Census now = census();
    CHECK(now.accepted + now.added == now.terminal + now.waiting + now.held);
    CHECK(now.in_flight == 0);
  }

 private:
  void write(std::function<Result<void>(store::Database&)> change) {
    bool done = false;
    writer_->submit(std::move(change), [&](Result<void> result) { done = result.has_value(); });
    REQUIRE(run_until(loop, [&] { return done; }));
  }
  Task<Result<std::unique_ptr<net::Stream>>> connect(net::Endpoint to) {
    tries.push_back(clock.wall_ms());
    const auto at = servers.find(to.address.text());
    if (at == servers.end()) co_return fail(Error::temporary("Connection refused"));
    Server& server = *at->second;
    while (server.hangs && !stopping_) co_await loop.sleep(1);
    if (server.peer.connections >= server.connections) server.connect_failure = "Connection refused";
    if (!server.connect_failure.empty()) co_return fail(Error::temporary(server.connect_failure));
    while (server.peer.connections > 0 && !server.peer.ended) co_await loop.sleep(0);
    if (server.port != 0)
      co_return co_await net::connect_tcp(loop, {*net::IpAddress::parse("127.0.0.1"), server.port},
                                          system_clock().steady_ms() + 10'000);
    auto stream = server.peer.connect(loop);
    stream->tls_failure = server.tls_failure;
    stream->tls_failed_by = server.tls_failed_by;
    stream->peer_endpoint = to;
    co_return std::move(stream);
  }

  bool stopping_ = false;
};

}  // namespace futar::mta
