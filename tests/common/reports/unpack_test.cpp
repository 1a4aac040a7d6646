#include "common/reports/unpack.h"

#include <doctest/doctest.h>

#include "tests/common/reports/packing.h"

using namespace futar;
using reports::unpack;

namespace {

std::string unpacked(std::string_view octets, size_t limit = reports::max_report) {
  const auto text = unpack(octets, limit);
  return text ? *text : "! " + text.error().text;
}

}  // namespace

TEST_CASE("gzip, zip and plain text come out as they went in") {
  const std::string text = "<feedback/>" + std::string(100'000, 'x');
  CHECK(unpacked(text) == text);
  CHECK(unpacked(gzip(text)) == text);
  CHECK(unpacked(gzip(text) + "behind it") == text);
  CHECK(unpacked(zip({{"a.xml", text}})) == text);
  CHECK(unpacked(zip({{"a.xml", text, true}})) == text);
  CHECK(unpacked(zip({{"folder/", ""}, {"folder/a.xml", text}, {"b.xml", "other"}})) == text);
  CHECK(unpacked(zip({{"a.xml", text}}) + "a comment") == text);
}

TEST_CASE("a bomb stops at the limit, whatever it says of its size") {
  const std::string bomb(reports::max_report + 1, '\0');
  const std::string told = "! the attachment cannot be unpacked: it holds more than 10485760 octets";
  CHECK(unpacked(bomb) == told);
  CHECK(gzip(bomb).size() < 20'000);
  CHECK(unpacked(gzip(bomb)) == told);
  CHECK(unpacked(zip({{"a.xml", bomb}})) == told);
  CHECK(unpacked(zip({{"a.xml", bomb, false, 0, 10}})) == told);
  CHECK(unpacked(zip({{"a.xml", "small", false, 0, 4'000'000'000}})) == told);
  CHECK(unpack(gzip(std::string(reports::max_report, '\0'))));
  CHECK(unpacked(zip({{"a.xml", "12345678", true, 0, 4}}), 4).starts_with("! "));
}

TEST_CASE("what is damaged, cut or encrypted is an error, at each octet") {
  const std::string text = "a text that does not pack well: 1297234098712";
  for (const std::string& whole : {gzip(text), zip({{"a.xml", text}})})
    for (size_t size = 4; size < whole.size(); ++size) CHECK_FALSE(unpack(whole.substr(0, size)));
  CHECK(unpacked(zip({{"a.xml", text, false, 1}})).ends_with("the zip is encrypted"));
  CHECK(unpacked(zip({{"a.xml", text, false, 0, 3}})).ends_with("its size is not what the zip says"));
  CHECK(unpacked(zip({})).starts_with("PK"));
  CHECK(unpacked(zip({{"folder/", ""}})).ends_with("the zip holds no file"));
  std::string changed = zip({{"a.xml", text, true}});
  changed[40] ^= 1;
  CHECK(unpacked(changed).ends_with("its checksum is wrong"));
}

TEST_CASE("every single changed octet of a zip is an error, harmless, or seen by the checksum") {
  const std::string text = "<feedback/>", whole = zip({{"a.xml", text}});
  for (size_t at = 4; at < whole.size(); ++at)
    for (const unsigned char octet : {0x00, 0x01, 0x7F, 0xFF}) {
      std::string changed = whole;
      changed[at] = static_cast<char>(octet);
      const auto found = unpack(changed);
      CHECK((!found || *found == text));
    }
}
