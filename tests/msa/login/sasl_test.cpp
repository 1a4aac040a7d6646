#include "msa/login/sasl.h"

#include <doctest/doctest.h>

#include <tuple>

#include "common/base/text.h"

using namespace futar;
using namespace futar::msa;

namespace {

using Binding = ScramServer::Binding;
using namespace std::string_literals;

// RFC 7677 §3.
const std::string client_first = "n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
const std::string our_nonce = "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0";
const std::string client_final =
    "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+"
    "Ute9ytag9zjfMHgsqmmiz7AndVQ=";

crypto::ScramKeys keys() {
  return crypto::make_scram_keys("pencil", base64_decode("W22ZaJ0SNY7soEsUEjb6gQ==").value(), 4096);
}

std::string error_of(const Result<std::string>& result) { return result ? "" : result.error().text; }

}  // namespace

TEST_CASE("PLAIN is two names and a password") {
  CHECK(parse_plain("\0bob\0secret"s)->name == "bob");
  CHECK(parse_plain("\0bob\0secret"s)->password == "secret");
  CHECK(parse_plain("Bob\0bob\0secret"s).has_value());
  CHECK(parse_plain("\0bob\0 s\xC3\xA9\x01 "s)->password == " s\xC3\xA9\x01 ");
  for (const std::string& bad :
       {""s, "bob"s, "bob\0secret"s, "\0bob\0"s, "\0\0secret"s, "eva\0bob\0secret"s, "\0bob\0secret\0"s,
        "\0b\0ob\0secret"s, "\0bob\0\xFF"s, "\0"s + std::string(321, 'a') + "\0x"s,
        "\0bob\0"s + std::string(1025, 'a')}) {
    CAPTURE(printable(bad));
    CHECK_FALSE(parse_plain(bad).has_value());
  }
}

TEST_CASE("the SCRAM dialogue of RFC 7677 §3") {
  ScramServer server(Binding::none, "", our_nonce);
  CHECK(server.client_first(client_first).value() == "user");
  CHECK(server.server_first(keys()) ==
        "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096");
  CHECK(server.client_final(client_final, keys()).value() ==
        "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
}

TEST_CASE("a final message that differs in anything is refused") {
  ScramServer server(Binding::none, "", our_nonce);
  REQUIRE(server.client_first(client_first));
  server.server_first(keys());
  const auto with = [](std::string_view from, std::string_view to) {
    std::string text = client_final;
    return text.replace(text.find(from), from.size(), to);
  };
  for (const std::string& bad :
       {""s, "p="s, with("c=biws", "c=eSws"), with("c=biws", "c="), with("c=biws,", ""), with("r=rO", "r=RO"),
        with("k0,", "k0x,"), with("p=dH", "p=DH"), with("p=dH", "p="), with(",p=", ",x=y,p="),
        client_final + ",", with("VQ=", "VQ"), "\0"s}) {
    CAPTURE(bad);
    CHECK_FALSE(server.client_final(bad, keys()).has_value());
  }
  CHECK(server.client_final(client_final, keys()).has_value());
  CHECK(error_of(server.client_final(client_final, crypto::make_scram_keys("other", keys().salt, 4096))) ==
        "wrong password");
}

TEST_CASE("first messages") {
  const std::tuple<std::string_view, Binding, std::string_view, bool> rows[] = {
      {"n,,n=user,r=abc", Binding::none, "", true},
      {"y,,n=user,r=abc", Binding::none, "", true},
      {"n,a=user,n=user,r=abc", Binding::none, "", true},
      {"n,a=,n=user,r=abc", Binding::none, "", true},
      {"n,,n=user,r=abc,x=ext", Binding::none, "", true},
      {"n,,n=user,r=abc", Binding::none, "exporter", true},
      {"y,,n=user,r=abc", Binding::none, "exporter", false},  // -PLUS was offered: a downgrade
      {"p=tls-exporter,,n=user,r=abc", Binding::none, "exporter", false},
      {"p=tls-exporter,,n=user,r=abc", Binding::tls_exporter, "exporter", true},
      {"p=tls-exporter,,n=user,r=abc", Binding::tls_exporter, "", false},
      {"p=tls-unique,,n=user,r=abc", Binding::tls_exporter, "exporter", false},
      {"n,,n=user,r=abc", Binding::tls_exporter, "exporter", false},
      {"y,,n=user,r=abc", Binding::tls_exporter, "exporter", false},
      {"n,a=eva,n=user,r=abc", Binding::none, "", false},
      {"n,b=user,n=user,r=abc", Binding::none, "", false},
      {"n,,m=ext,n=user,r=abc", Binding::none, "", false},
      {"n,,n=,r=abc", Binding::none, "", false},
      {"n,,n=user,r=", Binding::none, "", false},
      {"n,,n=user", Binding::none, "", false},
      {"n,,r=abc,n=user", Binding::none, "", false},
      {"n,,n=us=er,r=abc", Binding::none, "", false},
      {"n,,n=user,r=a b", Binding::none, "", false},
      {"n,,n=us\xFF,r=abc", Binding::none, "", false},
      {"n", Binding::none, "", false},
      {"n,", Binding::none, "", false},
      {"n,,", Binding::none, "", false},
      {"", Binding::none, "", false},
  };
  for (const auto& [message, binding, exporter, accepted] : rows) {
    CAPTURE(message);
    ScramServer server(binding, std::string(exporter), "nonce");
    CHECK(server.client_first(message).has_value() == accepted);
  }
}

TEST_CASE("a comma and an equals sign in a name are escaped") {
  ScramServer server(Binding::none, "", "nonce");
  CHECK(server.client_first("n,,n=a=2Cb=3Dc,r=abc").value() == "a,b=c");
}
