#include "deploy/futar/render/words.h"

#include <doctest/doctest.h>

using namespace futar::deploy;

TEST_CASE("numbers, sizes and times as people say them") {
  CHECK(counted(1, "account") == "1 account");
  CHECK(counted(0, "account") == "0 accounts");
  CHECK(size_in_words(312) == "312 octets");
  CHECK(size_in_words(4198) == "4.1 KiB");
  CHECK(size_in_words(50u << 20) == "50.0 MiB");
  CHECK(duration_in_words(40) == "0.04 s");
  CHECK(duration_in_words(12'400) == "12 s");
  CHECK(duration_in_words(300'000) == "5 min");
  CHECK(duration_in_words(26 * 3'600'000) == "26 h");
  CHECK(duration_in_words(int64_t{12} * 24 * 3'600'000) == "12 d");
  CHECK(offset_in_words(12) == "+0.012");
  CHECK(offset_in_words(75'200) == "+75.2 s");
  CHECK(offset_in_words(302'000) == "+5 min");
}

TEST_CASE("our own RFC 3339 times are read back") {
  CHECK(parse_rfc3339("1970-01-01T00:00:01.500Z") == 1500);
  CHECK(parse_rfc3339("2026-11-24T14:02:07.123Z") == 1795528927123);
  CHECK(parse_rfc3339("yesterday") == 0);
  CHECK(parse_rfc3339("") == 0);
}

TEST_CASE("columns stand in line, also behind letters of two octets") {
  CHECK(table({{"a", "b", "c"}, {"grün", "x", ""}, {"long", "y", "z"}}) ==
        "a     b  c\ngrün  x\nlong  y  z\n");
  CHECK(table({}) == "");
}
