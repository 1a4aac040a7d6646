// The pure parts: replies, offers, commands.
#include <doctest/doctest.h>

#include "common/smtp_client/commands.h"
#include "common/smtp_client/peer_offer.h"
#include "common/smtp_client/reply_parser.h"
#include "common/smtp_client/stage.h"

using namespace futar;
using namespace futar::smtp_client;
using State = ReplyParser::State;

namespace {

struct Parsed {
  State state = State::more;
  Said said;
  std::string flaw, rest;
};

Parsed parse(std::string_view octets, size_t piece = SIZE_MAX) {
  ReplyParser parser;
  Parsed parsed;
  while (!octets.empty() && parsed.state == State::more) {
    std::string_view part = octets.substr(0, piece);
    const size_t size = part.size();
    parsed.state = parser.push(part);
    octets.remove_prefix(size - part.size());
  }
  parsed.said = parser.said();
  parsed.flaw = parser.flaw();
  parsed.rest = octets;
  return parsed;
}

struct ReplyRow {
  std::string_view octets;
  int code;
  std::string_view enhanced, text, rest;
};

const ReplyRow good_replies[] = {
    {"250 2.1.5 Ok\r\n", 250, "2.1.5", "250 2.1.5 Ok", ""},
    {"250 Ok\r\n250 next\r\n", 250, "", "250 Ok", "250 next\r\n"},
    {"250\r\n", 250, "", "250", ""},
    {"250 \r\n", 250, "", "250 ", ""},
    {"250-\r\n250\r\n", 250, "", "250-\n250", ""},
    {"250 Ok\nx", 250, "", "250 Ok", "x"},
    {"550-5.1.1 no such\r\n550-5.1.1 user\r\n550 5.1.1 here\r\n", 550, "5.1.1",
     "550-5.1.1 no such\n550-5.1.1 user\n550 5.1.1 here", ""},
    {"550 5.7.509\r\n", 550, "5.7.509", "550 5.7.509", ""},
    {"450 5.1.1 another class\r\n", 450, "", "450 5.1.1 another class", ""},
    {"550 5.1 short\r\n", 550, "", "550 5.1 short", ""},
    {"550 5.1.1234 long\r\n", 550, "", "550 5.1.1234 long", ""},
    {"550 5.1.1.1 no\r\n", 550, "", "550 5.1.1.1 no", ""},
    {"550 5.1.1-no\r\n", 550, "", "550 5.1.1-no", ""},
    {"354 3.0.0 go\r\n", 354, "", "354 3.0.0 go", ""},
    {"220 a\tb \x1b[2Jc\rd \xff\r\n", 220, "", "220 a b ?[2Jc?d ?", ""},
    {"220 sz\xc3\xa9p\r\n", 220, "", "220 sz\xc3\xa9p", ""},
};

struct GarbageRow {
  std::string octets, flaw;
};

const GarbageRow garbage[] = {
    {"\r\n", "no SMTP reply: \"\""},
    {"25\r\n", "no SMTP reply: \"25\""},
    {"250Ok\r\n", "no SMTP reply: \"250Ok\""},
    {"250_Ok\r\n", "no SMTP reply: \"250_Ok\""},
    {"150 Ok\r\n", "no SMTP reply: \"150 Ok\""},
    {"650 Ok\r\n", "no SMTP reply: \"650 Ok\""},
    {" 250 Ok\r\n", "no SMTP reply: \" 250 Ok\""},
    {"2x0 Ok\r\n", "no SMTP reply: \"2x0 Ok\""},
    {"HTTP/1.1 400 Bad Request\r\n", "no SMTP reply: \"HTTP/1.1 400 Bad Request\""},
    {"SSH-2.0-x\x1b[1m\r\n", "no SMTP reply: \"SSH-2.0-x?[1m\""},
    {std::string("250 a\0b\r\n", 9), "no SMTP reply: \"250 a?b\""},
    {"250-a\r\n251 b\r\n", "a reply with two codes, 250 and 251"},
    {"250-a\r\n550 b\r\n", "a reply with two codes, 250 and 550"},
    {"250 " + std::string(2045, 'x') + "\r\n", "a line of more than 2048 octets"},
    {std::string(1'000'000, '2'), "a line of more than 2048 octets"},
};

std::string repeated(std::string_view line, size_t times) {
  std::string text;
  for (size_t i = 0; i < times; ++i) text += line;
  return text;
}

smtp::MailParameters everything() {
  smtp::MailParameters parameters;
  parameters.body_8bit = true;
  parameters.ret = smtp::Ret::headers;
  parameters.envid = "id+1 =";
  return parameters;
}

Transaction plain_transaction() {
  Transaction transaction;
  transaction.reverse_path = *smtp::parse_address("a@example.com");
  transaction.recipients = {{*smtp::parse_address("b@example.org"), {}}};
  transaction.size = 1000;
  return transaction;
}

PeerOffer full_offer() {
  return parse_offer("250-h\n250-SIZE 5000\n250-8BITMIME\n250-SMTPUTF8\n250-DSN\n250 PIPELINING");
}

}  // namespace

TEST_CASE("replies are read whole or octet by octet, and what follows is left") {
  for (const ReplyRow& row : good_replies)
    for (const size_t piece : {SIZE_MAX, size_t{1}, size_t{3}}) {
      CAPTURE(row.octets);
      const Parsed parsed = parse(row.octets, piece);
      CHECK(parsed.state == State::done);
      CHECK(parsed.said.code == row.code);
      CHECK(parsed.said.enhanced == row.enhanced);
      CHECK(parsed.said.text == row.text);
      CHECK(parsed.rest == row.rest);
    }
}

TEST_CASE("what is no reply is refused in words that can be printed") {
  for (const GarbageRow& row : garbage)
    for (const size_t piece : {SIZE_MAX, size_t{1}}) {
      CAPTURE(row.flaw);
      const Parsed parsed = parse(row.octets, piece);
      CHECK(parsed.state == State::garbage);
      CHECK(parsed.flaw == row.flaw);
      CHECK(parsed.said.code == 0);
    }
}

TEST_CASE("a reply has an end: 128 lines, 64 KiB") {
  CHECK(parse(repeated("250-x\r\n", 127) + "250 x\r\n").state == State::done);
  CHECK(parse(repeated("250-x\r\n", 128) + "250 x\r\n").flaw == "an endless reply");
  const std::string long_line = "250-" + std::string(1000, 'x') + "\r\n";
  CHECK(parse(repeated(long_line, 66)).flaw == "an endless reply");
  CHECK(parse("250 " + std::string(2043, 'x') + "\r\n").state == State::done);
  CHECK(parse("250-x\r\n250-y").state == State::more);
}

TEST_CASE("4 KiB of a long reply are kept, never half a character") {
  const std::string line = "-" + std::string(600, 'x') + repeated("\xc3\xa9", 300) + "\r\n";
  const Parsed parsed = parse(repeated("550" + line, 20) + "550 end\r\n");
  CHECK(parsed.state == State::done);
  CHECK(parsed.said.text.size() <= max_said_text);
  CHECK(parsed.said.text.size() > max_said_text - 16);
  CHECK(parsed.said.text.ends_with("..."));
  CHECK(parsed.said.text.find('?') == std::string::npos);
}

TEST_CASE("each stage takes its own kind of good reply, and any refusal") {
  for (int stage = 0; stage <= static_cast<int>(Stage::quit); ++stage) {
    const auto at = static_cast<Stage>(stage);
    CAPTURE(name(at));
    CHECK(fits(at, 421));
    CHECK(fits(at, 550));
    if (at == Stage::connect || at == Stage::tls) continue;
    CHECK(fits(at, 250) == (at != Stage::data));
    CHECK(fits(at, 354) == (at == Stage::data || at == Stage::auth));
  }
}

TEST_CASE("the standard's timeouts (RFC 5321 §4.5.3.2)") {
  constexpr int64_t minute = 60'000;
  for (const Stage stage : {Stage::greeting, Stage::mail, Stage::rcpt})
    CHECK(timeout_ms(stage) == 5 * minute);
  CHECK(timeout_ms(Stage::data) == 2 * minute);
  CHECK(timeout_ms(Stage::content) == 3 * minute);
  CHECK(timeout_ms(Stage::dot) == 10 * minute);
}

TEST_CASE("an offer is read in any case; what is unknown or senseless is passed over") {
  const PeerOffer offer = parse_offer(
      "250-STARTTLS.example greets\n250-pipelining\n250-8bitMIME\n250-Size 1000\n250-AUTH plain LOGIN\n"
      "250-AUTH=LOGIN Scram-SHA-256\n250-LIMITS RCPTMAX=20 mailmax=5 RCPTDOMAINMAX=1\n250-X-ODD = "
      "=\n250-\n250 dsn");
  PeerOffer expected;
  expected.extended = expected.pipelining = expected.eight_bit = expected.dsn = expected.size_told = true;
  expected.max_size = 1000;
  expected.auth = {"PLAIN", "LOGIN", "SCRAM-SHA-256"};
  expected.max_recipients = 20;
  expected.max_messages = 5;
  expected.max_domains = 1;
  CHECK(offer == expected);

  CHECK(parse_offer("250-h\n250 STARTTLS").starttls);
  CHECK(parse_offer("250-h\n250-SMTPUTF8\n250 CHUNKING").chunking);
  CHECK_FALSE(parse_offer("250-h\n250 STARTTLSX").starttls);
  for (const char* limits :
       {"RCPTMAX=0", "RCPTMAX=-1", "RCPTMAX=", "RCPTMAX", "=5", "RCPTMAX=99999999999999999999"})
    CHECK(parse_offer(std::string("250-h\n250 LIMITS ") + limits).max_recipients == 100);
  for (const char* size : {"SIZE", "SIZE 0", "SIZE many", "SIZE -5"}) {
    const PeerOffer sized = parse_offer(std::string("250-h\n250 ") + size);
    CHECK(sized.size_told);
    CHECK(sized.max_size == 0);
  }
}

TEST_CASE("commands use only what was offered") {
  Transaction transaction = plain_transaction();
  transaction.parameters = everything();
  transaction.recipients[0].parameters = {{smtp::Notify::success | smtp::Notify::delay},
                                          "rfc822;b+c@example.org"};
  CHECK(mail_command(full_offer(), transaction) ==
        "MAIL FROM:<a@example.com> SIZE=1000 BODY=8BITMIME RET=HDRS ENVID=id+2B1+20+3D");
  CHECK(rcpt_command(full_offer(), transaction.recipients[0]) ==
        "RCPT TO:<b@example.org> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;b+2Bc@example.org");
  PeerOffer bare = parse_offer("250-h\n250 8BITMIME");
  CHECK(mail_command(bare, transaction) == "MAIL FROM:<a@example.com> BODY=8BITMIME");
  CHECK(rcpt_command(bare, transaction.recipients[0]) == "RCPT TO:<b@example.org>");
  transaction.reverse_path = {};
  transaction.parameters = {};
  transaction.parameters.ret = smtp::Ret::full;
  CHECK(mail_command(full_offer(), transaction) == "MAIL FROM:<> SIZE=1000 RET=FULL");
  transaction.recipients[0] = {*smtp::parse_address("\"b c\"@example.org"), {{smtp::Notify::never}, ""}};
  CHECK(rcpt_command(full_offer(), transaction.recipients[0]) ==
        "RCPT TO:<\"b c\"@example.org> NOTIFY=NEVER");
}

TEST_CASE("SMTPUTF8 is asked for by the message, an address, or an original recipient") {
  Transaction transaction = plain_transaction();
  CHECK(mail_command(full_offer(), transaction) == "MAIL FROM:<a@example.com> SIZE=1000");
  transaction.recipients[0].parameters.orcpt = "utf-8;sz\xc3\xa9p=@example.org";
  CHECK(mail_command(full_offer(), transaction) == "MAIL FROM:<a@example.com> SIZE=1000 SMTPUTF8");
  CHECK(rcpt_command(full_offer(), transaction.recipients[0]) ==
        "RCPT TO:<b@example.org> ORCPT=utf-8;sz\xc3\xa9p+3D@example.org");
  CHECK(lacking(parse_offer("250 h"), transaction) == "SMTPUTF8");
  transaction.recipients[0] = {*smtp::parse_address("sz\xc3\xa9p@example.org"), {}};
  CHECK(lacking(parse_offer("250 h"), transaction) == "SMTPUTF8");
  transaction = plain_transaction();
  transaction.parameters.smtputf8 = true;
  CHECK(lacking(parse_offer("250 h"), transaction) == "SMTPUTF8");
}

TEST_CASE("what the server lacks is known before a word is said") {
  Transaction transaction = plain_transaction();
  CHECK(lacking(PeerOffer{}, transaction) == "");
  transaction.parameters.body_8bit = true;
  CHECK(lacking(PeerOffer{}, transaction) == "8BITMIME");
  CHECK(lacking(full_offer(), transaction) == "");
  transaction.size = 5000;
  CHECK(lacking(full_offer(), transaction) == "");
  transaction.size = 5001;
  CHECK(lacking(full_offer(), transaction) == "SIZE");
}

TEST_CASE("a control character never becomes part of a command") {
  CHECK(is_one_line("MAIL FROM:<sz\xc3\xa9p@example.com>"));
  for (const char c : {'\r', '\n', '\0', '\t', '\x7f'}) CHECK_FALSE(is_one_line(std::string("MAIL") + c));
}
