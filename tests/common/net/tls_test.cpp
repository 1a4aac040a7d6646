#include <doctest/doctest.h>
#include <openssl/ssl.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "tests/common/net/fixture.h"

using namespace futar;
using namespace futar::net;
using Reason = StreamClosed::Reason;

namespace {

struct Pki {
  TemporaryFolder folder;
  std::string certificate = folder.path + "/cert.pem", key = folder.path + "/key.pem";
  std::shared_ptr<TlsContext> server, trusting, blind;
  Pki() {
    REQUIRE(make_self_signed("mail.example.org", certificate, key));
    server = *TlsContext::server(certificate, key);
    trusting = *TlsContext::client(certificate);
    blind = *TlsContext::client("");
  }
};

TlsExpectation for_host(const std::string& name) {
  return {.proof = TlsExpectation::Proof::pkix, .sni = name, .names = {name}};
}

struct Seen {
  std::optional<TlsInfo> tls;
  std::string binding;
  std::optional<Reason> failed;
};

Listener::Session tls_echo(Pki& pki, Seen& seen) {
  return [&](std::unique_ptr<Stream> stream) -> Task<> {
    try {
      co_await stream->start_tls(*pki.server);
    } catch (const StreamClosed& closed) {
      seen.failed = closed.reason;
      throw;
    }
    seen.tls = stream->tls();
    seen.binding = stream->channel_binding();
    co_await echo(std::move(stream));
  };
}

}  // namespace

TEST_CASE("TLS carries large writes both ways and both ends export the same channel binding") {
  Pki pki;
  Seen seen;
  Loop loop;
  Server server(loop, tls_echo(pki, seen));
  run(loop, [&]() -> Task<> {
    auto client = co_await server.connect();
    co_await client->start_tls_client(*pki.trusting, for_host("mail.example.org"));
    CHECK(client->tls()->version == "TLSv1.3");
    for (int i = 0; i < 20; ++i) {
      const std::string piece(100'000, static_cast<char>('a' + i));
      co_await client->write(piece);
      CHECK(co_await read_exactly(*client, piece.size()) == piece);
    }
    CHECK(seen.tls->sni == "mail.example.org");
    CHECK(seen.tls->version == "TLSv1.3");
    CHECK(seen.binding.size() == 32);
    CHECK(client->channel_binding() == seen.binding);
    client->close();
  });
}

TEST_CASE("a certificate that does not name the host, or is not trusted, ends the handshake") {
  Pki pki, other;
  Seen seen;
  Loop loop;
  Server server(loop, tls_echo(pki, seen));
  const auto refused = [&](TlsContext& context, TlsExpectation expectation) -> Task<bool> {
    auto client = co_await server.connect();
    try {
      co_await client->start_tls_client(context, std::move(expectation));
    } catch (const StreamClosed& closed) {
      CHECK(closed.reason == Reason::tls_failed);
      co_return true;
    }
    co_return false;
  };
  run(loop, [&]() -> Task<> {
    CHECK(co_await refused(*pki.trusting, for_host("other.example.org")));
    CHECK(co_await refused(*other.trusting, for_host("mail.example.org")));
    CHECK(co_await refused(*pki.blind, for_host("mail.example.org")));
    CHECK_FALSE(co_await refused(*pki.trusting, for_host("localhost")));
    CHECK_FALSE(co_await refused(*pki.trusting, for_host("127.0.0.1")));
    CHECK_FALSE(co_await refused(*pki.blind, {.sni = "other.example.org"}));
  });
}

TEST_CASE("ALPN for another protocol fails the handshake, smtp or none passes") {
  Pki pki;
  struct {
    const char* offered;
    bool passes;
  } rows[] = {
      {"\x02h2\x08http/1.1", false}, {"\x04smtp", true}, {"\x02h2\x04smtp", true}, {"\x04imap", false}};
  for (const auto& row : rows) {
    CAPTURE(row.offered);
    Seen seen;
    Loop loop;
    Server server(loop, tls_echo(pki, seen));
    auto context = *TlsContext::client("");
    const std::string offered = row.offered;
    SSL_CTX_set_alpn_protos(context->get(), reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
    run(loop, [&]() -> Task<> {
      auto client = co_await server.connect();
      bool passed = true;
      try {
        co_await client->start_tls_client(*context, {.sni = "mail.example.org"});
        co_await client->write("x");
        co_await read_exactly(*client, 1);
      } catch (const StreamClosed&) {
        passed = false;
      }
      CHECK(passed == row.passes);
    });
  }
}

TEST_CASE("TLS 1.2 is spoken, without channel binding; 1.1 is not") {
  Pki pki;
  for (const int version : {TLS1_1_VERSION, TLS1_2_VERSION}) {
    Seen seen;
    Loop loop;
    Server server(loop, tls_echo(pki, seen));
    auto context = *TlsContext::client("");
    SSL_CTX_set_min_proto_version(context->get(), version);
    SSL_CTX_set_max_proto_version(context->get(), version);
    SSL_CTX_set_cipher_list(context->get(), "ALL:@SECLEVEL=0");
    run(loop, [&]() -> Task<> {
      auto client = co_await server.connect();
      try {
        co_await client->start_tls_client(*context, {});
        co_await client->write("x");
        co_await read_exactly(*client, 1);
      } catch (const StreamClosed&) {
      }
    });
    CHECK(seen.tls.has_value() == (version == TLS1_2_VERSION));
    if (seen.tls) CHECK(seen.tls->version == "TLSv1.2");
    CHECK(seen.binding == "");
  }
}

TEST_CASE("plain octets instead of a handshake end the session with tls_failed, silence by its deadline") {
  Pki pki;
  Loop loop;
  std::optional<Reason> failed;
  Server server(loop, [&](std::unique_ptr<Stream> stream) -> Task<> {
    stream->set_deadline(in_ms(100));
    try {
      co_await stream->start_tls(*pki.server);
    } catch (const StreamClosed& closed) {
      failed = closed.reason;
    }
  });
  run(loop, [&]() -> Task<> {
    auto client = co_await server.connect();
    co_await client->write("EHLO plain.example\r\n");
    co_await read_to_end(*client);
    CHECK(failed == Reason::tls_failed);
    auto silent = co_await server.connect();
    co_await read_to_end(*silent);
    CHECK(failed == Reason::deadline);
  });
}

TEST_CASE("a reloaded context shows the new certificate; a broken pair leaves the old one in use") {
  Pki pki, other;
  const std::string before = pki.server->certificate_sha256();
  CHECK(before.size() == 64);
  REQUIRE(replace_file(pki.key, "no key", 0600));
  CHECK_FALSE(pki.server->reload());
  CHECK(pki.server->certificate_sha256() == before);
  REQUIRE(replace_file(pki.certificate, *read_file(other.certificate), 0644));
  REQUIRE(replace_file(pki.key, *read_file(other.key), 0600));
  CHECK(pki.server->reload());
  CHECK(pki.server->certificate_sha256() == other.server->certificate_sha256());
  CHECK(before != pki.server->certificate_sha256());
}

TEST_CASE("a self-signed pair is made once, with a private key file") {
  TemporaryFolder folder;
  const std::string certificate = folder.path + "/c", key = folder.path + "/k";
  REQUIRE(make_self_signed("mail.example.org", certificate, key));
  struct stat status{};
  REQUIRE(stat(key.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  const std::string first = *read_file(certificate), first_key = *read_file(key);
  REQUIRE(make_self_signed("mail.example.org", certificate, key));
  CHECK(*read_file(certificate) == first);
  std::filesystem::remove(certificate);  // as after a crash between the two files
  REQUIRE(make_self_signed("mail.example.org", certificate, key));
  CHECK(*read_file(key) == first_key);
  CHECK(TlsContext::server(certificate, key));
  CHECK((*TlsContext::server(certificate, key))->not_after_wall_ms() > system_clock().wall_ms() + 86'400'000);
  std::filesystem::remove(key);
  CHECK_FALSE(make_self_signed("mail.example.org", certificate, key));
  CHECK_FALSE(make_self_signed("a,DNS:evil.example", folder.path + "/c2", folder.path + "/k2"));
}
