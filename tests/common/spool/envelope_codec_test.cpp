#include <doctest/doctest.h>

#include "common/spool/message_store.h"

using namespace futar;
using message::Envelope;
using spool::decode_envelope;
using spool::encode_envelope;

namespace {

Envelope full() {
  Envelope envelope;
  envelope.reverse_path = {"jürgen", "example.org"};
  envelope.parameters = {.size = UINT64_MAX,
                         .body_8bit = true,
                         .smtputf8 = true,
                         .ret = smtp::Ret::headers,
                         .envid = std::string("id\0\xff", 4),
                         .auth = "alice@example.org"};
  envelope.recipients = {
      {{"a\"b\\c", "[IPv6:2001:db8::1]"}, {{smtp::Notify::success | smtp::Notify::delay}, "rfc822;x@y"}},
      {{"postmaster", ""}, {{smtp::Notify::never}, ""}}};
  envelope.junk = true;
  return envelope;
}

}  // namespace

TEST_CASE("an envelope survives its text, whatever octets it holds") {
  CHECK(decode_envelope(encode_envelope(full())).value() == full());
  CHECK(decode_envelope(encode_envelope({})).value() == Envelope{});
}

TEST_CASE("a plain envelope is short and readable") {
  Envelope envelope;
  envelope.reverse_path = {"alice", "example.org"};
  envelope.recipients = {{{"bob", "example.net"}, {}}};
  CHECK(encode_envelope(envelope) ==
        R"({"from":{"domain":"example.org","local":"alice"},"to":[{"domain":"example.net","local":"bob"}]})");
}

TEST_CASE("keys of a later version are ignored") {
  CHECK(
      decode_envelope(R"({"from":{},"to":[{"local":"a","new":{}}],"newer":[1]})").value().recipients.size() ==
      1);
}

TEST_CASE("what is no envelope is refused") {
  for (std::string_view text :
       {"", "[]", "{}", "null", "{\"from\":{}", R"({"from":{}})", R"({"to":[]})", R"({"from":{},"to":[3]})",
        R"({"from":{},"to":[],"size":-1})", R"({"from":{},"to":[],"size":1.5})",
        R"({"from":{},"to":[],"ret":"some"})", R"({"from":{"local":3},"to":[]})",
        R"({"from":{"local64":"!"},"to":[]})", R"({"from":{},"to":[{"notify":256}]})",
        R"({"from":{},"to":[],"8bit":"yes"})", R"({"from":{},"to":[],"junk":1})", R"({"from":[],"to":[]})",
        R"({"from":{},"to":{"a":{}}})"}) {
    CAPTURE(text);
    const auto refused = decode_envelope(text);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().kind == Error::Kind::permanent);
  }
}
