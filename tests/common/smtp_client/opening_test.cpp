// How a session begins: STARTTLS, logins.
#include <doctest/doctest.h>

#include "common/base/text.h"
#include "common/crypto/scram.h"
#include "common/net/workers.h"
#include "tests/common/smtp_client/client_fixture.h"

using namespace futar;
using namespace futar::smtp_client;
using Lines = std::vector<std::string>;

namespace {

const std::string body = "Subject: x\r\n\r\nend\r\n";

void starttls(ClientFixture& f) {
  f.peer.tls = &tls_context();
  f.peer.keywords.push_back("STARTTLS");
}

void login(ClientFixture& f, std::string mechanisms, bool oauth = false) {
  f.options.login = Login{"user", "secret", oauth};
  f.options.login_in_clear = true;
  f.peer.keywords.push_back("AUTH " + mechanisms);
}

std::string auth_line(const ClientFixture& f, size_t at) {
  const std::string& line = f.peer.commands.at(at);
  return line.starts_with("AUTH") ? line : base64_decode(line).value();
}

}  // namespace

TEST_CASE("after STARTTLS everything is asked anew, and what was said in clear is forgotten") {
  ClientFixture f;
  starttls(f);
  f.options.expectation.sni = "mx.example.org";
  f.peer.script["EHLO"] = {{"250-peer\r\n250-STARTTLS\r\n250-CHUNKING\r\n250 AUTH PLAIN\r\n"}};
  f.run(transaction_of(body));
  CHECK(f.result().last.is_good());
  CHECK(f.peer.commands.at(1) == "STARTTLS");
  CHECK(f.peer.commands.at(2) == "EHLO client.example");
  CHECK_FALSE(f.offer.chunking);
  CHECK(f.offer.auth.empty());
  CHECK(f.expectation->sni == "mx.example.org");
}

TEST_CASE("STARTTLS: asked for, offered, refused") {
  struct Row {
    TlsUse use;
    bool offered;
    const char* reply;  ///< to STARTTLS
    Stage stage;        ///< of open()
    Trouble trouble;
    bool sent;
  };
  const Row rows[] = {
      {TlsUse::none, true, "", Stage::hello, Trouble::none, true},
      {TlsUse::opportunistic, false, "", Stage::hello, Trouble::none, true},
      {TlsUse::opportunistic, true, "454 4.7.0 not now\r\n", Stage::hello, Trouble::none, true},
      {TlsUse::opportunistic, true, "421 4.7.0 bye\r\n", Stage::starttls, Trouble::none, false},
      {TlsUse::opportunistic, true, "220 go\r\n250 injected\r\n", Stage::starttls, Trouble::garbage, false},
      {TlsUse::opportunistic, true, "220 go\r\n2", Stage::starttls, Trouble::garbage, false},
      {TlsUse::opportunistic, true, "354 go\r\n", Stage::starttls, Trouble::garbage, false},
      {TlsUse::required, false, "", Stage::starttls, Trouble::tls_not_offered, false},
      {TlsUse::required, true, "454 4.7.0 not now\r\n", Stage::starttls, Trouble::none, false},
      {TlsUse::required, true, "501 5.5.4 no\r\n", Stage::starttls, Trouble::none, false},
      {TlsUse::required, true, "220 go\r\n", Stage::hello, Trouble::none, true},
  };
  for (const Row& row : rows) {
    ClientFixture f;
    f.options.tls = row.use;
    if (row.offered) starttls(f);
    if (*row.reply) f.peer.script["STARTTLS"] = {{row.reply}};
    f.run(transaction_of(body));
    CAPTURE(row.reply);
    CHECK(f.opened.stage == row.stage);
    CHECK(f.opened.trouble == row.trouble);
    CHECK(f.opened.is_good() == row.sent);
    CHECK(f.peer.messages.size() == (row.sent ? 1 : 0));
  }
}

TEST_CASE("where TLS is required, a server that knows only HELO gets nothing") {
  ClientFixture f;
  starttls(f);
  f.options.tls = TlsUse::required;
  f.peer.script["EHLO"] = {{"502 5.5.1 what\r\n"}};
  f.run(transaction_of(body));
  CHECK(f.opened.trouble == Trouble::tls_not_offered);
  CHECK(f.peer.messages.empty());
}

TEST_CASE("a failed handshake is told, and nothing is said in clear") {
  for (const TlsUse use : {TlsUse::opportunistic, TlsUse::required, TlsUse::implicit}) {
    ClientFixture f;
    starttls(f);
    f.options.tls = use;
    f.tls_failure = "the certificate has expired";
    f.run(transaction_of(body));
    CHECK(f.opened.stage == Stage::tls);
    CHECK(f.opened.trouble == Trouble::tls_failed);
    CHECK(f.opened.detail == "the certificate has expired");
    CHECK(f.results.empty());
  }
}

TEST_CASE("whichever way a handshake breaks off, silence too, it has failed") {
  for (const auto reason : {net::StreamClosed::Reason::peer_closed, net::StreamClosed::Reason::reset,
                            net::StreamClosed::Reason::deadline}) {
    ClientFixture f;
    starttls(f);
    f.tls_failure = "broken off";
    f.tls_failed_by = reason;
    f.run(transaction_of(body));
    CHECK(f.opened.stage == Stage::tls);
    CHECK(f.opened.trouble == Trouble::tls_failed);
  }
}

TEST_CASE("each mechanism logs in, and mail goes") {
  struct Row {
    const char *offered, *first;
    bool oauth;
  };
  for (const Row& row :
       {Row{"LOGIN PLAIN", "AUTH PLAIN AHVzZXIAc2VjcmV0", false}, Row{"LOGIN", "AUTH LOGIN", false},
        Row{"XOAUTH2", "AUTH XOAUTH2 dXNlcj11c2VyAWF1dGg9QmVhcmVyIHNlY3JldAEB", true}}) {
    ClientFixture f;
    login(f, row.offered, row.oauth);
    size_t lines = 0;
    const size_t challenges = std::string_view(row.offered) == "LOGIN" ? 2 : 0;
    f.peer.auth = [&](std::string_view) {
      return lines++ < challenges ? "334 " + base64_encode("say it") + "\r\n" : "235 2.7.0 ok\r\n";
    };
    f.run(transaction_of(body));
    CHECK(f.peer.commands.at(1) == row.first);
    CHECK(f.opened.stage == Stage::auth);
    CHECK(f.opened.reply.code == 235);
    CHECK(f.result().last.is_good());
    if (challenges) {
      CHECK(auth_line(f, 2) == "user");
      CHECK(auth_line(f, 3) == "secret");
    }
  }
}

TEST_CASE("SCRAM bound to the channel: both sides prove themselves, the password is stretched by a worker") {
  for (const bool honest : {true, false}) {
    ClientFixture f;
    net::Workers workers(f.loop, 1, "test");
    starttls(f);
    login(f, "SCRAM-SHA-256-PLUS PLAIN");
    f.options.workers = &workers;
    const crypto::ScramKeys keys = crypto::make_scram_keys(honest ? "secret" : "other", "salt", 4096);
    std::string first, server_first;
    size_t lines = 0;
    f.peer.auth = [&](std::string_view line) -> std::string {
      if (lines++ == 0) {
        const std::string message = base64_decode(split(line, ' ')[2]).value();
        first = message.substr(message.find("n="));
        server_first = "r=" + first.substr(first.find("r=") + 2) + "x,s=" + base64_encode("salt") + ",i=4096";
        return "334 " + base64_encode(server_first) + "\r\n";
      }
      if (lines > 2) return "235 2.7.0 ok\r\n";
      const std::string final_message = base64_decode(line).value();
      CHECK(final_message.starts_with("c=" + base64_encode("p=tls-exporter,," + std::string(32, 'b'))));
      const std::string message =
          first + ',' + server_first + ',' + final_message.substr(0, final_message.rfind(",p="));
      CHECK(crypto::proof_matches(keys, message,
                                  *base64_decode(final_message.substr(final_message.rfind(",p=") + 3))) ==
            honest);
      return "334 " + base64_encode("v=" + base64_encode(crypto::server_signature(keys, message))) + "\r\n";
    };
    f.run(transaction_of(body));
    CHECK(f.opened.is_good() == honest);
    CHECK(f.peer.messages.size() == (honest ? 1 : 0));
    if (!honest) CHECK(f.opened.detail == "SCRAM-SHA-256-PLUS: it does not know the password itself");
  }
}

TEST_CASE("a server that calls SCRAM a success without its proof is not believed") {
  ClientFixture f;
  login(f, "SCRAM-SHA-256");
  f.run(transaction_of(body));
  CHECK(f.opened.stage == Stage::auth);
  CHECK(f.opened.trouble == Trouble::garbage);
  CHECK(f.peer.messages.empty());
}

TEST_CASE("no login in clear, none where nothing fits, none again after a refusal") {
  ClientFixture clear;
  login(clear, "PLAIN");
  clear.options.login_in_clear = false;
  clear.run(transaction_of(body));
  CHECK(clear.opened.trouble == Trouble::tls_not_offered);
  CHECK(clear.opened.stage == Stage::auth);
  CHECK(clear.peer.commands == Lines{"EHLO client.example", "QUIT"});

  ClientFixture none;
  login(none, "CRAM-MD5 GSSAPI");
  none.run(transaction_of(body));
  CHECK(none.opened.trouble == Trouble::no_mechanism);
  CHECK(none.opened.detail == "of its mechanisms CRAM-MD5 GSSAPI none is ours");

  ClientFixture refused;
  login(refused, "PLAIN LOGIN");
  refused.peer.script["AUTH"] = {{"535 5.7.8 no\r\n"}};
  refused.run(transaction_of(body));
  CHECK(refused.opened.stage == Stage::auth);
  CHECK(refused.opened.reply.code == 535);
  CHECK(refused.peer.commands.size() == 3);
}

TEST_CASE("a refused token answers its challenge by an empty line; a long one waits for the challenge") {
  ClientFixture f;
  login(f, "XOAUTH2", true);
  f.options.login->secret = std::string(2000, 't');
  size_t lines = 0;
  f.peer.auth = [&](std::string_view) -> std::string {
    const char* const replies[] = {"334 \r\n", "334 eyJzdGF0dXMiOiI0MDEifQ==\r\n", "535 5.7.8 expired\r\n"};
    return replies[lines++];
  };
  f.run(transaction_of(body));
  CHECK(f.peer.commands.at(1) == "AUTH XOAUTH2");
  CHECK(auth_line(f, 2).ends_with(std::string(2000, 't') + "\x01\x01"));
  CHECK(f.peer.commands.at(3).empty());
  CHECK(f.opened.reply.code == 535);
}

TEST_CASE("a login that never ends, or is no base64, ends the session") {
  for (const char* challenge : {"334 \r\n", "334 ?\r\n", "334-YQ==\r\n334 YQ==\r\n"}) {
    ClientFixture f;
    login(f, "XOAUTH2", true);
    f.peer.auth = [&](std::string_view) { return challenge; };
    f.run(transaction_of(body));
    CHECK(f.opened.trouble == Trouble::garbage);
    CHECK(f.peer.commands.size() < 12);
  }
}
