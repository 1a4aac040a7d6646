#include "common/smtp/command.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "common/smtp/replies.h"
#include "common/smtp/xtext.h"

using namespace futar::smtp;

namespace {

template <class T>
T read(std::string_view line) {
  CAPTURE(line);
  auto command = parse_command(line);
  REQUIRE_MESSAGE(command, (command ? "" : command.error().line()));
  REQUIRE(std::holds_alternative<T>(*command));
  return std::get<T>(*command);
}

// "501 5.5.4", or "taken".
std::string refusal(std::string_view line) {
  auto command = parse_command(line);
  if (command) return "taken";
  return fmt::format("{} {}", command.error().code, command.error().enhanced_text());
}

}  // namespace

TEST_CASE("each verb is read in any case, with white space behind it") {
  CHECK(read<Ehlo>("ehlo Mail.Example.ORG").domain == "mail.example.org");
  CHECK(read<Helo>("HELO [192.0.2.1] ").domain == "[192.0.2.1]");
  CHECK(read<Lhlo>("LHLO x").domain == "x");
  CHECK(read<Ehlo>("EHLO bob's_laptop").domain == "bob's_laptop");
  read<Data>("daTa");
  read<Rset>("RSET \t ");
  read<Noop>("NOOP whatever stands here");
  read<Quit>("QUIT");
  read<Help>("HELP MAIL");
  read<StartTls>("StartTLS");
  CHECK(read<Vrfy>("VRFY bob").argument == "bob");
}

TEST_CASE("MAIL takes a path, the null path, and each parameter once") {
  CHECK(read<Mail>("MAIL FROM:<>").reverse_path.is_null());
  CHECK(read<Mail>("mail from:<Bob@Example.org>").reverse_path == Address{"Bob", "example.org"});
  CHECK(read<Mail>("MAIL FROM: <bob@example.org>").reverse_path == Address{"bob", "example.org"});
  CHECK(read<Mail>("MAIL FROM:<\"a>b\\\"\"@example.org> SIZE=1").reverse_path.local == "a>b\"");

  const Mail mail = read<Mail>(
      "MAIL FROM:<bob@example.org> SIZE=50 body=8bitmime SMTPUTF8 RET=hdrs ENVID=QQ314159+20x "
      "AUTH=e+3Dmc2@example.com");
  CHECK(mail.parameters == MailParameters{.size = 50,
                                          .body_8bit = true,
                                          .smtputf8 = true,
                                          .ret = Ret::headers,
                                          .envid = "QQ314159 x",
                                          .auth = "e=mc2@example.com"});
  CHECK(read<Mail>("MAIL FROM:<a@b> AUTH=<>").parameters.auth == "<>");
  CHECK(read<Mail>("MAIL FROM:<a@b> BODY=7BIT RET=FULL").parameters.ret == Ret::full);
  CHECK(read<Mail>("MAIL FROM:<用户@例え.example> SMTPUTF8").reverse_path.local == "用户");
}

TEST_CASE("RCPT takes a path and the parameters of RFC 3461, as in its examples") {
  const Rcpt carol = read<Rcpt>("RCPT TO:<Carol@Ivory.EDU> NOTIFY=FAILURE ORCPT=rfc822;Carol@Ivory.EDU");
  CHECK(carol.forward_path == Address{"Carol", "ivory.edu"});
  CHECK(carol.parameters.notify.bits == Notify::failure);
  CHECK(carol.parameters.orcpt == "rfc822;Carol@Ivory.EDU");
  CHECK(read<Rcpt>("RCPT TO:<Dana@Ivory.EDU> NOTIFY=SUCCESS,FAILURE,delay").parameters.notify.bits ==
        (Notify::success | Notify::failure | Notify::delay));
  CHECK(read<Rcpt>("RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a+2Bb@c").parameters.orcpt == "rfc822;a+b@c");
  CHECK(read<Rcpt>("RCPT TO:<a@b> ORCPT=utf-8;\\x{7528}@example.org").parameters.orcpt ==
        "utf-8;\\x{7528}@example.org");
  CHECK(read<Rcpt>("RCPT TO:<a@b> ORCPT=utf-8;用@example.org").parameters.orcpt == "utf-8;用@example.org");
  CHECK(read<Rcpt>("RCPT TO: <Postmaster>").forward_path == Address{"postmaster", ""});
  CHECK(read<Rcpt>("RCPT TO:<a@b>").parameters.notify.bits == 0);
}

TEST_CASE("BDAT and AUTH") {
  CHECK(read<Bdat>("BDAT 1000").size == 1000);
  CHECK_FALSE(read<Bdat>("BDAT 1000").last);
  CHECK(read<Bdat>("bdat 0 last").last);
  CHECK(read<Auth>("auth plain AGEAYg==").mechanism == "PLAIN");
  CHECK(read<Auth>("AUTH PLAIN AGEAYg==").initial == "AGEAYg==");
  CHECK(read<Auth>("AUTH PLAIN =").initial == "=");
  CHECK_FALSE(read<Auth>("AUTH SCRAM-SHA-256-PLUS").initial.has_value());
}

TEST_CASE("lines that are refused, and how") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"", "500 5.5.2"},
      {"FOO", "500 5.5.2"},
      {" MAIL FROM:<a@b>", "500 5.5.2"},
      {"MAILFROM:<a@b>", "500 5.5.2"},
      {"GET / HTTP/1.1", "500 5.5.2"},
      {std::string_view("NOOP\0", 5), "500 5.5.2"},
      {"EXPN list", "502 5.5.1"},
      {"ETRN example.org", "502 5.5.1"},
      {"EHLO", "501 5.5.4"},
      {"EHLO a b", "501 5.5.4"},
      {"EHLO a\x01", "501 5.5.4"},
      {"EHLO <a>", "501 5.5.4"},
      {"HELO \xFF", "501 5.5.4"},
      {"DATA now", "501 5.5.4"},
      {"RSET x", "501 5.5.4"},
      {"QUIT x", "501 5.5.4"},
      {"STARTTLS x", "501 5.5.4"},
      {"VRFY", "501 5.5.4"},
      {"MAIL", "501 5.5.4"},
      {"MAIL FROM", "501 5.5.4"},
      {"MAIL <a@b>", "501 5.5.4"},
      {"MAIL FROM:a@b", "501 5.5.4"},
      {"MAIL FROM:  <a@b>", "501 5.5.4"},
      {"MAIL FROM : <a@b>", "501 5.5.4"},
      {"MAIL FROM:<a@b", "501 5.5.4"},
      {"MAIL FROM:<a@b>SIZE=1", "501 5.5.4"},
      {"MAIL FROM:<a@b>  SIZE=1", "501 5.5.4"},
      {"MAIL FROM:<\"a@b>", "501 5.5.4"},
      {"MAIL FROM:<a>", "553 5.1.7"},
      {"MAIL FROM:< >", "553 5.1.7"},
      {"MAIL FROM:<a b@c>", "553 5.1.7"},
      {"MAIL FROM:<@relay.example:a@b>", "553 5.1.7"},
      {"MAIL FROM:<a@b> SIZE", "501 5.5.4"},
      {"MAIL FROM:<a@b> SIZE=-1", "501 5.5.4"},
      {"MAIL FROM:<a@b> SIZE=18446744073709551616", "501 5.5.4"},
      {"MAIL FROM:<a@b> SIZE=000000000000000000001", "501 5.5.4"},
      {"MAIL FROM:<a@b> SIZE=1 size=2", "501 5.5.4"},
      {"MAIL FROM:<a@b> BODY=9BIT", "501 5.5.4"},
      {"MAIL FROM:<a@b> BODY=BINARYMIME", "555 5.5.4"},
      {"MAIL FROM:<a@b> SMTPUTF8=yes", "501 5.5.4"},
      {"MAIL FROM:<a@b> RET=SOME", "501 5.5.4"},
      {"MAIL FROM:<a@b> ENVID=", "501 5.5.4"},
      {"MAIL FROM:<a@b> ENVID=a+0D+0Ab", "501 5.5.4"},
      {"MAIL FROM:<a@b> AUTH=a+0Ab", "501 5.5.4"},
      {"MAIL FROM:<a@b> ENVID=a+4", "501 5.5.4"},
      {"MAIL FROM:<a@b> ENVID=a+4g", "501 5.5.4"},
      {"MAIL FROM:<a@b> REQUIRETLS", "555 5.5.4"},
      {"MAIL FROM:<a@b> XVERP", "555 5.5.4"},
      {"MAIL FROM:<a@b> NOTIFY=NEVER", "555 5.5.4"},
      {"MAIL FROM:<a@b> =1", "501 5.5.4"},
      {"MAIL FROM:<a@b> -a=1", "501 5.5.4"},
      {"RCPT TO:<>", "553 5.1.3"},
      {"RCPT TO:<bob>", "553 5.1.3"},
      {"RCPT TO:<@a.example,@b.example:bob@c.example>", "553 5.1.3"},
      {"RCPT TO:<a@b> RET=FULL", "555 5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=", "501 5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=NEVER,SUCCESS", "501 5.5.4"},
      {"RCPT TO:<a@b> NOTIFY=SUCCESS,", "501 5.5.4"},
      {"RCPT TO:<a@b> ORCPT=a@b", "501 5.5.4"},
      {"RCPT TO:<a@b> ORCPT=rfc822;", "501 5.5.4"},
      {"RCPT TO:<a@b> ORCPT=;a@b", "501 5.5.4"},
      {"RCPT TO:<a@b> ORCPT=rfc822;a+0Ab", "501 5.5.4"},
      {"BDAT", "501 5.5.4"},
      {"BDAT x", "501 5.5.4"},
      {"BDAT -1", "501 5.5.4"},
      {"BDAT 99999999999999999999", "501 5.5.4"},
      {"BDAT 1 LAST x", "501 5.5.4"},
      {"BDAT 1 FIRST", "501 5.5.4"},
      {"AUTH", "501 5.5.4"},
      {"AUTH PLAIN a b", "501 5.5.4"},
      {"AUTH PL+AIN", "501 5.5.4"},
      {"AUTH ABCDEFGHIJKLMNOPQRSTU", "501 5.5.4"},
  };
  for (const auto& [line, expected] : rows) {
    CAPTURE(line);
    CHECK(refusal(line) == expected);
  }
  CHECK(refusal("MAIL FROM:<a@b> ENVID=" + std::string(100, 'a')) == "taken");
  CHECK(refusal("MAIL FROM:<a@b> ENVID=" + std::string(101, 'a')) == "501 5.5.4");
  CHECK(refusal("RCPT TO:<a@b> ORCPT=rfc822;" + std::string(493, 'a')) == "taken");
  CHECK(refusal("RCPT TO:<a@b> ORCPT=rfc822;" + std::string(494, 'a')) == "501 5.5.4");
}

TEST_CASE("a browser or a TLS hello on our port is known at its first line") {
  for (std::string_view line :
       {"GET / HTTP/1.1", "POST /x HTTP/1.0", "PRI * HTTP/2.0", "CONNECT a:25 HTTP/1.1", "\x16\x03\x01\x02"})
    CHECK(is_foreign_protocol(line));
  for (std::string_view line : {"", "EHLO x", "GETTING", "HELP", "get / HTTP/1.1"})
    CHECK_FALSE(is_foreign_protocol(line));
}

TEST_CASE("xtext carries any octets (RFC 3461 §4)") {
  CHECK(xtext_encode("e=mc2@example.com") == "e+3Dmc2@example.com");
  CHECK(xtext_encode("a b+\n\xFF") == "a+20b+2B+0A+FF");
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  CHECK(xtext_decode(xtext_encode(all)) == all);
  for (std::string_view bad : {"+", "+2", "+2x", "+2b", "a=b", "a b", "\xFF"})
    CHECK_FALSE(xtext_decode(bad).has_value());
}
