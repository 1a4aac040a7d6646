#include "common/smtp_server/header_splitter.h"

#include <doctest/doctest.h>

using futar::smtp_server::HeaderSplitter;

namespace {

struct Split {
  std::string header, body;
  size_t received = 0;
};

// Feeds the content in pieces of `piece` octets.
Split split(std::string_view content, size_t piece) {
  HeaderSplitter splitter(1000);
  Split result;
  for (size_t i = 0; i < content.size(); i += piece)
    for (const auto part : splitter.push(content.substr(i, piece))) result.body += part;
  splitter.finish();
  result.header = splitter.header();
  result.received = splitter.received_fields();
  return result;
}

}  // namespace

TEST_CASE("the header ends at the empty line, or before the first line that is no field") {
  struct {
    const char *content, *header, *body;
  } rows[] = {
      {"", "\r\n", ""},
      {"\r\n", "\r\n", ""},
      {"\r\n\r\n", "\r\n", "\r\n"},
      {"A: b\r\n\r\nbody\r\n", "A: b\r\n\r\n", "body\r\n"},
      {"A: b\r\n", "A: b\r\n\r\n", ""},
      {"A: b\r\n c\r\n\td\r\n\r\n", "A: b\r\n c\r\n\td\r\n\r\n", ""},
      {"A: b\r\n \r\nB: c\r\n\r\nx\r\n", "A: b\r\n \r\nB: c\r\n\r\n", "x\r\n"},
      {" A: b\r\n", "\r\n", " A: b\r\n"},
      {"text\r\nA: b\r\n", "\r\n", "text\r\nA: b\r\n"},
      {"A: b\r\ntext\r\n\r\nC: d\r\n", "A: b\r\n\r\n", "text\r\n\r\nC: d\r\n"},
      {"A : b\r\nB:\r\n\r\n", "A : b\r\nB:\r\n\r\n", ""},
      {": no name\r\n", "\r\n", ": no name\r\n"},
      {"two words: x\r\n", "\r\n", "two words: x\r\n"},
      {"From ann Mon Jan 1\r\nA: b\r\n", "\r\n", "From ann Mon Jan 1\r\nA: b\r\n"},
      {"A\xC3\xA4: b\r\n", "\r\n", "A\xC3\xA4: b\r\n"},
      {"A: \xC3\xA4\r\n\r\n", "A: \xC3\xA4\r\n\r\n", ""},
      {"\r\nA: b\r\n", "\r\n", "A: b\r\n"},
  };
  for (const auto& row : rows)
    for (size_t piece = 1; piece < 30; ++piece) {
      CAPTURE(row.content);
      CAPTURE(piece);
      const Split result = split(row.content, piece);
      CHECK(result.header == row.header);
      CHECK(result.body == row.body);
    }
}

TEST_CASE("Received fields are counted in the header only, in any case of letters") {
  CHECK(split("Received: a\r\nRECEIVED : b\r\nX-Received: c\r\n Received: d\r\n\r\nReceived: e\r\n", 7)
            .received == 2);
}

TEST_CASE("a header over the limit is noticed and not kept much beyond it") {
  HeaderSplitter splitter(1000);
  for (int i = 0; i < 1000 && !splitter.is_too_big(); ++i) splitter.push("Subject: a line of a header\r\n");
  CHECK(splitter.is_too_big());
  CHECK(splitter.header().size() < 1100);
  HeaderSplitter endless(1000);
  for (int i = 0; i < 1000 && !endless.is_too_big(); ++i) endless.push("Subject: one line without end ");
  CHECK(endless.is_too_big());
  CHECK(endless.header().size() < 1100);
  CHECK(endless.octets_held() < 1100);
}
