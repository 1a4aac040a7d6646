// What an idle session costs (design §10), over real sockets. The clients live in a child process.
#include <doctest/doctest.h>
#include <malloc.h>
#include <sys/wait.h>

#include <fstream>

#include "common/net/listener.h"
#include "tests/common/smtp_server/session_fixture.h"

using namespace futar;
using namespace futar::smtp_server;

namespace {

constexpr size_t warm_up = 50, measured = 500;
constexpr ptrdiff_t lines_of_much = 30;

int64_t in_20_s() { return system_clock().steady_ms() + 20'000; }

// Connects, says EHLO (under TLS if wanted) and much else until `count` sessions stand; keeps them until
// `hold` is closed.
void run_clients(net::Endpoint server, size_t count, bool tls, int ready, int hold) {
  net::Loop loop;
  const auto context = *net::TlsContext::client("");
  std::vector<std::unique_ptr<net::Stream>> streams;
  std::string much;  // its memory must be given back
  for (int i = 0; i < lines_of_much; ++i) much += "NOOP " + std::string(2'000, 'x') + "\r\n";
  net::run(loop, [&]() -> Task<> {
    char buffer[4096];
    for (size_t i = 0; i < count; ++i) {
      auto stream = *co_await net::connect_tcp(loop, server, in_20_s());
      if (tls) co_await stream->start_tls_client(*context, {.sni = "mx.example.org"});
      co_await stream->read(buffer, sizeof buffer);
      co_await stream->write("EHLO client.example.org\r\n");
      co_await stream->read(buffer, sizeof buffer);
      co_await stream->write(much);
      for (ptrdiff_t replies = 0; replies < lines_of_much;) {
        const size_t size = co_await stream->read(buffer, sizeof buffer);
        replies += std::count(buffer, buffer + size, '\n');
      }
      streams.push_back(std::move(stream));
      if (i + 1 == warm_up || i + 1 == count) {
        if (write(ready, "x", 1) != 1 || read(hold, buffer, 1) < 0) co_return;
      }
    }
  });
}

size_t resident() {
  std::ifstream statm("/proc/self/statm");
  size_t total = 0, pages = 0;
  statm >> total >> pages;
  return pages * 4096;
}

struct Cost {
  double heap = 0, resident = 0;  ///< octets a session
};

Cost measure(bool tls) {
  int ready[2], hold[2];
  REQUIRE(pipe(ready) == 0);
  REQUIRE(pipe(hold) == 0);
  Fd bound = *net::bind_tcp(*net::Endpoint::parse("127.0.0.1:0"));
  const net::Endpoint endpoint = *net::local_endpoint(bound);
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    close(hold[1]);
    run_clients(endpoint, warm_up + measured, tls, ready[1], hold[0]);
    _exit(0);
  }
  close(hold[0]);
  SessionFixture fixture;
  REQUIRE(net::make_self_signed("mx.example.org", fixture.path + "/c", fixture.path + "/k"));
  fixture.script.tls = *net::TlsContext::server(fixture.path + "/c", fixture.path + "/k");
  fixture.options.implicit_tls = tls;
  net::ListenerOptions options;
  options.sessions_per_client = 0;
  net::Listener listener(fixture.loop, std::move(bound), options, [&](std::unique_ptr<net::Stream> stream) {
    return serve(std::move(stream), std::make_unique<ScriptedPolicy>(fixture.script), *fixture.spool,
                 system_clock(), fixture.options);
  });
  listener.start();
  Cost cost;
  net::run(fixture.loop, [&]() -> Task<> {
    char c;
    const auto clients_ready = [&] { return read(ready[0], &c, 1) == 1; };
    co_await fixture.workers.run([&] { clients_ready(); });
    const size_t heap = mallinfo2().uordblks, pages = resident();
    if (write(hold[1], "x", 1) != 1) co_return;
    co_await fixture.workers.run([&] { clients_ready(); });
    CHECK(listener.sessions() == warm_up + measured);
    cost.heap = static_cast<double>(mallinfo2().uordblks - heap) / measured;
    cost.resident = static_cast<double>(resident() - pages) / measured;
    close(hold[1]);
    co_await listener.stop(5'000);
  });
  waitpid(child, nullptr, 0);
  close(ready[0]);
  close(ready[1]);
  return cost;
}

}  // namespace

TEST_CASE("an idle session stays below 12 KiB, and below 26 KiB under TLS") {
  for (const bool tls : {false, true}) {
    const Cost cost = measure(tls);
    MESSAGE(std::string(tls ? "TLS" : "plain")
            << ": heap " << cost.heap << ", resident " << cost.resident << " octets a session");
    if (cost.heap == 0) continue;  // a sanitizer's allocator counts elsewhere
    CHECK(cost.heap > 500);
    CHECK(cost.heap < (tls ? 26 : 12) * 1024);
    CHECK(cost.resident < (tls ? 26 : 12) * 1024);
  }
}
