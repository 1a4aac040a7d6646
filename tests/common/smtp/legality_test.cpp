#include "common/smtp/legality.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace futar::smtp;

namespace {

std::string verdict(const SessionState& state, std::string_view line) {
  const auto refusal = check_order(state, parse_command(line).value());
  return refusal ? fmt::format("{} {}", refusal->code, refusal->enhanced_text()) : "ok";
}

SessionState connected() { return {.tls_offered = true}; }
SessionState greeted() { return {.greeted = true, .extended = true, .tls_offered = true}; }
SessionState in_mail() { return {.greeted = true, .extended = true, .tls_offered = true, .in_mail = true}; }
SessionState with_recipient() {
  return {.greeted = true, .extended = true, .tls_offered = true, .in_mail = true, .recipients = 1};
}
SessionState in_chunks() {
  return {.greeted = true, .extended = true, .in_mail = true, .recipients = 1, .in_chunks = true};
}

}  // namespace

TEST_CASE("which verb may come when (RFC 5321 §4.1.4)") {
  struct Row {
    std::string_view line, before_hello, greeted, in_mail, with_recipient, in_chunks;
  };
  const Row rows[] = {
      {"EHLO x", "ok", "ok", "ok", "ok", "ok"},
      {"HELO x", "ok", "ok", "ok", "ok", "ok"},
      {"LHLO x", "500 5.5.2", "500 5.5.2", "500 5.5.2", "500 5.5.2", "500 5.5.2"},
      {"MAIL FROM:<>", "503 5.5.1", "ok", "503 5.5.1", "503 5.5.1", "503 5.5.1"},
      {"RCPT TO:<a@b>", "503 5.5.1", "503 5.5.1", "ok", "ok", "503 5.5.1"},
      {"DATA", "503 5.5.1", "503 5.5.1", "554 5.5.1", "ok", "503 5.5.1"},
      {"BDAT 1", "503 5.5.1", "503 5.5.1", "554 5.5.1", "ok", "ok"},
      {"RSET", "ok", "ok", "ok", "ok", "ok"},
      {"NOOP", "ok", "ok", "ok", "ok", "ok"},
      {"QUIT", "ok", "ok", "ok", "ok", "ok"},
      {"VRFY a", "ok", "ok", "ok", "ok", "ok"},
      {"HELP", "ok", "ok", "ok", "ok", "ok"},
      {"STARTTLS", "503 5.5.1", "ok", "503 5.5.1", "503 5.5.1", "503 5.5.1"},
      {"AUTH PLAIN", "503 5.5.1", "502 5.5.1", "502 5.5.1", "502 5.5.1", "503 5.5.1"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.line);
    CHECK(verdict(connected(), row.line) == row.before_hello);
    CHECK(verdict(greeted(), row.line) == row.greeted);
    CHECK(verdict(in_mail(), row.line) == row.in_mail);
    CHECK(verdict(with_recipient(), row.line) == row.with_recipient);
    CHECK(verdict(in_chunks(), row.line) == row.in_chunks);
  }
}

TEST_CASE(
    "octets behind EHLO, DATA, STARTTLS and AUTH end the session; other verbs may be pipelined (RFC 2920)") {
  for (std::string_view line : {"EHLO x", "HELO x", "DATA", "STARTTLS", "AUTH PLAIN"}) {
    SessionState state = with_recipient();
    state.octets_behind = true;
    CHECK(verdict(state, line) == "421 4.5.0");
  }
  for (std::string_view line : {"RSET", "NOOP", "QUIT", "RCPT TO:<a@b>", "BDAT 1"}) {
    SessionState state = with_recipient();
    state.octets_behind = true;
    CHECK(verdict(state, line) == "ok");
  }
}

TEST_CASE("a listener that requires TLS and login lets no mail pass before both") {
  SessionState state = greeted();
  state.auth_offered = state.tls_required = state.login_required = true;
  CHECK(verdict(state, "MAIL FROM:<>") == "530 5.7.0");
  CHECK(verdict(state, "AUTH PLAIN") == "538 5.7.11");
  CHECK(verdict(state, "STARTTLS") == "ok");
  state.tls = true;
  CHECK(verdict(state, "STARTTLS") == "503 5.5.1");
  CHECK(verdict(state, "MAIL FROM:<>") == "530 5.7.0");
  CHECK(verdict(state, "AUTH PLAIN") == "ok");
  state.login = true;
  CHECK(verdict(state, "AUTH PLAIN") == "503 5.5.1");
  CHECK(verdict(state, "MAIL FROM:<>") == "ok");
}

TEST_CASE("STARTTLS is unknown where there is none, AUTH needs EHLO") {
  SessionState state = greeted();
  state.tls_offered = false;
  CHECK(verdict(state, "STARTTLS") == "502 5.5.1");
  state = {.greeted = true, .tls = true, .auth_offered = true};
  CHECK(verdict(state, "AUTH PLAIN") == "503 5.5.1");
  state.extended = true;
  CHECK(verdict(state, "AUTH PLAIN") == "ok");
}

TEST_CASE("LMTP speaks LHLO only (RFC 2033 §4.1)") {
  const SessionState state{.lmtp = true};
  CHECK(verdict(state, "LHLO x") == "ok");
  CHECK(verdict(state, "EHLO x") == "500 5.5.2");
  CHECK(verdict(state, "HELO x") == "500 5.5.2");
}
