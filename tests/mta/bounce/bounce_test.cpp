#include "mta/bounce/bounce.h"

#include <doctest/doctest.h>

#include "common/base/text.h"
#include "common/message/header.h"

using namespace futar;
using namespace futar::mta;
using message::Action;
using smtp::Notify;

namespace {

const smtp::Address alice{"alice", "example.org"};

struct Case {
  Teller teller;
  Original original;
  std::vector<message::ReportedRecipient> due;
};

Case example(std::string_view body = "body text\r\n") {
  Case example;
  example.teller.host = "mx.example.org";
  example.teller.id = MessageId::parse("01kb3p4d9c7v2x5n8r0t6y1m3z").value();
  example.teller.now_ms = 1795528927123;
  example.original.id = MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y").value();
  example.original.envelope.reverse_path = alice;
  example.original.header = "From: alice@example.org\r\nSubject: hi\r\n\r\n";
  example.original.body = body;
  message::ReportedRecipient recipient;
  recipient.address = {"bob", "example.net"};
  recipient.status = "5.1.1";
  example.due = {recipient};
  return example;
}

Bounce compose(const Case& c) { return mta::compose(c.teller, c.original, c.due); }

}  // namespace

TEST_CASE("who is told what (RFC 3461 §4.1)") {
  struct Row {
    uint8_t notify;
    bool failed, delayed, delivered;
  };
  const Row rows[] = {{0, true, true, false},
                      {Notify::never, false, false, false},
                      {Notify::failure, true, false, false},
                      {Notify::delay, false, true, false},
                      {Notify::success, false, false, true},
                      {Notify::success | Notify::failure | Notify::delay, true, true, true}};
  for (const Row& row : rows) {
    const Notify notify{row.notify};
    CHECK(!suppressed(alice, notify, Action::failed) == row.failed);
    CHECK(!suppressed(alice, notify, Action::delayed) == row.delayed);
    for (Action action : {Action::delivered, Action::relayed, Action::expanded})
      CHECK(!suppressed(alice, notify, action) == row.delivered);
    for (Action action : {Action::failed, Action::delayed, Action::delivered})
      CHECK(suppressed({}, notify, action) == "null reverse-path");
  }
}

TEST_CASE("a bounce goes from <> to the sender, and nobody is told about it") {
  const Bounce bounce = compose(example());
  CHECK(bounce.envelope.reverse_path.is_null());
  REQUIRE(bounce.envelope.recipients.size() == 1);
  CHECK(bounce.envelope.recipients[0].address == alice);
  CHECK(bounce.envelope.recipients[0].parameters.notify.bits == Notify::never);
  CHECK_FALSE(bounce.envelope.parameters.body_8bit);
  CHECK(
      bounce.header.starts_with("Received: by mx.example.org with local id 01kb3p4d9c7v2x5n8r0t6y1m3z\r\n"));
  CHECK(bounce.header.ends_with("\r\n\r\n"));
  const auto fields = message::split_header(bounce.header);
  for (std::string_view name :
       {"Received", "Date", "From", "To", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type"})
    CHECK(message::count(fields, name) == 1);
}

TEST_CASE("the original comes back whole only when it failed, RET allows and it is small") {
  const auto returns_body = [](const Case& c) { return compose(c).body.contains("body text"); };
  Case c = example();
  CHECK(returns_body(c));
  c.original.envelope.parameters.ret = smtp::Ret::full;
  CHECK(returns_body(c));
  c.original.envelope.parameters.ret = smtp::Ret::headers;
  CHECK_FALSE(returns_body(c));
  CHECK(compose(c).body.contains("Subject: hi"));

  for (Action action : {Action::delayed, Action::delivered, Action::relayed, Action::expanded}) {
    c = example();
    c.original.envelope.parameters.ret = smtp::Ret::full;
    c.due[0].action = action;
    CHECK_FALSE(returns_body(c));
    CHECK(compose(c).body.contains("Subject: hi"));
  }
  const std::string large = "body text\r\n" + std::string(max_returned, 'a');
  c = example(large);
  c.original.envelope.parameters.ret = smtp::Ret::full;
  CHECK_FALSE(returns_body(c));
}

TEST_CASE("what the sender gave at MAIL stands in the report") {
  Case c = example();
  c.original.envelope.parameters.envid = "QQ314159";
  CHECK(compose(c).body.contains("Original-Envelope-Id: QQ314159\r\n"));
  c.original.envelope.parameters.smtputf8 = true;
  const Bounce bounce = compose(c);
  CHECK(bounce.envelope.parameters.smtputf8);
  CHECK(bounce.header.contains("report-type=global-delivery-status"));
}

TEST_CASE("an 8-bit original needs 8BITMIME on its way back") {
  CHECK(compose(example("body text gr\xC3\xBC\xC3\x9F\x65\r\n")).envelope.parameters.body_8bit);
}

TEST_CASE("a bounce made of hostile words stays a bounce (CVE-2020-8793, CVE-2020-8794)") {
  std::string every_octet;
  for (int c = 0; c < 256; ++c) every_octet += static_cast<char>(c);
  const std::string hostile[] = {"550-one\r\n550-two\r\nBcc: evil@example.net\r\n\r\n550 three",
                                 every_octet,
                                 "550 " + std::string(1'000'000, 'a'),
                                 "550-" + std::string(100'000, '\n') + "550 x",
                                 "550 gr\xC3\xBC\xC3\x9F and \xFF",
                                 "550 \r\n.\r\nMAIL FROM:<>\r\n",
                                 "550 --report-01kb3p4d9c7v2x5n8r0t6y1m3z--"};
  for (const std::string& words : hostile)
    for (Action action : {Action::failed, Action::delayed, Action::relayed})
      for (bool smtputf8 : {false, true}) {
        Case c = example();
        c.original.envelope.parameters.smtputf8 = smtputf8;
        c.due[0].action = action;
        c.due[0].remote_words = c.due[0].remote_host = c.due[0].cause = words;
        const Bounce bounce = compose(c);
        CHECK(bounce.envelope.recipients.size() == 1);
        CHECK(message::count(message::split_header(bounce.header), "Bcc") == 0);
        CHECK(message::split_header(bounce.header).size() <= 10);
        CHECK(bounce.body.size() < 16'000);
        CHECK_FALSE(bounce.body.contains("\r\n.\r\n"));
        CHECK_FALSE(bounce.body.contains('\0'));
        CHECK_FALSE(bounce.body.contains("\nBcc:"));
        size_t longest = 0;
        for (std::string_view line : split(bounce.body, '\n')) longest = std::max(longest, line.size());
        CHECK(longest < 1000);
        const bool eight_bit = std::ranges::any_of(bounce.body, [](char x) { return (x & 0x80) != 0; });
        CHECK(eight_bit == bounce.envelope.parameters.body_8bit);
        CHECK((smtputf8 || !eight_bit));
      }
}
