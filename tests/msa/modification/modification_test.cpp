#include "msa/modification/modification.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::msa;

namespace {

Modification example() {
  Modification modification;
  modification.received.by = "mail.example.org";
  modification.received.protocol = "ESMTPSA";
  modification.received.id = MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y").value();
  modification.received.wall_ms = 1795528927123;
  modification.domain = "example.org";
  modification.author = {"alice", "example.org"};
  return modification;
}

constexpr std::string_view our_received =
    "Received: by mail.example.org with ESMTPSA id 01kb3m7q2v8x0z4c9r5t1n6w3y;\r\n\tTue, 24 Nov 2026 "
    "14:02:07 +0000\r\n";

std::string authors(std::string_view header) {
  const auto found = claimed_authors(header);
  if (!found) return "error";
  std::string all;
  for (const smtp::Address& address : *found) all += address.text() + ";";
  return all;
}

}  // namespace

TEST_CASE("what a header lacks is added behind our Received (RFC 6409 §8)") {
  std::string header = "\r\n";
  const auto done = modify(header, example());
  CHECK(header == std::string(our_received) +
                      "Date: Tue, 24 Nov 2026 14:02:07 +0000\r\n"
                      "Message-ID: <01kb3m7q2v8x0z4c9r5t1n6w3y@example.org>\r\n"
                      "From: alice@example.org\r\n\r\n");
  CHECK(done == std::vector<std::string>{"added Date", "added Message-ID", "added From"});
}

TEST_CASE("what a header has is left as it is") {
  const std::string given =
      "date: yesterday\r\nFROM :\r\n Bob <bob@example.org>\r\nMESSAGE-id: <x@y>\r\nBcc: "
      "hidden@example.org\r\nlost\r\n\r\n";
  std::string header = given;
  CHECK(modify(header, example()).empty());
  CHECK(header == std::string(our_received) + given);
}

TEST_CASE("users have no Authentication-Results to show") {
  std::string header =
      "Authentication-Results: mail.example.org; spf=pass\r\nDate: x\r\nMessage-ID: y\r\n"
      "AUTHENTICATION-RESULTS :\r\n mx.other.example; dkim=pass\r\nFrom: a@b\r\n\r\n";
  CHECK(modify(header, example()) == std::vector<std::string>{"removed 2 Authentication-Results"});
  CHECK(header == std::string(our_received) + "Date: x\r\nMessage-ID: y\r\nFrom: a@b\r\n\r\n");
}

TEST_CASE("Bcc goes only where the local socket asks for it") {
  std::string header = "Bcc: a@b,\r\n c@d\r\nbcc: e@f\r\nFrom: a@b\r\nDate: x\r\nMessage-ID: y\r\n\r\n";
  Modification modification = example();
  modification.remove_bcc = true;
  CHECK(modify(header, modification) == std::vector<std::string>{"removed 2 Bcc"});
  CHECK(header == std::string(our_received) + "From: a@b\r\nDate: x\r\nMessage-ID: y\r\n\r\n");
}

TEST_CASE("no From is added for a null author") {
  std::string header = "Date: x\r\nMessage-ID: y\r\n\r\n";
  Modification modification = example();
  modification.author = {};
  CHECK(modify(header, modification).empty());
  CHECK_FALSE(header.contains("From"));
}

TEST_CASE("every From and Sender is a claim (CVE-2024-7208, -7209)") {
  CHECK(authors("From: a@example.org\r\n\r\n") == "a@example.org;");
  CHECK(authors("From: a@example.org\r\nFrom: b@bank.example\r\n\r\n") == "a@example.org;b@bank.example;");
  CHECK(authors("Sender: c@x\r\nfrom: a@x, \"b@bank.example\" <d@x>\r\n\r\n") == "a@x;d@x;c@x;");
  CHECK(authors("From: g:a@x,b@y;\r\nsender :\r\n\tc@z\r\n") == "a@x;b@y;c@z;");
  CHECK(authors("From: root\r\n\r\n") == "root;");
  CHECK(authors("Subject: x\r\n\r\nFrom: body@x\r\n") == "");
  CHECK(authors("From: b@bank.example <a@example.org>\r\n\r\n") == "error");
  CHECK(authors("From: a@example.org\r\nSender: <\r\n\r\n") == "error");
}
