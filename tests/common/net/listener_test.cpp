#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/common/net/fixture.h"

using namespace futar;
using namespace futar::net;
using Reason = StreamClosed::Reason;

TEST_CASE("what is written arrives, in both directions, also when it is larger than the socket's buffers") {
  Loop loop;
  Server server(loop, echo);
  run(loop, [&]() -> Task<> {
    auto client = co_await server.connect();
    const std::string large(8 << 20, 'x');
    Gate read_all(loop);
    std::string back;
    // The echo stops reading while nobody reads its answer: both ends must go on at once.
    const auto reader = [](Stream& stream, size_t size, std::string& into, Gate& done) -> Task<> {
      into = co_await read_exactly(stream, size);
      done.open();
    };
    loop.spawn("reader", reader(*client, large.size(), back, read_all));
    co_await client->write(large);
    co_await read_all.wait();
    CHECK(back == large);
    CHECK(client->peer().port == server.endpoint.port);
    CHECK(client->local().address.is_loopback());
    CHECK_FALSE(client->peer_uid());
  });
}

TEST_CASE("a read past its deadline ends with Reason::deadline within two seconds") {
  Loop loop;
  std::optional<Reason> ended;
  int64_t after = 0;
  Server server(loop, [&](std::unique_ptr<Stream> stream) -> Task<> {
    const int64_t start = system_clock().steady_ms();
    stream->set_deadline(start + 100);
    char c;
    try {
      co_await stream->read(&c, 1);
    } catch (const StreamClosed& closed) {
      ended = closed.reason;
    }
    after = system_clock().steady_ms() - start;
    stream->set_deadline(start + 10'000);
    co_await stream->write("late\r\n");  // a later deadline revives the stream for the farewell
  });
  run(loop, [&]() -> Task<> {
    auto client = co_await server.connect();
    CHECK(co_await read_to_end(*client) == "late\r\n");
  });
  CHECK(ended == Reason::deadline);
  CHECK(after >= 100);
  CHECK(after < 2'500);
}

TEST_CASE("clients over a limit get the reply and are closed, others are served") {
  Loop loop;
  ListenerOptions options;
  options.sessions_per_client = 2;
  options.over_limit_reply = "421 4.7.0 Too many\r\n";
  SUBCASE("per client") {}
  SUBCASE("in total, also for clients without a limit of their own") {
    options.sessions = 2;
    options.unlimited = [](const IpAddress&) { return true; };
  }
  Server server(loop, echo, options);
  run(loop, [&]() -> Task<> {
    auto first = co_await server.connect();
    auto second = co_await server.connect();
    auto third = co_await server.connect();
    CHECK(co_await read_to_end(*third) == "421 4.7.0 Too many\r\n");
    CHECK(server.listener->sessions() == 2);
    CHECK(server.listener->refused() == 1);
    first->close();
    while (server.listener->sessions() == 2) co_await loop.sleep(1);
    auto fourth = co_await server.connect();
    co_await fourth->write("hello");
    CHECK(co_await read_exactly(*fourth, 5) == "hello");
    CHECK(server.listener->accepted() == 3);
  });
}

TEST_CASE("a listed client is not limited") {
  Loop loop;
  ListenerOptions options;
  options.sessions_per_client = 1;
  options.unlimited = [](const IpAddress& address) { return address.is_loopback(); };
  Server server(loop, echo, options);
  run(loop, [&]() -> Task<> {
    std::vector<std::unique_ptr<Stream>> clients;
    for (int i = 0; i < 5; ++i) clients.push_back(co_await server.connect());
    co_await clients.back()->write("x");
    CHECK(co_await read_exactly(*clients.back(), 1) == "x");
  });
}

TEST_CASE("stop ends idle sessions with a farewell and lets busy ones finish") {
  Loop loop;
  Gate release(loop);
  Server server(loop, [&](std::unique_ptr<Stream> stream) -> Task<> {
    char c;
    co_await stream->read(&c, 1);
    if (c == 'b') {
      co_await release.wait();
      co_await stream->write("done");
      co_return;
    }
    stream->set_idle(true);
    bool shutting_down = false;
    try {
      co_await stream->read(&c, 1);
    } catch (const StreamClosed& closed) {
      shutting_down = closed.reason == Reason::shutdown;
    }
    if (shutting_down) co_await stream->write("bye");
  });
  run(loop, [&]() -> Task<> {
    auto idle = co_await server.connect(), busy = co_await server.connect();
    co_await idle->write("i");
    co_await busy->write("b");
    co_await loop.sleep(20);
    Gate stopped(loop);
    const auto stop = [](Listener& listener, Gate& done) -> Task<> {
      co_await listener.stop(5'000);
      done.open();
    };
    loop.spawn("stop", stop(*server.listener, stopped));
    CHECK(co_await read_to_end(*idle) == "bye");
    CHECK_FALSE(stopped.is_open());
    CHECK_FALSE(co_await connect_tcp(loop, server.endpoint, in_ms(1'000)));  // nothing listens any more
    release.open();
    CHECK(co_await read_to_end(*busy) == "done");
    co_await stopped.wait();
    CHECK(server.listener->sessions() == 0);
  });
}

TEST_CASE("stop closes what is still open when the grace has passed") {
  Loop loop;
  Server server(loop, echo);
  run(loop, [&]() -> Task<> {
    auto client = co_await server.connect();
    co_await client->write("x");
    co_await read_exactly(*client, 1);
    const int64_t start = system_clock().steady_ms();
    co_await server.listener->stop(50);
    CHECK(system_clock().steady_ms() - start < 1'000);
    CHECK(co_await read_to_end(*client) == "");
  });
}

TEST_CASE("running out of descriptors is told to the client and does not end the listener") {
  Loop loop;
  ListenerOptions options;
  options.over_limit_reply = "421\r\n";
  Server server(loop, echo, options);
  run(loop, [&]() -> Task<> {
    auto first = co_await server.connect();
    co_await first->write("x");
    co_await read_exactly(*first, 1);
    rlimit old{};
    getrlimit(RLIMIT_NOFILE, &old);
    std::vector<Fd> hoard;
    const rlimit few{64, old.rlim_max};
    setrlimit(RLIMIT_NOFILE, &few);
    while (true) {
      Fd fd(open("/dev/null", O_RDONLY | O_CLOEXEC));
      if (!fd.is_open()) break;
      hoard.push_back(std::move(fd));
    }
    hoard.pop_back();  // one descriptor for the client's end, none for the server's
    auto second = co_await server.connect();
    CHECK(co_await read_to_end(*second) == "421\r\n");
    hoard.clear();
    setrlimit(RLIMIT_NOFILE, &old);
    auto third = co_await server.connect();
    co_await third->write("y");
    CHECK(co_await read_exactly(*third, 1) == "y");
  });
}

TEST_CASE("an exception ends one session only") {
  Loop loop;
  Server server(loop, [](std::unique_ptr<Stream>) -> Task<> {
    throw std::runtime_error("a bug");
    co_return;
  });
  run(loop, [&]() -> Task<> {
    for (int i = 0; i < 2; ++i) {
      auto client = co_await server.connect();
      CHECK(co_await read_to_end(*client) == "");
    }
    CHECK(server.listener->sessions() == 0);
  });
}

TEST_CASE("a UNIX socket has its mode, tells the peer's user and replaces a stale one") {
  TemporaryFolder folder;
  const std::string path = folder.path + "/submit";
  for (int i = 0; i < 2; ++i) {
    Loop loop;
    auto bound = bind_unix(path, 0660);
    REQUIRE(bound);
    struct stat status{};
    REQUIRE(stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0660);
    std::optional<uint32_t> uid;
    Listener listener(loop, std::move(*bound), {}, [&](std::unique_ptr<Stream> stream) -> Task<> {
      uid = stream->peer_uid();
      co_await stream->write("hi");
    });
    listener.start();
    run(loop, [&]() -> Task<> {
      auto client = co_await connect_unix(loop, path, in_ms(5'000));
      REQUIRE(client);
      CHECK(co_await read_to_end(**client) == "hi");
    });
    CHECK(uid == getuid());
  }
  CHECK_FALSE(bind_unix(std::string(200, 'x'), 0600));
}

TEST_CASE("[::] takes IPv4 too, and yields it to a socket of its own") {
  auto both = bind_tcp(*Endpoint::parse("[::]:0"));
  if (!both) return;  // no IPv6 on this machine
  const uint16_t port = local_endpoint(*both)->port;
  CHECK_FALSE(bind_tcp({*IpAddress::parse("0.0.0.0"), port}));
  both->reset();
  auto v4 = bind_tcp({*IpAddress::parse("0.0.0.0"), port});
  CHECK(v4);
  CHECK(bind_tcp({*IpAddress::parse("::"), port}));
}

TEST_CASE("a refused connection is an error, not an exception") {
  Loop loop;
  run(loop, [&]() -> Task<> {
    Fd bound = *bind_tcp(*Endpoint::parse("127.0.0.1:0"));
    const Endpoint endpoint = *local_endpoint(bound);
    bound.reset();
    const auto refused = co_await connect_tcp(loop, endpoint, in_ms(5'000));
    CHECK_FALSE(refused);
    CHECK(refused.error().kind == Error::Kind::temporary);
  });
}
