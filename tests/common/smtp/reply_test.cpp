#include "common/smtp/reply.h"

#include <doctest/doctest.h>

#include "common/smtp/capabilities.h"
#include "common/smtp/replies.h"

using namespace futar::smtp;

TEST_CASE("a reply on the wire carries code, enhanced code and text on each line") {
  CHECK(replies::mailbox_unknown().wire() == "550 5.1.1 No such user here\r\n");
  CHECK(replies::mailbox_full().line() == "452 4.2.2 Mailbox full");
  CHECK(Reply{250, {0, 0}, "one\ntwo"}.wire() == "250-2.0.0 one\r\n250 2.0.0 two\r\n");
}

TEST_CASE("greeting, EHLO, 334 and 354 carry no enhanced code (RFC 2034 §3)") {
  CHECK(replies::greeting("mail.example.org").wire() == "220 mail.example.org ESMTP\r\n");
  CHECK(replies::start_data().wire() == "354 End data with <CR><LF>.<CR><LF>\r\n");
  CHECK(replies::auth_challenge("").wire() == "334 \r\n");
  CHECK(replies::auth_challenge("Username:").wire() == "334 VXNlcm5hbWU6\r\n");
}

TEST_CASE("text of a peer in a reply cannot make a second reply, and a line stays within 512 octets") {
  CHECK(replies::unknown_parameter("X\r\n250 Ok").wire() ==
        "555 5.5.4 Parameter not recognized or not implemented: X??250 Ok\r\n");
  CHECK(replies::bad_syntax(std::string(5000, 'a')).wire().size() <= 512);
}

TEST_CASE("the queued reply has the bare id") {
  const auto id = futar::MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y").value();
  CHECK(replies::queued(id).wire() == "250 2.0.0 Ok: queued as 01kb3m7q2v8x0z4c9r5t1n6w3y\r\n");
}

TEST_CASE("421 closes the session, nothing else does") {
  for (const Reply& reply :
       {replies::shutting_down(), replies::timeout(), replies::too_many_errors(),
        replies::too_many_connections(), replies::synchronization(), replies::foreign_protocol()})
    CHECK(reply.closes());
  for (const Reply& reply :
       {replies::local_error(), replies::smuggling(), replies::bye("x"), replies::auth_failed()})
    CHECK_FALSE(reply.closes());
}

TEST_CASE("EHLO offers what the listener has") {
  Offer offer{.host = "mail.example.org", .max_size = 1000, .max_recipients = 50, .auth = {}};
  CHECK(hello_extended(offer).wire() ==
        "250-mail.example.org\r\n250-PIPELINING\r\n250-SIZE "
        "1000\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-CHUNKING\r\n"
        "250-LIMITS RCPTMAX=50\r\n250 ENHANCEDSTATUSCODES\r\n");
  offer.starttls = offer.dsn = true;
  offer.auth = {"PLAIN", "SCRAM-SHA-256"};
  const std::string all = hello_extended(offer).wire();
  CHECK(all.contains("250-STARTTLS\r\n"));
  CHECK(all.contains("250-DSN\r\n"));
  CHECK(all.contains("250-AUTH PLAIN SCRAM-SHA-256\r\n"));
}

TEST_CASE("parameters of what was not offered are unknown, and UTF-8 needs SMTPUTF8") {
  const auto check_mail = [](const Offer& offer, std::string_view line) {
    const auto refusal = check_offered(offer, std::get<Mail>(parse_command(line).value()));
    return refusal ? refusal->code : 0;
  };
  const Offer bare{.host = "x", .max_size = 1000, .auth = {}};
  const Offer rich{.host = "x", .max_size = 1000, .dsn = true, .auth = {"PLAIN"}};
  CHECK(check_mail(bare, "MAIL FROM:<a@b> SIZE=1000 BODY=8BITMIME") == 0);
  CHECK(check_mail(bare, "MAIL FROM:<a@b> SIZE=1001") == 552);
  for (std::string_view line :
       {"MAIL FROM:<a@b> RET=FULL", "MAIL FROM:<a@b> ENVID=x", "MAIL FROM:<a@b> AUTH=<>"}) {
    CHECK(check_mail(bare, line) == 555);
    CHECK(check_mail(rich, line) == 0);
  }
  CHECK(check_mail(rich, "MAIL FROM:<ü@b>") == 553);
  CHECK(check_mail(rich, "MAIL FROM:<ü@b> SMTPUTF8") == 0);

  const auto check_rcpt = [](const Offer& offer, bool utf8, std::string_view line) {
    MailParameters transaction;
    transaction.smtputf8 = utf8;
    const auto refusal = check_offered(offer, transaction, std::get<Rcpt>(parse_command(line).value()));
    return refusal ? refusal->enhanced_text() : "";
  };
  CHECK(check_rcpt(bare, false, "RCPT TO:<a@b> NOTIFY=NEVER") == "5.5.4");
  CHECK(check_rcpt(bare, false, "RCPT TO:<a@b> ORCPT=rfc822;a@b") == "5.5.4");
  CHECK(check_rcpt(rich, false, "RCPT TO:<a@b> NOTIFY=NEVER ORCPT=rfc822;a@b") == "");
  CHECK(check_rcpt(rich, false, "RCPT TO:<a@ü.example>") == "5.6.7");
  CHECK(check_rcpt(rich, true, "RCPT TO:<a@ü.example>") == "");
}
