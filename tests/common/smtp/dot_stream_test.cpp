#include "common/smtp/dot_stream.h"

#include <doctest/doctest.h>

#include "common/smtp/bdat.h"

using namespace futar::smtp;

namespace {

struct Decoded {
  std::string content;
  Flaws flaws;
  size_t used = 0;
  bool done = false;
  bool operator==(const Decoded&) const = default;
};

// The standard's words, written as naively as can be: no pieces, no states.
Flaws naive_flaws(std::string_view content) {
  Flaws flaws;
  for (size_t i = 0; i < content.size(); ++i) {
    if (content[i] == '\0') flaws.nul = true;
    if (content[i] == '\r' && i + 1 < content.size() && content[i + 1] != '\n') flaws.bare_cr = true;
    if (content[i] == '\n' && (i == 0 || content[i - 1] != '\r')) flaws.bare_lf = true;
  }
  return flaws;
}

Decoded naive_decode(std::string_view wire) {
  const std::string from_line_end = "\r\n" + std::string(wire);
  const size_t end = from_line_end.find("\r\n.\r\n");
  Decoded decoded;
  decoded.done = end != std::string::npos;
  decoded.used = decoded.done ? end + 3 : wire.size();
  const std::string_view text = wire.substr(0, decoded.done ? end : wire.size());
  for (size_t i = 0; i < text.size(); ++i) {
    const bool line_start = i == 0 || (i >= 2 && text.substr(i - 2, 2) == "\r\n");
    if (text[i] != '.' || !line_start) decoded.content += text[i];
  }
  decoded.flaws = naive_flaws(text);
  return decoded;
}

Decoded decode(std::initializer_list<std::string_view> pieces) {
  DotDecoder decoder;
  Decoded decoded;
  for (std::string_view piece : pieces)
    if (!decoder.done())
      decoded.used += decoder.push(piece, [&](std::string_view run) { decoded.content += run; });
  decoded.flaws = decoder.flaws();
  decoded.done = decoder.done();
  return decoded;
}

// All strings over the alphabet up to a length, the empty one too.
template <class Visit>
void for_each_string(std::string_view alphabet, size_t longest, Visit visit) {
  std::vector<std::string> level{""};
  for (size_t size = 0;; ++size) {
    for (const std::string& text : level) visit(text);
    if (size == longest) return;
    std::vector<std::string> longer;
    for (const std::string& text : level)
      for (char c : alphabet) longer.push_back(text + c);
    level = std::move(longer);
  }
}

std::string spelled(std::string_view text) {
  std::string out;
  for (char c : text)
    out += c == '\r' ? "<CR>" : c == '\n' ? "<LF>" : c == '\0' ? "<NUL>" : std::string(1, c);
  return out;
}

std::string encode(std::initializer_list<std::string_view> pieces) {
  DotEncoder encoder;
  std::string wire;
  for (std::string_view piece : pieces) encoder.push(piece, wire);
  encoder.finish(wire);
  return wire;
}

}  // namespace

TEST_CASE(
    "every string of CR, LF, dot and a letter up to length 7, split anywhere, ends where the standard says") {
  size_t compared = 0;
  for_each_string("\r\n.a", 7, [&](const std::string& wire) {
    Decoded expected = naive_decode(wire);
    for (size_t split = 0; split <= wire.size(); ++split) {
      const std::string_view text = wire;
      Decoded got = decode({text.substr(0, split), text.substr(split)});
      // Without the end, the last one or two octets may be held back until more is known.
      if (!expected.done && got.content.size() < expected.content.size()) {
        REQUIRE(expected.content == got.content + expected.content.substr(got.content.size()));
        REQUIRE(expected.content.size() - got.content.size() <= 1);
        got.content = expected.content;
        got.flaws = expected.flaws;
      }
      ++compared;
      if (got != expected) FAIL(spelled(wire) << " split at " << split << " gave " << spelled(got.content));
    }
  });
  CHECK(compared > 150'000);
}

TEST_CASE("the same strings an octet at a time") {
  for_each_string("\r\n.a", 6, [&](const std::string& text) {
    const std::string wire = text + "\r\n.\r\nQUIT\r\n";
    DotDecoder decoder;
    Decoded got;
    for (size_t i = 0; i < wire.size() && !decoder.done(); ++i)
      got.used += decoder.push(std::string_view(wire).substr(i, 1),
                               [&](std::string_view run) { got.content += run; });
    got.done = decoder.done();
    got.flaws = decoder.flaws();
    if (got != naive_decode(wire)) FAIL(spelled(wire));
  });
}

TEST_CASE("nothing but CRLF.CRLF ends a message, and what looks like an end makes it refused") {
  // The forms of CVE-2023-51764, -51765, -51766 and their kin.
  for (std::string_view form :
       {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\r\n.\r\r\n",
        "\r\n.\r\r\n", "\n\n.\r\n", "\r\n\r.\r\n", "\n.\r\r\n"}) {
    const std::string wire =
        "Subject: x\r\n\r\na" + std::string(form) +
        "MAIL FROM:<eve@example.org>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n.\r\nNOOP\r\n";
    const Decoded decoded = decode({wire});
    CAPTURE(spelled(form));
    CHECK(decoded.done);
    CHECK(wire.substr(decoded.used) == "NOOP\r\n");
    CHECK(decoded.flaws.any());
  }
}

TEST_CASE("dots at line starts are unstuffed once (RFC 5321 §4.5.2)") {
  CHECK(decode({"..\r\n...\r\na.\r\n.b\r\n.\r\n"}).content == ".\r\n..\r\na.\r\nb\r\n");
  CHECK(decode({".\r\n"}).content.empty());
  CHECK(decode({".\r\n"}).done);
  CHECK_FALSE(decode({"..\r\n.\r\n"}).flaws.any());
}

TEST_CASE("NUL and endless lines are flaws, a line of 64 KiB is none") {
  CHECK(decode({std::string_view("a\0b\r\n.\r\n", 8)}).flaws == Flaws{.nul = true});
  CHECK(decode({std::string_view("\0", 1)}).flaws.nul);
  const std::string longest = std::string(max_text_line - 2, 'a') + "\r\n";
  for (size_t split : {size_t{0}, size_t{1}, max_text_line - 1, max_text_line}) {
    const std::string_view view = longest;
    CHECK_FALSE(decode({"x\r\n", view.substr(0, split), view.substr(split), longest, ".\r\n"}).flaws.any());
    CHECK(decode({"x\r\n", "a", view.substr(0, split), view.substr(split), ".\r\n"}).flaws ==
          Flaws{.long_line = true});
  }
}

TEST_CASE("each line has its own allowance, wherever pieces are cut") {
  const std::string begun(1000, 'a');
  const std::string rest =
      std::string(max_text_line - 1002, 'a') + "\r\n" + std::string(max_text_line - 2, 'b') + "\r\n";
  CHECK_FALSE(decode({begun, rest + rest, ".\r\n"}).flaws.any());
  CHECK(decode({begun, "a" + rest, ".\r\n"}).flaws.long_line);
}

TEST_CASE("a run is not cut where nothing is unstuffed") {
  DotDecoder decoder;
  std::string wire;
  for (int i = 0; i < 1000; ++i) wire += "a line of text\r\n";
  size_t runs = 0;
  decoder.push(wire, [&](std::string_view) { ++runs; });
  CHECK(runs == 1);
}

TEST_CASE("what is encoded decodes to itself, split anywhere") {
  for_each_string("\r\n.a", 6, [](const std::string& text) {
    if (naive_flaws(text).any() || text.ends_with('\r')) return;
    for (size_t split = 0; split <= text.size(); ++split) {
      const std::string wire =
          encode({std::string_view(text).substr(0, split), std::string_view(text).substr(split)});
      const Decoded decoded = decode({wire});
      const std::string whole_lines = text.empty() || text.ends_with('\n') ? text : text + "\r\n";
      if (decoded != Decoded{whole_lines, {}, wire.size(), true})
        FAIL(spelled(text) << " became " << spelled(wire));
    }
  });
}

TEST_CASE("whatever is encoded, only CRLF ends a line on the wire and the end comes once") {
  for_each_string("\r\n.a", 7, [](const std::string& text) {
    const std::string wire = encode({text});
    const size_t end = ("\r\n" + wire).find("\r\n.\r\n");
    if (naive_flaws(wire).any() || end + 3 != wire.size()) FAIL(spelled(text) << " became " << spelled(wire));
  });
}

TEST_CASE("chunks of BDAT make one message, also when a CRLF lies across them") {
  ChunkStream chunks;
  std::string content;
  std::string_view octets = "ab\rBDAT";
  chunks.begin({.size = 3, .last = false});
  for (auto run = chunks.next(octets); !run.empty(); run = chunks.next(octets)) content += run;
  CHECK(chunks.chunk_done());
  CHECK_FALSE(chunks.done());
  CHECK(octets == "BDAT");
  octets = "\n.\r\n";
  CHECK(chunks.begin({.size = 5, .last = true}) == 8);
  for (auto run = chunks.next(octets); !run.empty(); run = chunks.next(octets)) content += run;
  CHECK_FALSE(chunks.done());
  octets = "c";
  content += chunks.next(octets);
  CHECK(chunks.done());
  content += chunks.finish();
  CHECK(content == "ab\r\n.\r\nc\r\n");
  CHECK_FALSE(chunks.flaws().any());
}

TEST_CASE("only a last line without CRLF gets one") {
  const auto ending = [](std::initializer_list<std::string_view> parts) {
    ChunkStream chunks;
    for (std::string_view part : parts) {
      chunks.begin({.size = part.size(), .last = false});
      chunks.next(part);
    }
    chunks.begin({.size = 0, .last = true});
    CHECK(chunks.done());
    return chunks.finish();
  };
  CHECK(ending({"a"}) == "\r\n");
  CHECK(ending({"a\r\n"}) == "");
  CHECK(ending({"a\r", "\n"}) == "");
  CHECK(ending({"a\r\n", "b"}) == "\r\n");
  CHECK(ending({""}) == "");
}

TEST_CASE("a chunk that ends in CR has a bare CR unless LF follows") {
  const auto flaws = [](std::string_view first, std::string_view second) {
    ChunkStream chunks;
    chunks.begin({.size = first.size(), .last = false});
    chunks.next(first);
    chunks.begin({.size = second.size(), .last = true});
    chunks.next(second);
    chunks.finish();
    return chunks.flaws();
  };
  CHECK(flaws("a\r", "") == Flaws{.bare_cr = true});
  CHECK(flaws("a\r", "b") == Flaws{.bare_cr = true});
  CHECK(flaws("a", "\nb") == Flaws{.bare_lf = true});
  CHECK(flaws("a\r", "\nb") == Flaws{});
  CHECK(flaws("", "") == Flaws{});
}

TEST_CASE("announced chunks cannot run over") {
  ChunkStream chunks;
  CHECK(chunks.begin({.size = UINT64_MAX, .last = false}) == UINT64_MAX);
  CHECK(chunks.begin({.size = 2, .last = false}) == UINT64_MAX);
}
