// What it costs to sign and to judge a message of 4 KiB, beside what OpenSSL alone takes for the same
// signatures: CPU of this thread, the least of several rounds. It judges nothing: run it on a quiet machine
// and read.
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <ctime>
#include <functional>

#include "common/crypto/digest.h"
#include "common/dkim/opendkim.h"
#include "common/dkim/signer.h"
#include "tests/mta/inbound/inbound_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

constexpr int rounds = 7, messages = 200;

int64_t cpu_ns() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

/// Microseconds that each of them takes. In turns, so that all see the same machine.
std::vector<double> cost_us(const std::vector<std::function<void()>>& works) {
  std::vector<double> least(works.size(), 1e9);
  for (int round = 0; round < rounds; ++round)
    for (size_t i = 0; i < works.size(); ++i) {
      const int64_t before = cpu_ns();
      for (int n = 0; n < messages; ++n) works[i]();
      least[i] = std::min(least[i], static_cast<double>(cpu_ns() - before) / 1000 / messages);
    }
  return least;
}

dkim::Mail mail_of_4_kib() {
  dkim::Mail mail;
  mail.header =
      from("a@good.example") +
      "To: bob@futar.test\r\nDate: Tue, 24 Nov 2026 14:02:07 +0100\r\nMessage-ID: <1@good.example>\r\n"
      "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n";
  mail.body.clear();
  while (mail.body.size() < 4096) mail.body += "A line of some words, as people write them, and so on.\r\n";
  return mail;
}

/// One context for all signatures: nothing but the arithmetic.
struct BareRsa {
  BareRsa() {
    EVP_PKEY* made = EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", size_t{2048});
    to_sign = EVP_PKEY_CTX_new(made, nullptr);
    to_verify = EVP_PKEY_CTX_new(made, nullptr);
    EVP_PKEY_free(made);
    REQUIRE(EVP_PKEY_sign_init(to_sign) == 1);
    REQUIRE(EVP_PKEY_verify_init(to_verify) == 1);
    for (EVP_PKEY_CTX* each : {to_sign, to_verify}) {
      REQUIRE(EVP_PKEY_CTX_set_rsa_padding(each, RSA_PKCS1_PADDING) == 1);
      REQUIRE(EVP_PKEY_CTX_set_signature_md(each, EVP_sha256()) == 1);
    }
    sign();
  }
  ~BareRsa() {
    EVP_PKEY_CTX_free(to_sign);
    EVP_PKEY_CTX_free(to_verify);
  }
  void sign() {
    size = sizeof signature;
    REQUIRE(EVP_PKEY_sign(to_sign, signature, &size, digest, sizeof digest) == 1);
  }
  void verify() { REQUIRE(EVP_PKEY_verify(to_verify, signature, size, digest, sizeof digest) == 1); }

  EVP_PKEY_CTX *to_sign, *to_verify;
  unsigned char digest[32] = {1}, signature[512];
  size_t size = 0;
};

std::string sign(const dkim::Signer& signer, const dkim::Mail& mail) {
  dkim::Signing signing = signer.begin(mail.header, dkim::now_ms);
  signing.body(mail.body);
  return signing.finish();
}

}  // namespace

TEST_CASE("signing") {
  const dkim::Mail mail = mail_of_4_kib();
  const dkim::Signer rsa("good.example", {{"r", dkim::rsa_key()}}),
      both("good.example", {{"r", dkim::rsa_key()}, {"e", dkim::ed_key()}}), none("good.example", {});
  const std::string digest = crypto::sha256("x");
  BareRsa bare;
  const auto us =
      cost_us({[&] { bare.sign(); }, [&] { dkim::ed_key().sign(digest); }, [&] { sign(rsa, mail); },
               [&] { sign(both, mail); }, [&] { sign(none, mail); }, [&] { dkim::rsa_key().sign(digest); }});
  MESSAGE(fmt::format("OpenSSL alone: RSA-2048 {:.0f} us, Ed25519 {:.0f} us; our call of RSA {:.0f} us",
                      us[0], us[1], us[5]));
  MESSAGE(fmt::format("a message with RSA: {:.0f} us, {:.2f} times OpenSSL alone", us[2], us[2] / us[0]));
  MESSAGE(fmt::format("a message with both: {:.0f} us, {:.2f} times OpenSSL alone", us[3],
                      us[3] / (us[0] + us[1])));
  MESSAGE(fmt::format("of it canonical forms and hashes of header and body: {:.0f} us", us[4]));
}

TEST_CASE("judging") {
  InboundFixture f;
  const dkim::Mail plain = mail_of_4_kib();
  dkim::HandSigned by_hand;
  by_hand.key = &dkim::rsa_key();
  by_hand.domain = "good.example";
  const dkim::Mail mail = by_hand.sign(plain);
  const auto key = dkim::txt({dkim::key_record(dkim::rsa_key().public_key())});
  f.dns.set("s1._domainkey.good.example", dns::Type::txt, key);
  CHECK(f.send("a@good.example", mail.header, mail.body) == "250");
  REQUIRE(f.stored().contains("dkim=pass header.d=good.example"));
  const auto fields = message::split_header(mail.header);
  const auto signature = dkim::parse_signature(fields[0].value).signature;
  const auto public_key = dkim::read_key(key)->key;
  const auto inbound = [&](Judges* judges) {
    f.inbound.judges = judges;
    CHECK(f.send("a@good.example", mail.header, mail.body) == "250");
  };
  const auto verify = [&] {
    dkim::Verifier verifier(mail.header, dkim::now_ms);
    for (const std::string& name : verifier.wanted_keys()) verifier.give_key(name, key);
    verifier.body(mail.body);
    REQUIRE(verifier.finish().at(0).result == dkim::Outcome::pass);
  };
  BareRsa bare;
  const auto us = cost_us({[&] { inbound(nullptr); }, [&] { inbound(&f.judges); }, verify,
                           [&] { REQUIRE(dkim::opendkim_proves(fields, fields[0], signature, public_key)); },
                           [&] { bare.verify(); }, [&] { REQUIRE(dkim::read_key(key).has_value()); },
                           [&] { message::split_header(mail.header); }});
  MESSAGE(fmt::format("a message without checks {:.0f} us, judged {:.0f} us: {:.0f} us more, {:.2f} times",
                      us[0], us[1], us[1] - us[0], us[1] / us[0]));
  MESSAGE(fmt::format(
      "of it DKIM {:.0f} us: libopendkim {:.0f} us, reading the key {:.0f} us; OpenSSL's RSA alone "
      "{:.0f} us; splitting the header once {:.1f} us",
      us[2], us[3], us[5], us[4], us[6]));
}
