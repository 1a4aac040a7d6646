#include "common/dns/wire.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::dns;

namespace {

using namespace std::string_literals;

const std::string query = encode_query(0x1234, *encode_name("Mail.Example.ORG."), Type::mx, false);
// The head of a reply to it with one answer, then the question.
std::string reply(const std::string& answer, char flags = '\x80', char rcode = '\0') {
  return "\x12\x34\x81"s + static_cast<char>(flags | rcode) + "\0\1\0\1\0\0\0\0"s + query.substr(12) + answer;
}
const std::string mx = "\xc0\x0c\0\x0f\0\1\0\0\1\x2c\0\7\0\x0a\2MX\xc0\x11"s;  // 10 mx.example.org

}  // namespace

TEST_CASE("a question is what RFC 1035 draws, with EDNS on demand") {
  CHECK(query == "\x12\x34\1\0\0\1\0\0\0\0\0\0\4mail\7example\3org\0\0\x0f\0\1"s);
  const std::string edns = encode_query(0x1234, *encode_name("Mail.Example.ORG."), Type::mx, true);
  CHECK(edns.substr(12) == query.substr(12) + "\0\0\x29\x10\0\0\0\0\0\0\0"s);
  CHECK(edns[11] == '\1');
}

TEST_CASE("a name that nobody can have is none") {
  CHECK(*encode_name("") == "\0"s);
  CHECK(*encode_name(".") == "\0"s);
  CHECK(encode_name(std::string(63, 'a') + ".example"));
  CHECK_FALSE(encode_name(std::string(64, 'a') + ".example"));
  CHECK_FALSE(encode_name("a..example"));
  std::string longest;
  for (int i = 0; i < 126; ++i) longest += "a.";
  CHECK(encode_name(longest + "a"));
  CHECK_FALSE(encode_name(longest + "aa"));
}

TEST_CASE("names that point into the message are written out, in lower case") {
  const auto decoded = decode_reply(reply(mx), query);
  REQUIRE(decoded);
  REQUIRE(decoded->answers.size() == 1);
  CHECK(decoded->answers[0].owner == "\4mail\7example\3org\0"s);
  CHECK(decoded->answers[0].rdata == "\0\x0a\2mx\7example\3org\0"s);
  CHECK(decoded->answers[0].ttl_s == 300);
  CHECK(decode_reply(reply(mx, '\x80', '\3'), query)->rcode == 3);
}

TEST_CASE("what is no reply to the question, or is malformed, is none") {
  CHECK_FALSE(
      decode_reply(reply(mx), encode_query(0x1235, *encode_name("mail.example.org"), Type::mx, false)));
  CHECK_FALSE(
      decode_reply(reply(mx), encode_query(0x1234, *encode_name("mail.example.com"), Type::mx, false)));
  CHECK_FALSE(
      decode_reply(reply(mx), encode_query(0x1234, *encode_name("mail.example.org"), Type::a, false)));
  CHECK_FALSE(decode_reply(query, query));
  for (size_t size = 0; size < reply(mx).size(); ++size)
    CHECK_FALSE(decode_reply(reply(mx).substr(0, size), query));
  CHECK_FALSE(decode_reply(reply("\xc0\x22\0\x0f\0\1\0\0\1\x2c\0\0"s), query));  // points at itself
  CHECK_FALSE(decode_reply(reply("\xc0\xff\0\x0f\0\1\0\0\1\x2c\0\0"s), query));  // and behind its end
  CHECK(decode_reply(reply(mx).replace(2, 1, "\x83"), query)->truncated);
}
