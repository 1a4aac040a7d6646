#include "common/message/report.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "common/message/header.h"

using namespace futar;
using namespace futar::message;

namespace {

constexpr int64_t at_noon = 1795528927000;
const MessageId report_id = MessageId::parse("01kb3p4d9c7v2x5n8r0t6y1m3z").value();
const MessageId original_id = MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y").value();

ReportedRecipient failed_recipient() {
  ReportedRecipient recipient;
  recipient.address = {"louisl", "larry.example"};
  recipient.orcpt = "rfc822;louisl@larry.example";
  recipient.status = "4.0.0";
  recipient.remote_host = "mail.larry.example";
  recipient.remote_words = "426-connection\r\n426 timed out";
  recipient.cause = "no server answered for 5 days";
  recipient.last_attempt_ms = at_noon;
  return recipient;
}

Report example() {
  Report report;
  report.host = "mx.example.org";
  report.id = report_id;
  report.to = {"alice", "example.org"};
  report.original = original_id;
  report.envid = "QQ314159";
  report.arrival_ms = at_noon - 1000;
  report.now_ms = at_noon;
  report.recipients = {failed_recipient()};
  report.original_header = "From: alice@example.org\r\nMessage-ID: <1@example.org>\r\n\r\n";
  report.original_body = "secret body\r\n";
  return report;
}

std::vector<std::string> parts_of(const ReportText& text) {
  const std::string boundary = "--report-" + report_id.text();
  std::vector<std::string> parts;
  size_t at = text.body.find(boundary);
  while (at != std::string::npos) {
    at += boundary.size();
    const size_t next = text.body.find("\r\n" + boundary, at);
    if (next == std::string::npos) break;
    parts.push_back(text.body.substr(at + 2, next - at - 2));
    at = next + 2;
  }
  return parts;
}

// Octets that a line, a header or a terminal could trip over, and lines that are too long.
bool is_clean(std::string_view text) {
  size_t line = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return false;
    if (c == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\r' && c != '\n' && c != '\t') || c == 0x7F)
      return false;
    line = c == '\n' ? 0 : line + 1;
    if (line > 998) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a report is a multipart/report with words, status and the original's header (RFC 6522 §3)") {
  const ReportText text = write_report(example());
  const auto fields = split_header(text.header);
  CHECK(text.header.ends_with("\r\n\r\n"));
  CHECK(unfold(find(fields, "Content-Type")->value) ==
        "multipart/report; report-type=delivery-status;\tboundary=\"report-01kb3p4d9c7v2x5n8r0t6y1m3z\"");
  CHECK(unfold(find(fields, "Auto-Submitted")->value) == "auto-replied");
  CHECK(unfold(find(fields, "From")->value) == "Mail delivery <MAILER-DAEMON@mx.example.org>");
  CHECK(unfold(find(fields, "To")->value) == "<alice@example.org>");
  CHECK(unfold(find(fields, "Subject")->value) == "Your message was not delivered");
  CHECK(unfold(find(fields, "Message-ID")->value) == "<01kb3p4d9c7v2x5n8r0t6y1m3z@mx.example.org>");
  CHECK(unfold(find(fields, "In-Reply-To")->value) == "<1@example.org>");
  CHECK(unfold(find(fields, "Date")->value) == "Tue, 24 Nov 2026 14:02:07 +0000");
  CHECK_FALSE(text.eight_bit);

  const auto parts = parts_of(text);
  REQUIRE(parts.size() == 3);
  CHECK(parts[0].starts_with("Content-Type: text/plain; charset=utf-8\r\n"));
  CHECK(parts[0].contains("<louisl@larry.example>: no server answered for 5 days\r\n"));
  CHECK(parts[0].contains("mail.larry.example said: \"426 connection timed out\"\r\n"));
  CHECK(parts[0].contains(original_id.text()));
  CHECK(parts[1] ==
        "Content-Type: message/delivery-status\r\nContent-Description: Delivery status\r\n\r\n"
        "Reporting-MTA: dns; mx.example.org\r\n"
        "Original-Envelope-Id: QQ314159\r\n"
        "Arrival-Date: Tue, 24 Nov 2026 14:02:06 +0000\r\n"
        "\r\n"
        "Original-Recipient: rfc822;louisl@larry.example\r\n"
        "Final-Recipient: rfc822; louisl@larry.example\r\n"
        "Action: failed\r\n"
        "Status: 4.0.0\r\n"
        "Remote-MTA: dns; mail.larry.example\r\n"
        "Diagnostic-Code: smtp; 426-connection 426 timed out\r\n"
        "Last-Attempt-Date: Tue, 24 Nov 2026 14:02:07 +0000\r\n"
        "Final-Log-ID: 01kb3m7q2v8x0z4c9r5t1n6w3y\r\n");
  CHECK(parts[2].starts_with("Content-Type: text/rfc822-headers\r\n"));
  CHECK_FALSE(text.body.contains("secret body"));
  CHECK(text.body.ends_with("\r\n--report-01kb3p4d9c7v2x5n8r0t6y1m3z--\r\n"));
}

TEST_CASE("the whole original goes back when asked, and nothing when it is gone") {
  Report report = example();
  report.whole_original = true;
  CHECK(parts_of(write_report(report)).at(2) ==
        "Content-Type: message/rfc822\r\nContent-Description: Your message\r\n\r\n"
        "From: alice@example.org\r\nMessage-ID: <1@example.org>\r\n\r\nsecret body\r\n");
  report.original_header = {};
  CHECK(parts_of(write_report(report)).size() == 2);
}

TEST_CASE("each kind has its action, its status and its words; the worst names the subject") {
  struct Row {
    Action action;
    std::string_view field, status, subject;
  };
  const Row rows[] = {{Action::expanded, "expanded", "2.0.0", "Your message was handed on"},
                      {Action::relayed, "relayed", "2.0.0", "Your message was handed on"},
                      {Action::delivered, "delivered", "2.0.0", "Your message was delivered"},
                      {Action::delayed, "delayed", "4.0.0", "Your message is delayed"},
                      {Action::failed, "failed", "5.0.0", "Your message was not delivered"}};
  Report all = example();
  all.recipients.clear();
  for (const Row& row : rows) {
    ReportedRecipient recipient;
    recipient.address = {"bob", "example.net"};
    recipient.action = row.action;
    recipient.retry_until_ms = at_noon;
    all.recipients.push_back(recipient);
    Report one = example();
    one.recipients = {recipient};
    for (const Report& report : {one, all}) {
      const ReportText text = write_report(report);
      CHECK(unfold(find(split_header(text.header), "Subject")->value) == row.subject);
      CHECK(text.body.contains(fmt::format("\r\nAction: {}\r\nStatus: {}\r\n", row.field, row.status)));
    }
    CHECK(write_report(one).body.contains("Will-Retry-Until: ") == (row.action == Action::delayed));
    CHECK(write_report(one).body.contains("It will be tried until ") == (row.action == Action::delayed));
  }
  CHECK(name(Action::relayed) == "relayed");
}

TEST_CASE("the words of each kind, as the sender reads them") {
  struct Row {
    Action action;
    std::string_view host, said, cause, words;
  };
  const Row rows[] = {
      {Action::failed, "mx1.remote.example[192.0.2.25]:25", "550 5.1.1 No such user", "refused at RCPT",
       "Your message could not be delivered to the recipients below. It will not be\r\n"
       "tried again.\r\n"
       "\r\n"
       "<eve@remote.example>: refused at RCPT\r\n"
       "    mx1.remote.example said: \"550 5.1.1 No such user\"\r\n"},
      {Action::delayed, "mx1.remote.example[192.0.2.25]:25", "451 4.7.1 Greylisted, try again later",
       "put off at RCPT",
       "Your message has not reached the recipients below yet. You need not send it\r\n"
       "again: it will be tried further.\r\n"
       "\r\n"
       "<eve@remote.example>: put off at RCPT\r\n"
       "    mx1.remote.example said: \"451 4.7.1 Greylisted, try again later\"\r\n"
       "    It will be tried until Tue, 24 Nov 2026 14:02:07 +0000.\r\n"},
      {Action::relayed, "mx1.remote.example[192.0.2.25]:25", "250 2.0.0 Ok: queued as 4Fk2", "",
       "Your message was handed on to a mail system that does not confirm delivery,\r\n"
       "for the recipients below.\r\n"
       "\r\n"
       "<eve@remote.example>\r\n"
       "    mx1.remote.example said: \"250 2.0.0 Ok: queued as 4Fk2\"\r\n"},
      {Action::delivered, "", "", "",
       "Your message was put into the mailboxes of the recipients below.\r\n"
       "\r\n"
       "<eve@remote.example>\r\n"},
      {Action::expanded, "", "", "",
       "Your message was handed on to everyone on the lists below. You will get no\r\n"
       "confirmation from each of them.\r\n"
       "\r\n"
       "<eve@remote.example>\r\n"}};
  for (const Row& row : rows) {
    Report report = example();
    ReportedRecipient recipient;
    recipient.address = {"eve", "remote.example"};
    recipient.action = row.action;
    recipient.remote_host = row.host;
    recipient.remote_words = row.said;
    recipient.cause = row.cause;
    recipient.retry_until_ms = at_noon;
    report.recipients = {recipient};
    CHECK(parts_of(write_report(report)).at(0) ==
          "Content-Type: text/plain; charset=utf-8\r\nContent-Description: What happened\r\n\r\n" +
              std::string(row.words) +
              "\r\nIf you ask about this message, please give its id and the name of this mail\r\n"
              "system:\r\n    01kb3m7q2v8x0z4c9r5t1n6w3y  mx.example.org\r\n");
  }
}

TEST_CASE("the host that answered is named by its name, else by its address (RFC 3464 §2.1.2)") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"mx1.remote.example[192.0.2.25]:25", "dns; mx1.remote.example\r\n"},
      {"mx1.remote.example[2001:db8::1]:25", "dns; mx1.remote.example\r\n"},
      {"mx1.remote.example", "dns; mx1.remote.example\r\n"},
      {"[192.0.2.25]:25", "dns; [192.0.2.25]\r\n"},
      {"[192.0.2.25", "dns; [192.0.2.25\r\n"}};
  for (const auto& [host, field] : rows) {
    Report report = example();
    report.recipients[0].remote_host = host;
    CHECK(parts_of(write_report(report)).at(1).contains("\r\nRemote-MTA: " + std::string(field)));
  }
}

TEST_CASE("a reply of several lines is read as one sentence, and kept as it came in Diagnostic-Code") {
  const std::pair<std::string, std::string_view> rows[] = {
      {"550-5.1.1 The account\n550-5.1.1 does not\n550 5.1.1 exist.",
       "550 5.1.1 The account does not exist."},
      {"550-5.1.1 The account 550-5.1.1 does not 550 5.1.1 exist.", "550 5.1.1 The account does not exist."},
      {"550-No such user\n550 here", "550 No such user here"},
      {"550-5.7.1 Why:\n550-\n550 5.7.1 because", "550 5.7.1 Why: because"},
      {"550 5.1.1 The 550 5.1.1 of old", "550 5.1.1 The 550 5.1.1 of old"},
      {"55", "55"},
      {"550-", "550"}};
  for (const auto& [said, words] : rows) {
    CAPTURE(said);
    Report report = example();
    report.recipients[0].remote_words = said;
    const auto parts = parts_of(write_report(report));
    CHECK(parts.at(0).contains(fmt::format("mail.larry.example said: \"{}\"\r\n", words)));
    std::string kept = said;
    std::ranges::replace(kept, '\n', ' ');
    std::string status = parts.at(1);
    while (status.contains("\r\n\t")) status.replace(status.find("\r\n\t"), 3, " ");
    CHECK(status.contains(fmt::format("\r\nDiagnostic-Code: smtp; {}\r\n", kept)));
  }
}

TEST_CASE("nothing that a peer or a sender said breaks out of a report") {
  std::string every_octet;
  for (int c = 0; c < 256; ++c) every_octet += static_cast<char>(c);
  const std::string hostile[] = {"x\r\nBcc: evil@example.net\r\n\r\nbody",
                                 "\x1b[2J\xC2\x9B",
                                 every_octet,
                                 std::string(1'000'000, 'a'),
                                 "a" + std::string(500, ' ') + "b",
                                 "550 --report-01kb3p4d9c7v2x5n8r0t6y1m3z--",
                                 "\r\n.\r\nQUIT"};
  for (const std::string& words : hostile)
    for (bool utf8 : {false, true}) {
      Report report = example();
      report.smtputf8 = utf8;
      report.envid = words;
      ReportedRecipient& recipient = report.recipients[0];
      recipient.orcpt = recipient.remote_host = recipient.remote_words = recipient.cause = recipient.status =
          words;
      const std::string header = "Message-ID: <" + words.substr(0, 900) + ">\r\n\r\n";
      report.original_header = {};
      const ReportText text = write_report(report);
      CHECK(is_clean(text.header));
      CHECK(is_clean(text.body));
      CHECK(parts_of(text).size() == 2);
      CHECK_FALSE(text.body.contains("\n\t\r\n"));
      CHECK(text.body.contains("\r\nStatus: 5.0.0\r\n"));
      CHECK((utf8 || !text.eight_bit));
      report.original_header = header;
      const ReportText with_original = write_report(report);
      CHECK(is_clean(with_original.header));
      CHECK(split_header(with_original.header).size() <= 11);
    }
}

TEST_CASE("UTF-8 mail is reported as RFC 6533 says, and its addresses to others in ASCII") {
  Report report = example();
  report.recipients[0].address = {"用户", "例え.example"};
  report.recipients[0].remote_words = "550 5.1.1 niemand heißt so";
  const ReportText ascii = write_report(report);
  CHECK_FALSE(ascii.eight_bit);
  CHECK(ascii.body.contains("Final-Recipient: utf-8; \\x{7528}\\x{6237}@\\x{4F8B}\\x{3048}.example\r\n"));
  CHECK(ascii.body.contains("niemand hei??t so"));

  report.smtputf8 = true;
  report.to = {"älice", "example.org"};
  const ReportText text = write_report(report);
  CHECK(text.eight_bit);
  CHECK(text.header.contains("report-type=global-delivery-status;"));
  CHECK(text.header.contains("To: <älice@example.org>\r\n"));
  CHECK(text.header.contains("Content-Transfer-Encoding: 8bit\r\n"));
  const auto parts = parts_of(text);
  CHECK(parts.at(1).starts_with("Content-Type: message/global-delivery-status\r\n"));
  CHECK(parts.at(1).contains("Content-Transfer-Encoding: 8bit\r\n\r\n"));
  CHECK(parts.at(1).contains("Final-Recipient: utf-8; 用户@例え.example\r\n"));
  CHECK(parts.at(1).contains("niemand heißt so"));
  CHECK(parts.at(2).starts_with("Content-Type: message/global-headers\r\n"));
  report.whole_original = true;
  CHECK(parts_of(write_report(report)).at(2).starts_with("Content-Type: message/global\r\n"));
}

TEST_CASE("an 8-bit original makes an 8-bit report") {
  Report report = example();
  report.whole_original = true;
  report.original_body = "gr\xC3\xBC\xC3\x9F\x65\r\n";
  const ReportText text = write_report(report);
  CHECK(text.eight_bit);
  CHECK(parts_of(text).at(2).contains("Content-Transfer-Encoding: 8bit\r\n\r\nFrom: "));
  report.whole_original = false;
  CHECK_FALSE(write_report(report).eight_bit);
}

TEST_CASE("a thousand recipients fit: the words name the first, the status lists all") {
  Report report = example();
  report.recipients.assign(1000, failed_recipient());
  const ReportText text = write_report(report);
  CHECK(parts_of(text).at(0).contains("... and 950 more"));
  size_t listed = 0;
  for (size_t at = 0; (at = text.body.find("Final-Recipient:", at)) != std::string::npos; ++at) ++listed;
  CHECK(listed == 1000);
}
