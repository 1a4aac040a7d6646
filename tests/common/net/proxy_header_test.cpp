#include "common/net/proxy_header.h"

#include <doctest/doctest.h>

#include "tests/common/net/fixture.h"
#include "tests/common/net/proxied.h"

using namespace futar;
using namespace futar::net;

namespace {

std::string fault(const std::string& octets) {
  const auto header = decode_proxy_header(octets);
  return header ? "none" : header.error().text;
}

}  // namespace

TEST_CASE("a header names the client over IPv4 and IPv6, and what stands behind the addresses is skipped") {
  for (const std::string& tlvs : {std::string(), std::string("\x04\x00\x02xx", 5)}) {
    const auto v4 = decode_proxy_header(proxied_v4("203.0.113.9", 4711, tlvs));
    REQUIRE(v4);
    CHECK_FALSE(v4->is_own);
    CHECK(v4->client.text() == "203.0.113.9:4711");
    CHECK(v4->server.text() == "192.0.2.25:25");
    const auto v6 = decode_proxy_header(proxied_v6("2001:db8::9", 4711, tlvs));
    REQUIRE(v6);
    CHECK(v6->client.text() == "[2001:db8::9]:4711");
    CHECK(v6->server.text() == "[2001:db8::25]:25");
  }
}

TEST_CASE("LOCAL is the proxy itself, whatever addresses stand in it") {
  CHECK(decode_proxy_header(proxy_header(0x20, 0x00, ""))->is_own);
  CHECK(decode_proxy_header(proxy_header(0x20, 0x11, std::string(12, 'x')))->is_own);
}

TEST_CASE("whoever is not named for sure is not taken") {
  CHECK(fault(std::string("PROXY TCP4 203.0.113.9 192.0.2.25 4711 25\r\n")) ==
        "it does not begin with a PROXY header of version 2");
  CHECK(fault("EHLO x\r\n") == "it does not begin with a PROXY header of version 2");
  CHECK(fault(proxy_header(0x11, 0x11, std::string(12, 'x'))).contains("version 2"));
  CHECK(fault(proxy_header(0x22, 0x11, std::string(12, 'x'))) == "its PROXY header has command 2");
  for (const int family : {0x00, 0x01, 0x10, 0x12, 0x22, 0x31, 0x41})
    CHECK(fault(proxy_header(0x21, static_cast<uint8_t>(family), std::string(216, 'x')))
              .contains("not of TCP"));
  CHECK(fault(proxy_header(0x21, 0x11, std::string(11, 'x'))) == "its addresses are cut off");
  CHECK(fault(proxy_header(0x21, 0x21, std::string(35, 'x'))) == "its addresses are cut off");
  CHECK(fault(proxied_v4("203.0.113.9", 1) + "x") == "its PROXY header has another length");
  CHECK(proxy_header_rest(proxy_header(0x21, 0x11, std::string(2048, 'x'))).value() == 2048);
  CHECK_FALSE(proxy_header_rest(proxy_header(0x21, 0x11, std::string(2049, 'x'))));
}

TEST_CASE("a listed proxy says who the client is, in pieces too, and not an octet more is read") {
  Loop loop;
  ListenerOptions options;
  options.proxies = {*Network::parse("127.0.0.0/8")};
  Server server(
      loop,
      [](std::unique_ptr<Stream> stream) -> Task<> {
        char buffer[64];
        const size_t size = co_await stream->read(buffer, sizeof buffer);
        co_await stream->write(stream->peer().text() + " " + stream->local().text() + " " +
                               std::string(buffer, size));
      },
      options);
  run(loop, [&]() -> Task<> {
    auto client = co_await server.connect();
    for (const char octet : proxied_v4("203.0.113.9", 4711, std::string(300, 't'))) {
      co_await client->write({&octet, 1});
      co_await loop.sleep(0);
    }
    co_await client->write("EHLO");
    CHECK(co_await read_to_end(*client) == "203.0.113.9:4711 192.0.2.25:25 EHLO");

    auto at_once = co_await server.connect();
    co_await at_once->write(proxied_v6("2001:db8::9", 4711) + "EHLO");
    CHECK(co_await read_to_end(*at_once) == "[2001:db8::9]:4711 [2001:db8::25]:25 EHLO");

    auto check = co_await server.connect();
    co_await check->write(proxy_header(0x20, 0x00, "") + "EHLO");
    CHECK((co_await read_to_end(*check)).starts_with("127.0.0.1:"));
    CHECK(server.listener->sessions() == 0);
  });
}

TEST_CASE(
    "a listed proxy without its header is closed: at once by what it says, by the deadline when silent") {
  Loop loop;
  ListenerOptions options;
  options.proxies = {*Network::parse("127.0.0.1")};
  options.proxy_patience_ms = 50;
  size_t served = 0;
  Server server(
      loop,
      [&](std::unique_ptr<Stream>) -> Task<> {
        ++served;
        co_return;
      },
      options);
  run(loop, [&]() -> Task<> {
    for (const std::string& said :
         {std::string("EHLO client.example\r\nMAIL"), std::string(), proxy_header(0x21, 0x00, ""),
          proxied_v4("203.0.113.9", 1).substr(0, 20)}) {
      auto client = co_await server.connect();
      co_await client->write(said);
      CHECK(co_await read_to_end(*client) == "");
    }
    CHECK(served == 0);
    CHECK(server.listener->sessions() == 0);
  });
}

TEST_CASE("from others the header is never looked at") {
  Loop loop;
  ListenerOptions options;
  options.proxies = {*Network::parse("192.0.2.1")};
  Server server(loop, echo, options);
  run(loop, [&]() -> Task<> {
    auto client = co_await server.connect();
    const std::string header = proxied_v4("203.0.113.9", 4711);
    co_await client->write(header);
    CHECK(co_await read_exactly(*client, header.size()) == header);
  });
}

TEST_CASE("the limit per client counts those behind a proxy, not the proxy") {
  Loop loop;
  ListenerOptions options;
  options.proxies = {*Network::parse("127.0.0.1")};
  options.sessions_per_client = 1;
  options.over_limit_reply = "421\r\n";
  Server server(loop, echo, options);
  run(loop, [&]() -> Task<> {
    std::vector<std::unique_ptr<Stream>> open;
    for (const char* address : {"203.0.113.9", "203.0.113.10", "203.0.113.11"}) {
      open.push_back(co_await server.connect());
      co_await open.back()->write(proxied_v4(address, 1) + "x");
      CHECK(co_await read_exactly(*open.back(), 1) == "x");
    }
    auto second = co_await server.connect();
    co_await second->write(proxied_v4("203.0.113.9", 2) + "x");
    CHECK(co_await read_to_end(*second) == "421\r\n");
    CHECK(server.listener->refused() == 1);
    open.front()->close();
    while (server.listener->sessions() == 3) co_await loop.sleep(1);
    auto again = co_await server.connect();
    co_await again->write(proxied_v4("203.0.113.9", 3) + "x");
    CHECK(co_await read_exactly(*again, 1) == "x");
  });
}
