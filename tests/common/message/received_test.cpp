#include "common/message/received.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/message/date.h"
#include "common/message/header.h"

using namespace futar;
using namespace futar::message;

namespace {

Received example() {
  Received received;
  received.from = ReceivedFrom{"client.example.net", "host.example.net", "[203.0.113.9]"};
  received.by = "mail.example.org";
  received.protocol = "ESMTPS";
  received.id = MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y").value();
  received.recipient = smtp::Address{"bob", "example.org"};
  received.tls_version = "TLSv1.3";
  received.tls_cipher = "TLS_AES_256_GCM_SHA384";
  received.wall_ms = 1795528927123;
  return received;
}

}  // namespace

TEST_CASE("dates of RFC 5322 §3.3 in any zone") {
  CHECK(date(0) == "Thu, 1 Jan 1970 00:00:00 +0000");
  CHECK(date(1795528927123) == "Tue, 24 Nov 2026 14:02:07 +0000");
  CHECK(date(1795528927123, 60) == "Tue, 24 Nov 2026 15:02:07 +0100");
  CHECK(date(1795528927123, -210) == "Tue, 24 Nov 2026 10:32:07 -0330");
  CHECK(date(1709251199000, 0) == "Thu, 29 Feb 2024 23:59:59 +0000");
  CHECK(date(1709251199000, 60) == "Fri, 1 Mar 2024 00:59:59 +0100");
  CHECK(date(-1, 0) == "Wed, 31 Dec 1969 23:59:59 +0000");
}

TEST_CASE("Received names client, host, protocol, id, recipient, TLS and time") {
  CHECK(received_field(example()) ==
        "Received: from client.example.net (host.example.net [203.0.113.9])\r\n"
        "\tby mail.example.org with ESMTPS id 01kb3m7q2v8x0z4c9r5t1n6w3y\r\n"
        "\tfor <bob@example.org>\r\n"
        "\ttls TLS_AES_256_GCM_SHA384 (TLSv1.3);\r\n"
        "\tTue, 24 Nov 2026 14:02:07 +0000\r\n");
}

TEST_CASE("Received without the client's address tells nothing of where the user sits") {
  Received received = example();
  received.from.reset();
  received.recipient.reset();
  received.tls_cipher.clear();
  CHECK(received_field(received) ==
        "Received: by mail.example.org with ESMTPS id 01kb3m7q2v8x0z4c9r5t1n6w3y;\r\n"
        "\tTue, 24 Nov 2026 14:02:07 +0000\r\n");
}

TEST_CASE("nothing that a peer says breaks out of Received") {
  const std::string hostile[] = {
      "x\r\nBcc: evil@example.net", "x) by evil.example with ESMTP; (", "x;y", "\x1b[2J", "ü", "a\"b\\c",
      std::string("a\0b", 3),       std::string(10'000, 'a'),           ""};
  for (const std::string& words : hostile) {
    Received received = example();
    received.from = ReceivedFrom{words, words, words.empty() ? "" : words};
    received.protocol = received.by = received.tls_version = received.tls_cipher = words;
    received.recipient = smtp::Address{words.substr(0, 64), "example.org"};
    const std::string field = received_field(received);
    CAPTURE(field);
    const auto fields = split_header(field);
    REQUIRE(fields.size() == 1);
    CHECK(fields[0].text == field);
    for (char c : field) CHECK((c == '\t' || c == '\r' || c == '\n' || (c >= ' ' && c < 0x7F)));
    CHECK(std::ranges::count(field, ';') == 1);
    CHECK(std::ranges::count(field, '(') == std::ranges::count(field, ')'));
    CHECK(field.find_first_of("\"\\") == std::string::npos);
    size_t longest = 0;
    for (size_t at = 0, end; (end = field.find("\r\n", at)) != std::string::npos; at = end + 2)
      longest = std::max(longest, end - at);
    CHECK(longest < 998);
  }
}
