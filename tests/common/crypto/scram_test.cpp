#include "common/crypto/scram.h"

#include <doctest/doctest.h>

#include "common/base/text.h"

using namespace futar;
using namespace futar::crypto;

namespace {

// The dialogue of RFC 7677 §3, password "pencil".
const std::string auth_message =
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,"
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string proof = base64_decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=").value();
const std::string signature = base64_decode("6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=").value();

ScramKeys rfc_keys() {
  return make_scram_keys("pencil", base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==").value(), 4096);
}

}  // namespace

TEST_CASE("the example of RFC 7677 §3 is accepted and signed") {
  const ScramKeys keys = rfc_keys();
  CHECK(proof_matches(keys, auth_message, proof));
  CHECK(server_signature(keys, auth_message) == signature);
}

TEST_CASE("a proof over another dialogue, of another size or for another password is refused") {
  const ScramKeys keys = rfc_keys();
  CHECK_FALSE(proof_matches(keys, auth_message + "x", proof));
  CHECK_FALSE(proof_matches(keys, auth_message, proof.substr(1)));
  CHECK_FALSE(proof_matches(keys, auth_message, ""));
  CHECK_FALSE(proof_matches(make_scram_keys("Pencil", keys.salt, keys.iterations), auth_message, proof));
}

TEST_CASE("a password is checked against the keys") {
  const ScramKeys keys = make_scram_keys("7kd-qzm-2xw");
  CHECK(keys.iterations == 100'000);
  CHECK(keys.salt.size() == 16);
  CHECK(password_matches(keys, "7kd-qzm-2xw"));
  CHECK_FALSE(password_matches(keys, "7kd-qzm-2xW"));
}

TEST_CASE("keys survive their text form") {
  const ScramKeys keys = rfc_keys();
  CHECK(keys.text().starts_with("{SCRAM-SHA-256}4096,W22ZaJ0SNY7soEsUEjb6gQ==,"));
  CHECK(ScramKeys::parse(keys.text()).value() == keys);
}

TEST_CASE("damaged text forms are refused") {
  const std::string good = rfc_keys().text();
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    text.replace(text.find(from), from.size(), to);
    return text;
  };
  for (const std::string& text :
       {std::string(), with("{SCRAM-SHA-256}", ""), with("4096", "0"), with("4096", "-1"),
        with("4096", "99999999"), with("W22", "!22"), with("W22ZaJ0SNY7soEsUEjb6gQ==", ""), good + ",",
        good.substr(0, good.size() - 8)}) {
    CAPTURE(text);
    CHECK_FALSE(ScramKeys::parse(text).has_value());
  }
}
