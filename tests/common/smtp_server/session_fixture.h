// One session over a fake stream, with a scripted policy and a spool folder of its own.
#pragma once
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "common/smtp_server/session.h"
#include "tests/common/smtp_server/scripted_policy.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/stream.h"

namespace futar::smtp_server {

struct SessionFixture {
  std::string path = [] {
    std::string name = std::filesystem::temp_directory_path() / "futar-session-XXXXXX";
    return std::string(mkdtemp(name.data()));
  }();
  net::Loop loop;
  net::Workers workers{loop, 1, "spool"};
  std::unique_ptr<spool::Folder> spool = *spool::Folder::open(path + "/spool", loop, workers);
  FakeClock clock;
  Script script;
  SessionOptions options;
  net::Fault fault;
  size_t read_at_most = SIZE_MAX;
  std::optional<uint32_t> uid;
  net::FakeStream* server = nullptr;  ///< owned by the session; null once it has ended
  bool ended = false;

  SessionFixture() { script.tls = *net::TlsContext::client(""); }
  ~SessionFixture() { std::filesystem::remove_all(path); }

  /// Starts the session; returns the client's end.
  std::unique_ptr<net::FakeStream> connect() {
    auto [client_end, server_end] = net::FakeStream::make_pair(loop);
    server = server_end.get();
    server->fault = &fault;
    server->read_at_most = read_at_most;
    server->uid = uid;
    server->peer_endpoint = *net::Endpoint::parse("192.0.2.9:4711");
    const auto session = [](SessionFixture& fixture, std::unique_ptr<net::Stream> stream) -> Task<> {
      co_await serve(std::move(stream), std::make_unique<ScriptedPolicy>(fixture.script), *fixture.spool,
                     fixture.clock, fixture.options);
      fixture.server = nullptr;
      fixture.ended = true;
    };
    loop.spawn("session", session(*this, std::move(server_end)));
    return std::move(client_end);
  }

  std::string text_of(const spool::Body& body) const {
    std::string text;
    while (true) {
      const auto piece = spool->read(body, text.size(), 1 << 20);
      if (!piece) return "cannot read: " + piece.error().text;
      if (piece->empty()) return text;
      text += *piece;
    }
  }

  /// Waits for the session's end and for what it left to the worker, which unlinks.
  Task<> until_ended() {
    while (!ended) co_await loop.sleep(1);
    co_await workers.run([] {});
  }

  size_t spool_files() const {
    size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path + "/spool"))
      count += entry.is_regular_file();
    return count;
  }
};

/// Sends group after group, each after a reply to the one before; returns all that the session said until it
/// closed.
inline Task<std::string> converse(net::FakeStream& client, std::vector<std::string> groups) {
  std::string heard;
  char buffer[4096];
  try {
    heard.append(buffer, co_await client.read(buffer, sizeof buffer));
    for (const auto& group : groups) {
      co_await client.write(group);
      heard.append(buffer, co_await client.read(buffer, sizeof buffer));
    }
    while (true) heard.append(buffer, co_await client.read(buffer, sizeof buffer));
  } catch (const net::StreamClosed&) {
    // Whatever closed it, what was heard counts.
  }
  co_return heard;
}

}  // namespace futar::smtp_server
