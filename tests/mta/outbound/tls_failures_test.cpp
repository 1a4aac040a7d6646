// Every way in which TLS can fail, over sockets with real handshakes: what becomes of the mail.
#include "common/net/listener.h"
#include "tests/fakes/pki.h"
#include "tests/mta/outbound/outbound_fixture.h"

using namespace futar;
using namespace futar::mta;
using Answer = ScriptedPeer::Answer;
using Then = Answer::Then;

namespace {

/// A host shows one certificate or breaks the handshake off.
struct Row {
  std::string what;
  TestPki::Wanted certificate = {};
  Answer instead = {};        ///< of "220" to STARTTLS and a handshake
  bool of_stranger = false;   ///< the certificate is of an authority that nobody trusts
  bool no_handshake = false;  ///< it answers it in clear
  bool verified = false;      ///< it proves its name
};

const Row rows[] = {
    {.what = "good", .verified = true},
    {.what = "expired", .certificate = {.from_s = -7200, .until_s = -3600}},
    {.what = "not valid yet", .certificate = {.from_s = 3600, .until_s = 7200}},
    {.what = "of another name", .certificate = {.names = {"mx.elsewhere.example"}}},
    {.what = "self-signed", .certificate = {.self_signed = true}},
    {.what = "of an authority that nobody trusts", .of_stranger = true},
    {.what = "cut off", .instead = {"220 2.0.0 go ahead\r\n", Then::close}},
    {.what = "answered in clear", .no_handshake = true},
    {.what = "not offered", .instead = {"454 4.7.0 not now\r\n"}},
};

/// The session's deadlines of five minutes end within a second.
class HurriedClock final : public Clock {
 public:
  int64_t wall_ms() const override { return system_clock().wall_ms(); }
  int64_t steady_ms() const override { return system_clock().steady_ms() - 299'000; }
};

/// Goes on in SMTP where a handshake should begin.
Task<> answer_in_clear(ScriptedPeer& peer, std::unique_ptr<net::Stream> stream) {
  ++peer.connections;
  peer.ended = true;
  char buffer[4096];
  for (const char* words : {"220 peer.example\r\n", "250-peer.example\r\n250 STARTTLS\r\n",
                            "220 2.0.0 go ahead\r\n", "500 5.5.1 what?\r\n"}) {
    co_await stream->write(words);
    peer.heard.append(buffer, co_await stream->read(buffer, sizeof buffer));
  }
}

struct TlsTable : OutboundFixture {
  TestPki pki, stranger;
  std::shared_ptr<net::TlsContext> client = *net::TlsContext::client(pki.authority_file());
  std::vector<std::shared_ptr<net::TlsContext>> contexts;
  std::vector<std::unique_ptr<net::Listener>> listeners;

  TlsTable() {
    tls = client.get();
    way_clock = &system_clock();
  }
  ~TlsTable() {
    listeners.clear();
    stop();
  }

  static std::string domain(size_t n) { return fmt::format("d{}.example", n); }

  Server& add(size_t n, const Row& row) {
    const std::string name = "mx." + domain(n);
    resolver.add(fmt::format("{} MX 10 {}", domain(n), name));
    Server& server = add_server(name, fmt::format("10.0.0.{}", n + 1));
    server.peer.keywords = {"STARTTLS"};
    TestPki::Wanted wanted = row.certificate;
    if (wanted.names.empty()) wanted.names = {name};
    contexts.push_back((row.of_stranger ? stranger : pki).server(wanted));
    server.peer.tls = contexts.back().get();
    if (!row.instead.octets.empty()) server.peer.script["STARTTLS"] = {row.instead};
    auto bound = *net::bind_tcp(*net::Endpoint::parse("127.0.0.1:0"));
    server.port = net::local_endpoint(bound)->port;
    listeners.push_back(std::make_unique<net::Listener>(
        loop, std::move(bound), net::ListenerOptions{},
        [&server, deaf = row.no_handshake](std::unique_ptr<net::Stream> stream) {
          return deaf && server.peer.connections == 0 ? answer_in_clear(server.peer, std::move(stream))
                                                      : server.peer.serve(std::move(stream));
        }));
    listeners.back()->start();
    return server;
  }
  Recipient send(size_t n) {
    const std::string address = "b@" + domain(n);
    REQUIRE(accept(message({address})).has_value());
    REQUIRE(wait_until_tried());
    check_record();
    return recipients().at(address);
  }
  void check_kept(const Recipient& r, const Server& server) {
    CHECK(r.state == State::waiting);
    CHECK(r.status == "4.7.5");
    CHECK(r.attempts == 1);
    CHECK_FALSE(r.reason.empty());
    CHECK(server.peer.connections == 1);
    CHECK_FALSE(server.peer.heard.contains("MAIL FROM"));
  }
};

}  // namespace

TEST_CASE("where a host must prove its name, it waits at every failure of TLS, and no octet of it goes") {
  TlsTable table;
  table.policy_options.wishes["*"] = TlsWish::verify;
  std::vector<Server*> all;
  for (size_t n = 0; n < std::size(rows); ++n) all.push_back(&table.add(n, rows[n]));
  table.start();
  for (size_t n = 0; n < std::size(rows); ++n) {
    CAPTURE(rows[n].what);
    const Recipient r = table.send(n);
    if (rows[n].verified)
      CHECK(r.state == State::relayed);
    else
      table.check_kept(r, *all[n]);
  }
}

TEST_CASE("where TLS is not asked for, each of its failures costs at most one connection, and no mail") {
  TlsTable table;
  std::vector<Server*> all;
  for (size_t n = 0; n < std::size(rows); ++n) all.push_back(&table.add(n, rows[n]));
  table.start();
  for (size_t n = 0; n < std::size(rows); ++n) {
    CAPTURE(rows[n].what);
    const Recipient r = table.send(n);
    CHECK(r.state == State::relayed);
    CHECK(all[n]->peer.messages.size() == 1);
    CHECK(all[n]->peer.connections == (rows[n].instead.then == Then::close || rows[n].no_handshake ? 2 : 1));
  }
}

TEST_CASE("under DANE the record alone counts: a good certificate that it does not name gets nothing") {
  TlsTable table;
  const auto add = [&](size_t n, const Row& row, bool matches) -> Server& {
    Server& server = table.add(n, row);
    table.resolver.sign(table.domain(n));
    const auto shown = matches ? table.contexts.back() : table.pki.server({.names = {"other.example"}});
    std::string hex;
    for (const unsigned char octet : table.pki.tlsa(*shown, 3, 1, 1).data)
      hex += fmt::format("{:02x}", octet);
    table.resolver.add(fmt::format("_25._tcp.mx.{} TLSA 3 1 1 {}", table.domain(n), hex));
    return server;
  };
  for (size_t n = 0; n < std::size(rows); ++n) add(n, rows[n], true);
  Server& wrong = add(std::size(rows), rows[0], false);
  table.start();
  for (size_t n = 0; n < std::size(rows); ++n) {
    CAPTURE(rows[n].what);
    const bool shakes_hands = rows[n].instead.octets.empty() && !rows[n].no_handshake;
    CHECK(table.send(n).state == (shakes_hands ? State::relayed : State::waiting));
  }
  table.check_kept(table.send(std::size(rows)), wrong);
}

TEST_CASE("a host that falls silent in the handshake has failed it") {
  const HurriedClock hurried;
  TlsTable table;
  table.way_clock = &hurried;
  table.policy_options.wishes["*"] = TlsWish::require;
  const Server& server = table.add(0, {.what = "silent", .instead = {"220 2.0.0 go ahead\r\n", Then::stall}});
  table.start();
  table.check_kept(table.send(0), server);
}
