#include "common/dkim/canonical.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::dkim;

namespace {

std::string body_hash(std::string_view body, Canon canon, size_t piece = 1 << 20) {
  BodyHash hash(canon);
  for (size_t at = 0; at < body.size(); at += piece) hash.add(body.substr(at, piece));
  return hash.finish();
}

}  // namespace

TEST_CASE("a field in its two canonical forms (RFC 6376 §3.4.5)") {
  CHECK(canonical_field("A: X\r\n", Canon::relaxed) == "a:X\r\n");
  CHECK(canonical_field("B : Y\t\r\n\tZ  \r\n", Canon::relaxed) == "b:Y Z\r\n");
  CHECK(canonical_field("B : Y\t\r\n\tZ  \r\n", Canon::simple) == "B : Y\t\r\n\tZ  \r\n");
  CHECK(canonical_field("Subject:\r\n", Canon::relaxed) == "subject:\r\n");
  CHECK(canonical_field("Subject: \xc3\xa9 \r\n", Canon::relaxed) == "subject:\xc3\xa9\r\n");
}

TEST_CASE("a body in its two canonical forms, in whatever pieces it comes (RFC 6376 §3.4.3, §3.4.4)") {
  const struct {
    std::string body, simple, relaxed;
  } rows[] = {
      {" C \r\nD \t E\r\n\r\n\r\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"},
      {"", "\r\n", ""},
      {"\r\n", "\r\n", ""},
      {"\r\n\r\n\r\n", "\r\n", ""},
      {" \t \r\n", " \t \r\n", ""},
      {"x", "x\r\n", "x\r\n"},
      {"x \t", "x \t\r\n", "x\r\n"},
      {"x\r\n\r\ny\r\n", "x\r\n\r\ny\r\n", "x\r\n\r\ny\r\n"},
      {"x \r\n \r\n y", "x \r\n \r\n y\r\n", "x\r\n\r\n y\r\n"},
      {"x\r", "x\r\r\n", "x\r\r\n"},
      {"x\r\r\n", "x\r\r\n", "x\r\r\n"},
      {"x\ny\n", "x\ny\n\r\n", "x\ny\n\r\n"},
  };
  for (const auto& row : rows)
    for (size_t piece = 1; piece <= row.body.size() + 1; ++piece) {
      CAPTURE(row.body);
      CAPTURE(piece);
      CHECK(body_hash(row.body, Canon::simple, piece) == crypto::sha256(row.simple));
      CHECK(body_hash(row.body, Canon::relaxed, piece) == crypto::sha256(row.relaxed));
    }
}

TEST_CASE("a limit hashes that many canonical octets, and the whole is counted") {
  BodyHash hash(Canon::relaxed, 4);
  hash.add("a  b\r\nc\r\n\r\n");
  CHECK(hash.finish() == crypto::sha256("a b\r"));
  CHECK(hash.size() == 8);
}

TEST_CASE("a line without end and a million blank lines need no memory and give the right hash") {
  std::string plain(3 << 20, 'x');
  CHECK(body_hash(plain, Canon::relaxed, 1000) == crypto::sha256(plain + "\r\n"));
  std::string blank = "a";
  for (int line = 0; line < 1'000'000; ++line) blank += "\r\n";
  CHECK(body_hash(blank, Canon::simple, 1001) == crypto::sha256("a\r\n"));
  CHECK(body_hash(blank + "b\r\n", Canon::simple, 1001) == crypto::sha256(blank + "b\r\n"));
}

TEST_CASE("fields are taken from the bottom up, once each, and what is not there counts as nothing") {
  const std::string header = "A: 1\r\nB: 2\r\na: 3\r\nnot a field\r\n";
  const auto fields = message::split_header(header);
  const std::vector<std::string> names = {"a", "B", "A", "a", "missing", "b"};
  std::string taken;
  for (const message::Field* field : select_fields(fields, names)) taken += field->text;
  CHECK(taken == "a: 3\r\nB: 2\r\nA: 1\r\n");
  CHECK(select_fields(fields, names, &fields[2])[0] == &fields[0]);
}

TEST_CASE("c= in its forms") {
  CHECK(Canons::parse("relaxed/simple") == Canons{Canon::relaxed, Canon::simple});
  CHECK(Canons::parse("relaxed") == Canons{Canon::relaxed, Canon::simple});
  for (const char* bad : {"", "/", "relaxed/", "relaxed/simple/simple", "nowsp"})
    CHECK_FALSE(Canons::parse(bad));
}
