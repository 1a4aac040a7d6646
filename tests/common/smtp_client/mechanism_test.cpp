#include "common/smtp_client/mechanism.h"

#include <doctest/doctest.h>

#include "common/base/text.h"
#include "common/crypto/scram.h"
#include "common/smtp_client/scram.h"

using namespace futar;
using namespace futar::smtp_client;

namespace {

const std::string binding(32, 'b');

std::string chosen(std::vector<std::string> offered, bool oauth, std::string channel_binding) {
  const auto mechanism = choose_mechanism(offered, {"user", "secret", oauth}, std::move(channel_binding));
  return mechanism ? std::string(mechanism->name()) : "";
}

std::string text_of(const Result<std::string>& answer) {
  return answer ? *answer : "error: " + answer.error().text;
}

/// What a server with these keys checks and says, from the messages of one exchange.
struct Server {
  crypto::ScramKeys keys = crypto::make_scram_keys("secret", "saltsalt", 4096);
  std::string first, server_first;

  std::string challenge(const std::string& client_first) {
    first = client_first.substr(client_first.find("n="));
    server_first =
        "r=" + first.substr(first.rfind("r=") + 2) + "more,s=" + base64_encode(keys.salt) + ",i=4096";
    return server_first;
  }
  /// "" unless the proof is right.
  std::string signature(const std::string& client_final) const {
    const size_t at = client_final.rfind(",p=");
    const std::string message = first + ',' + server_first + ',' + client_final.substr(0, at);
    if (!crypto::proof_matches(keys, message, base64_decode(client_final.substr(at + 3)).value())) return "";
    return "v=" + base64_encode(crypto::server_signature(keys, message));
  }
};

}  // namespace

TEST_CASE("the strongest mechanism that both know is taken") {
  const std::vector<std::string> all = {"LOGIN", "PLAIN", "XOAUTH2", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"};
  CHECK(chosen(all, false, binding) == "SCRAM-SHA-256-PLUS");
  CHECK(chosen(all, false, "") == "SCRAM-SHA-256");
  CHECK(chosen({"SCRAM-SHA-256-PLUS", "PLAIN"}, false, "") == "PLAIN");
  CHECK(chosen({"LOGIN", "PLAIN"}, false, binding) == "PLAIN");
  CHECK(chosen({"CRAM-MD5", "LOGIN"}, false, binding) == "LOGIN");
  CHECK(chosen({"CRAM-MD5", "XOAUTH2"}, false, binding) == "");
  CHECK(chosen(all, true, binding) == "XOAUTH2");
  CHECK(chosen({"PLAIN"}, true, binding) == "");
  CHECK(chosen({}, false, binding) == "");
}

TEST_CASE("PLAIN, LOGIN and XOAUTH2 say what they must") {
  const auto plain = choose_mechanism({"PLAIN"}, {"user", "secret"}, "");
  CHECK(plain->initial() == std::string("\0user\0secret", 12));
  CHECK_FALSE(plain->answer(""));
  const auto login = choose_mechanism({"LOGIN"}, {"user", "secret"}, "");
  CHECK_FALSE(login->initial());
  CHECK(text_of(login->answer("Username:")) == "user");
  CHECK(text_of(login->answer("Password:")) == "secret");
  CHECK_FALSE(login->answer("More:"));
  const auto oauth = choose_mechanism({"XOAUTH2"}, {"user", "token", true}, "");
  CHECK(oauth->initial() ==
        "user=user\x01"
        "auth=Bearer token\x01\x01");
  CHECK(text_of(oauth->answer("{\"status\":\"401\"}")) == "");
}

TEST_CASE("SCRAM-SHA-256 as in RFC 7677 §3") {
  Scram scram({"user", "pencil"}, false, "", "rOprNGfwEbeRWgbNEkqO");
  CHECK(scram.initial() == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  CHECK(text_of(scram.answer(
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")) ==
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  CHECK_FALSE(scram.is_complete());
  CHECK(text_of(scram.answer("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")) == "");
  CHECK(scram.is_complete());
  CHECK_FALSE(scram.answer(""));
}

TEST_CASE("a server that keeps only the keys believes the proof, bound to the channel or not") {
  for (const bool plus : {true, false}) {
    Server server;
    Scram scram({"us,er=", "secret"}, plus, binding, "nonce");
    const std::string first = scram.initial().value();
    CHECK(first == std::string(plus ? "p=tls-exporter,," : "y,,") + "n=us=2Cer=3D,r=nonce");
    const auto final_message = scram.answer(server.challenge(first));
    REQUIRE(final_message);
    const std::string header = plus ? "p=tls-exporter,," + binding : "y,,";
    CHECK(final_message->starts_with("c=" + base64_encode(header) + ",r=noncemore,p="));
    const std::string signature = server.signature(*final_message);
    REQUIRE(!signature.empty());
    CHECK(scram.answer(signature + ",x=extension"));
    CHECK(scram.is_complete());
  }
}

TEST_CASE("SCRAM ends when the server asks for what it should not, or cannot prove itself") {
  for (const char* first :
       {"", "r=nonce", "r=other,s=c2FsdA==,i=4096", "r=nonce,s=c2FsdA==,i=4096", "r=noncemore,s=,i=4096",
        "r=noncemore,s=!,i=4096", "r=noncemore,s=c2FsdA==,i=4095", "r=noncemore,s=c2FsdA==,i=1000001",
        "r=noncemore,s=c2FsdA==,i=x", "m=ext,r=noncemore,s=c2FsdA==,i=4096",
        "s=c2FsdA==,r=noncemore,i=4096"}) {
    Scram scram({"user", "secret"}, false, "", "nonce");
    CAPTURE(first);
    CHECK_FALSE(scram.answer(first));
    CHECK_FALSE(scram.is_complete());
  }
  for (const char* last : {"", "v=", "v=AAAA", "e=invalid-proof", "x"}) {
    Scram scram({"user", "secret"}, false, "", "nonce");
    REQUIRE(scram.answer("r=noncemore,s=c2FsdA==,i=4096"));
    CAPTURE(last);
    CHECK_FALSE(scram.answer(last));
    CHECK_FALSE(scram.is_complete());
  }
}
