#include "common/base/text.h"

#include <doctest/doctest.h>

using namespace futar;

TEST_CASE("base 64 of RFC 4648 §10") {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [octets, text] : vectors) {
    CHECK(base64_encode(octets) == text);
    CHECK(base64_decode(text) == std::string(octets));
  }
}

TEST_CASE("base 64 that is not exact is refused") {
  for (std::string_view text : {"Zg", "Zg=", "Zg==Zg==", "Zh==", "Zm9=", "Z-8=", "Zg==\r\n", "=", "===="})
    CHECK_FALSE(base64_decode(text).has_value());
}

TEST_CASE("peer text cannot break a log line or drive a terminal") {
  CHECK(printable("a\r\nb\x1b[31m\x7f") == "a??b?[31m?");
  CHECK(printable("k\xC3\xA9\xFF\xC2\x9B") == "k\xC3\xA9??");
  CHECK(printable("abcdef", 3) == "abc...");
}

TEST_CASE("invalid UTF-8 is told from valid") {
  CHECK(is_utf8("grüße €😀"));
  for (std::string_view bad : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "\x80"})
    CHECK_FALSE(is_utf8(bad));
}

TEST_CASE("numbers are whole, unsigned and in range") {
  CHECK(parse_number("0") == 0u);
  CHECK(parse_number("18446744073709551615") == UINT64_MAX);
  for (std::string_view bad : {"", "-1", "+1", " 1", "1 ", "18446744073709551616", "0x1"})
    CHECK_FALSE(parse_number(bad).has_value());
}
