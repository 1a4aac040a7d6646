#include "common/message/header.h"

#include <doctest/doctest.h>

#include <chrono>

#include "common/message/authentication_results.h"
#include "common/message/message_id.h"

using namespace futar::message;

TEST_CASE("a header is split into fields with their folds, up to the empty line") {
  const std::string header =
      "Received: from a\r\n\tby b;\r\n Tue\r\nSubject : two\r\nX-Empty:\r\nlost line\r\n "
      "continued\r\nTo:a@b\r\n\r\nNot: a field\r\n";
  const auto fields = split_header(header);
  REQUIRE(fields.size() == 5);
  CHECK(fields[0].name == "Received");
  CHECK(fields[0].value == " from a\r\n\tby b;\r\n Tue");
  CHECK(fields[0].offset == 0);
  CHECK(fields[1].is("SUBJECT"));
  CHECK(fields[1].value == " two");
  CHECK(fields[2].value == "");
  CHECK(fields[3].name == "");
  CHECK(fields[3].text == "lost line\r\n continued\r\n");
  CHECK(fields[4].value == "a@b");
  std::string together;
  for (const Field& field : fields) together += field.text;
  CHECK(header.starts_with(together));
  CHECK(header.substr(fields[4].offset, 2) == "To");
}

TEST_CASE("what looks like a field and is none has no name") {
  for (std::string_view line : {": x\r\n", " leading\r\n", "a b: c\r\n", "From bob Tue Nov 24\r\n",
                                "x\x01y: z\r\n", "k\xC3\xA9: z\r\n", "x"}) {
    CAPTURE(line);
    const auto fields = split_header(line);
    REQUIRE(fields.size() == 1);
    CHECK(fields[0].name == "");
    CHECK(fields[0].text == line);
  }
  CHECK(split_header("").empty());
  CHECK(split_header("\r\n").empty());
  CHECK(split_header("A: b").at(0).value == " b");
}

TEST_CASE("finding and counting ignore case") {
  const auto fields = split_header("received: a\r\nReceived: b\r\nRECEIVED : c\r\nX-Received: d\r\n\r\n");
  CHECK(count(fields, "Received") == 3);
  CHECK(find(fields, "x-received")->value == " d");
  CHECK(find(fields, "Date") == nullptr);
}

TEST_CASE("unfolding takes out only the line ends (RFC 5322 §2.2.3)") {
  CHECK(unfold(" This\r\n is a test") == "This is a test");
  CHECK(unfold("\r\n\t<a@b>\r\n ") == "<a@b>");
}

TEST_CASE("removing fields leaves the rest octet for octet") {
  std::string header = "Bcc: a\r\nTo: b\r\nBCC:\r\n c\r\nlost\r\nbcc : d\r\n\r\n";
  CHECK(remove_fields(header, [](const Field& field) { return field.is("Bcc"); }) == 3);
  CHECK(header == "To: b\r\nlost\r\n\r\n");
  CHECK(remove_fields(header, [](const Field& field) { return field.is("Bcc"); }) == 0);
  CHECK(header == "To: b\r\nlost\r\n\r\n");
}

TEST_CASE("a header of a quarter megabyte made of the smallest fields is split at once") {
  constexpr size_t size = 256 * 1024;  // what sessions let pass
  std::string header;
  while (header.size() < size) header += "a:\n";
  const auto begin = std::chrono::steady_clock::now();
  CHECK(split_header(header).size() > size / 3);
  std::string folded = "a:";
  while (folded.size() < size) folded += "\r\n ";
  CHECK(split_header(folded).size() == 1);
  remove_fields(header, [](const Field&) { return true; });
  CHECK(header.empty());
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(1));
}

TEST_CASE("forged Authentication-Results of our own name go, in every disguise (CVE-2022-48521)") {
  constexpr std::string_view ours = "mail.example.org";
  for (std::string_view forged :
       {"Authentication-Results: mail.example.org; dkim=pass\r\n",
        "AUTHENTICATION-results: Mail.Example.ORG; spf=pass\r\n",
        "Authentication-Results :\r\n\tmail.example.org;\r\n\tspf=pass\r\n",
        "Authentication-Results: (a (nested) \\) comment) mail.example.org (x) 1; spf=pass\r\n",
        "Authentication-Results: \"mail.example.org\"; spf=pass\r\n",
        "Authentication-Results: \"mail\\.example.org\"; none\r\n",
        "Authentication-Results: mail.example.org.; spf=pass\r\n",
        "Authentication-Results:mail.example.org 1; spf=pass\r\n",
        "Authentication-Results: mail.example.org(c); spf=pass\r\n", "Authentication-Results: ; spf=pass\r\n",
        "Authentication-Results:\r\n", "Authentication-Results: (endless mail.example.org; spf=pass\r\n"}) {
    CAPTURE(forged);
    std::string header = std::string(forged) + "From: a@b\r\n" + std::string(forged) + "\r\n";
    CHECK(remove_authentication_results(header, ours) == 2);
    CHECK(header == "From: a@b\r\n\r\n");
  }
  std::string five;
  for (int i = 0; i < 5; ++i) five += "Authentication-Results: mail.example.org; arc=pass\r\n";
  CHECK(remove_authentication_results(five, ours) == 5);
  CHECK(five.empty());
}

TEST_CASE("results of others stay, from users none stays") {
  const std::string others =
      "Authentication-Results: mx.example.net; spf=pass smtp.mailfrom=mail.example.org\r\n"
      "ARC-Authentication-Results: i=1; mail.example.org; spf=pass\r\n"
      "Authentication-Results: xmail.example.org; spf=pass\r\n\r\n";
  std::string header = others;
  CHECK(remove_authentication_results(header, "mail.example.org") == 0);
  CHECK(header == others);
  CHECK(remove_authentication_results(header) == 2);
  CHECK(header == "ARC-Authentication-Results: i=1; mail.example.org; spf=pass\r\n\r\n");
}

TEST_CASE("Message-ID: the first one, on one line, without control characters") {
  CHECK(message_id(split_header("message-id:\r\n <a@b>\r\nMessage-ID: <c@d>\r\n\r\n")) == "<a@b>");
  CHECK(message_id(split_header("Message-ID: <a\x1b[2J@b>\r\n")) == "<a?[2J@b>");
  CHECK(message_id(split_header("Subject: none\r\n")) == "");
  const auto id = futar::MessageId::parse("01kb3m7q2v8x0z4c9r5t1n6w3y").value();
  CHECK(make_message_id(id, "example.org") == "<01kb3m7q2v8x0z4c9r5t1n6w3y@example.org>");
}
