// A listener on loopback and clients of it, on one loop.
#pragma once
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "common/base/clock.h"
#include "common/net/listener.h"
#include "common/net/tls_context.h"
#include "tests/fakes/stream.h"

namespace futar::net {

inline int64_t in_ms(int64_t ms) { return system_clock().steady_ms() + ms; }

/// Reads until the peer closes.
inline Task<std::string> read_to_end(Stream& stream) {
  std::string all;
  char buffer[4096];
  try {
    while (true) all.append(buffer, co_await stream.read(buffer, sizeof buffer));
  } catch (const StreamClosed& closed) {
    if (closed.reason != StreamClosed::Reason::peer_closed) throw;
  }
  co_return all;
}

inline Task<std::string> read_exactly(Stream& stream, size_t size) {
  std::string all(size, '\0');
  for (size_t have = 0; have < size;) have += co_await stream.read(all.data() + have, size - have);
  co_return all;
}

/// Echoes until the peer closes.
inline Task<> echo(std::unique_ptr<Stream> stream) {
  char buffer[4096];
  while (true) {
    const size_t size = co_await stream->read(buffer, sizeof buffer);
    co_await stream->write({buffer, size});
  }
}

struct TemporaryFolder {
  std::string path = [] {
    std::string name = std::filesystem::temp_directory_path() / "futar-net-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
};

struct Server {
  Server(Loop& its_loop, Listener::Session session, ListenerOptions options = {}) : loop(its_loop) {
    Fd bound = *bind_tcp(*Endpoint::parse("127.0.0.1:0"));
    endpoint = *local_endpoint(bound);
    listener = std::make_unique<Listener>(loop, std::move(bound), std::move(options), std::move(session));
    listener->start();
  }
  Task<std::unique_ptr<Stream>> connect() {
    auto connected = co_await connect_tcp(loop, endpoint, in_ms(20'000));
    if (!connected) throw std::runtime_error(connected.error().text);
    co_return std::move(*connected);
  }
  Loop& loop;
  Endpoint endpoint;
  std::unique_ptr<Listener> listener;
};

}  // namespace futar::net
