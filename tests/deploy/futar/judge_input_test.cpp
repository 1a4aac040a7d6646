#include "deploy/futar/judge_input.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::deploy;

TEST_CASE("a message in a file has LF or CRLF, a header, a body, or only one of them") {
  for (const char* text :
       {"From: a\nTo: b\n\nx\n\ny", "From: a\r\nTo: b\r\n\r\nx\r\n\r\ny", "From: a\r\nTo: b\n\nx\n\r\ny"}) {
    const Message message = parse_message(text);
    CHECK(message.header == "From: a\r\nTo: b\r\n");
    CHECK(message.body == "x\r\n\r\ny");
  }
  CHECK(parse_message("From: a").header == "From: a\r\n");
  CHECK(parse_message("From: a\n").header == "From: a\r\n");
  CHECK(parse_message("From: a\n\n").body.empty());
  CHECK(parse_message("\nx\n").header.empty());
  CHECK(parse_message("\nx\n").body == "x\r\n");
  CHECK(parse_message("").header.empty());
  CHECK(parse_message("From: a\n\n\r\r\n\n").body == "\r\r\n\r\n");
}

TEST_CASE("what is printed has the line ends of the file") {
  CHECK(in_line_ends_of(parse_message("From: a\n"), "x\r\ny\rz\r\n") == "x\ny\rz\n");
  CHECK(in_line_ends_of(parse_message("From: a\r\n"), "x\r\n") == "x\r\n");
}

TEST_CASE("a sender may be null, lack its local part, or be outside the grammar") {
  CHECK(parse_mail_from("").is_null());
  CHECK(parse_mail_from("<>").is_null());
  CHECK(parse_mail_from("<a@Example.org>") == smtp::Address{"a", "example.org"});
  CHECK(parse_mail_from("\"a b\"@example.org") == smtp::Address{"a b", "example.org"});
  CHECK(parse_mail_from("@example.org") == smtp::Address{"", "example.org"});
  CHECK(parse_mail_from("example.org") == smtp::Address{"", "example.org"});
  CHECK(parse_mail_from("a b@c@example.org") == smtp::Address{"a b@c", "example.org"});
  CHECK(parse_mail_from("a@b\xC3\xBC"
                        "cher.example") == smtp::Address{"a", "xn--bcher-kva.example"});
}
