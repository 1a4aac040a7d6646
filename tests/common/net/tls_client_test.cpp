// What a client accepts of a server, over real handshakes on loopback.
#include "common/net/tls_client.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/common/net/fixture.h"
#include "tests/fakes/pki.h"

using namespace futar;
using namespace futar::net;
using Proof = TlsExpectation::Proof;

namespace {

const std::string host = "mx1.remote.example";

struct Outcome {
  std::string refusal;  ///< "" = the handshake was good
  TlsInfo info;
};

/// A server behind TLS that echoes, and handshakes with it.
struct World {
  TestPki pki;
  Loop loop;
  std::shared_ptr<TlsContext> shown;
  std::shared_ptr<TlsContext> client = *TlsContext::client(pki.authority_file());
  Server server{loop, [this](std::unique_ptr<Stream> stream) -> Task<> {
                  co_await stream->start_tls(*shown);
                  co_await echo(std::move(stream));
                }};

  Task<Outcome> meet(TlsExpectation expectation) {
    auto stream = co_await server.connect();
    try {
      co_await stream->start_tls_client(*client, std::move(expectation));
    } catch (const StreamClosed& closed) {
      CHECK(closed.reason == StreamClosed::Reason::tls_failed);
      co_return Outcome{closed.text, {}};
    }
    co_await stream->write("x");  // the ticket of TLS 1.3 comes with what is read after the handshake
    co_await read_exactly(*stream, 1);
    co_return Outcome{"", *stream->tls()};
  }
};

TlsExpectation pkix(const std::string& name) { return {.proof = Proof::pkix, .sni = name, .names = {name}}; }
TlsExpectation dane(std::vector<TlsaRecord> records) {
  return {.proof = Proof::dane, .sni = host, .names = {host, "remote.example"}, .tlsa = std::move(records)};
}

const TestPki::Wanted good{.names = {host}}, other{.names = {"other.example", "www.other.example"}},
    expired{.names = {host}, .from_s = -7200, .until_s = -3600},
    future{.names = {host}, .from_s = 3600, .until_s = 7200}, wild{.names = {"*.remote.example"}},
    partial{.names = {"mx*.remote.example"}}, of_domain{.names = {"remote.example"}},
    only_common{.common_name = host}, self_signed{.names = {host}, .self_signed = true},
    bad_in_all{.names = {"other.example"}, .from_s = -7200, .until_s = -3600, .self_signed = true};

}  // namespace

TEST_CASE(
    "PKIX wants a chain to an authority, a name, and a certificate of today; a refusal says what was wrong") {
  World world;
  const struct {
    const char* what;
    TestPki::Wanted shown;
    std::string refusal;  ///< begins so
  } rows[] = {
      {"a good one", good, ""},
      {"a wildcard for one label", wild, ""},
      {"a wildcard within a label", partial,
       "name mismatch: certificate is for mx*.remote.example, expected " + host},
      {"another host's", other,
       "name mismatch: certificate is for other.example, www.other.example, expected " + host},
      {"a common name is no name", only_common, "name mismatch: certificate is for no host"},
      {"expired", expired, "certificate of " + host + " expired on 20"},
      {"not yet valid", future, "certificate of " + host + " is valid only from 20"},
      {"self-signed", self_signed, "certificate of " + host + " is not trusted: self-signed certificate"},
  };
  run(world.loop, [&]() -> Task<> {
    for (const auto& row : rows) {
      CAPTURE(row.what);
      world.shown = world.pki.server(row.shown);
      const Outcome outcome = co_await world.meet(pkix(host));
      CHECK(outcome.info.proven_by == (row.refusal.empty() ? "PKIX" : ""));
      CHECK_MESSAGE(outcome.refusal.starts_with(row.refusal), outcome.refusal);
      CHECK(outcome.refusal.empty() == row.refusal.empty());
    }
  });
}

TEST_CASE(
    "DANE: the end entity's record ignores name and time, the authority's checks both (RFC 7672 §3.1)") {
  World world;
  const struct {
    const char* what;
    TestPki::Wanted shown;
    uint8_t usage, selector, matching;
    std::string refusal, proof;
  } rows[] = {
      {"DANE-EE, key by SHA-256", good, 3, 1, 1, "", "DANE-EE"},
      {"DANE-EE, key by SHA-512", good, 3, 1, 2, "", "DANE-EE"},
      {"DANE-EE, the whole certificate", good, 3, 0, 0, "", "DANE-EE"},
      {"DANE-EE, the whole key", good, 3, 1, 0, "", "DANE-EE"},
      {"DANE-EE for another name", other, 3, 1, 1, "", "DANE-EE"},
      {"DANE-EE, expired", expired, 3, 1, 1, "", "DANE-EE"},
      {"DANE-EE, self-signed, expired, for another name", bad_in_all, 3, 0, 1, "", "DANE-EE"},
      {"DANE-TA", good, 2, 0, 1, "", "DANE-TA"},
      {"DANE-TA, the authority's key", good, 2, 1, 1, "", "DANE-TA"},
      {"DANE-TA, the whole authority", good, 2, 0, 0, "", "DANE-TA"},
      {"DANE-TA, name of the next hop", of_domain, 2, 0, 1, "", "DANE-TA"},
      {"DANE-TA, common name", only_common, 2, 0, 1, "", "DANE-TA"},
      {"DANE-TA for another name", other, 2, 0, 1,
       "name mismatch: certificate is for other.example, www.other.example, expected " + host +
           " or remote.example",
       ""},
      {"DANE-TA, expired", expired, 2, 0, 1, "certificate of " + host + " expired on 20", ""},
      {"DANE-TA, but signed by itself", self_signed, 2, 0, 1,
       "no TLSA record matches the certificate of " + host, ""},
      {"PKIX-EE alone is no use", good, 1, 1, 1, "no TLSA record is usable", ""},
      {"PKIX-TA alone is no use", good, 0, 0, 1, "no TLSA record is usable", ""},
  };
  run(world.loop, [&]() -> Task<> {
    for (const auto& row : rows) {
      CAPTURE(row.what);
      world.shown = world.pki.server(row.shown);
      const TlsaRecord record = world.pki.tlsa(*world.shown, row.usage, row.selector, row.matching);
      const Outcome outcome = co_await world.meet(dane({record}));
      CHECK(outcome.info.proven_by == row.proof);
      CHECK_MESSAGE(outcome.refusal.starts_with(row.refusal), outcome.refusal);
      CHECK(outcome.refusal.empty() == row.refusal.empty());
      TlsaRecord wrong = record;
      wrong.data[0] ^= 1;
      if (row.matching != 0) CHECK((co_await world.meet(dane({wrong}))).refusal != "");
      if (row.matching != 0 && row.proof == "DANE-EE")
        CHECK((co_await world.meet(dane({wrong, record}))).refusal == "");
    }
  });
}

TEST_CASE("an authority that the system trusts does not stand in for a TLSA record") {
  World world;
  world.shown = world.pki.server(good);
  const auto elsewhere = world.pki.server(good);
  run(world.loop, [&]() -> Task<> {
    CHECK((co_await world.meet(pkix(host))).refusal == "");
    CHECK((co_await world.meet(dane({world.pki.tlsa(*elsewhere, 3, 1, 1)}))).refusal ==
          "no TLSA record matches the certificate of " + host);
  });
}

TEST_CASE("without proof any certificate passes, and nothing is claimed of it") {
  World world;
  run(world.loop, [&]() -> Task<> {
    for (const auto& shown : {good, other, expired, self_signed, bad_in_all}) {
      world.shown = world.pki.server(shown);
      const Outcome outcome = co_await world.meet({.sni = host});
      CHECK(outcome.refusal == "");
      CHECK(outcome.info.proven_by == "");
      CHECK(outcome.info.sni == host);
    }
  });
}

TEST_CASE("what cannot be checked is refused before the first octet") {
  World world;
  world.shown = world.pki.server(good);
  run(world.loop, [&]() -> Task<> {
    CHECK((co_await world.meet({.proof = Proof::pkix, .sni = host})).refusal ==
          "no name is known that the certificate must bear");
    CHECK((co_await world.meet(dane({}))).refusal == "no TLSA record is usable");
    CHECK((co_await world.meet(pkix(std::string("mx\0.example", 11)))).refusal ==
          "a name that the certificate must bear is malformed");
  });
}

TEST_CASE("TLSA records: what can be checked") {
  TestPki pki;
  const auto server = pki.server(good);
  const std::string key = pki.tlsa(*server, 3, 1, 0).data, certificate = pki.tlsa(*server, 3, 0, 0).data;
  const struct {
    TlsaRecord record;
    bool usable;
  } rows[] = {
      {{3, 1, 1, std::string(32, 'x')}, true},
      {{2, 0, 2, std::string(64, 'x')}, true},
      {{3, 0, 0, certificate}, true},
      {{3, 1, 0, key}, true},
      {{0, 0, 1, std::string(32, 'x')}, false},
      {{1, 1, 1, std::string(32, 'x')}, false},
      {{4, 1, 1, std::string(32, 'x')}, false},
      {{3, 2, 1, std::string(32, 'x')}, false},
      {{3, 1, 3, std::string(32, 'x')}, false},
      {{3, 1, 1, std::string(31, 'x')}, false},
      {{3, 1, 2, std::string(32, 'x')}, false},
      {{3, 1, 1, ""}, false},
      {{3, 0, 0, key}, false},
      {{3, 1, 0, certificate}, false},
      {{3, 0, 0, certificate + "x"}, false},
      {{3, 0, 0, ""}, false},
  };
  for (const auto& row : rows) {
    CAPTURE(static_cast<int>(row.record.usage));
    CAPTURE(static_cast<int>(row.record.selector));
    CAPTURE(static_cast<int>(row.record.matching));
    CAPTURE(row.record.data.size());
    CHECK(is_usable(row.record) == row.usable);
  }
}

TEST_CASE("a session is resumed under the same expectation, with the proof it had, and under no other") {
  World world;
  world.shown = world.pki.server(good);
  const TlsExpectation by_key = dane({world.pki.tlsa(*world.shown, 3, 1, 1)});
  const TlsExpectation by_authority = dane({world.pki.tlsa(*world.shown, 2, 0, 1)});
  run(world.loop, [&]() -> Task<> {
    for (const TlsExpectation& expectation :
         {TlsExpectation{.sni = host}, pkix(host), by_key, by_authority}) {
      const Outcome first = co_await world.meet(expectation);
      const Outcome second = co_await world.meet(expectation), third = co_await world.meet(expectation);
      CHECK_FALSE(first.info.resumed);
      CHECK(second.info.resumed);
      CHECK(third.info.resumed);
      CHECK(second.info.proven_by == first.info.proven_by);
    }
    CHECK(world.client->sessions()->size() == 4);
    CHECK((co_await world.meet(pkix("other.example"))).refusal != "");
    REQUIRE(world.client->reload());
    CHECK_FALSE((co_await world.meet(pkix(host))).info.resumed);
  });
}

TEST_CASE("a server with new keys does not resume, and is verified anew") {
  World world;
  world.shown = world.pki.server(good);
  run(world.loop, [&]() -> Task<> {
    CHECK((co_await world.meet(pkix(host))).refusal == "");
    world.shown = world.pki.server(other);
    CHECK((co_await world.meet(pkix(host))).refusal.starts_with("name mismatch"));
    world.shown = world.pki.server(good);
    const Outcome again = co_await world.meet(pkix(host));
    CHECK(again.refusal == "");
    CHECK_FALSE(again.info.resumed);
  });
}

TEST_CASE("the cache of sessions forgets the least recently used, and what is an hour old") {
  SessionCache cache;
  for (size_t i = 0; i < SessionCache::most; ++i)
    cache.keep(std::to_string(i), {.session = {}, .proven_by = "PKIX"});
  CHECK(cache.find("0", 0));
  cache.keep("new", {.session = {}, .proven_by = "", .made_ms = 1000});
  CHECK(cache.size() == SessionCache::most);
  CHECK(cache.find("0", 0));
  CHECK_FALSE(cache.find("1", 0));
  CHECK(cache.find("new", 1000 + SessionCache::longest_ms - 1));
  CHECK_FALSE(cache.find("new", 1000 + SessionCache::longest_ms));
  CHECK(cache.size() == SessionCache::most - 1);
}
