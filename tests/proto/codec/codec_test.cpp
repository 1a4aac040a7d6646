#include "proto/codec/codec.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::proto;

namespace {

std::string transfer_head(std::string_view item) {
  return R"({"k":"transfer","e":1,"b":1,"i":[)" + std::string(item) + "]}";
}

constexpr std::string_view good_item =
    R"({"s":1,"d":"01kb3m7q2v8x0z4c9r5t1n6w3y","f":"","t":["bob@example.net"],"z":4,"a":0})";

}  // namespace

TEST_CASE("what is damaged is refused and says why") {
  struct Row {
    Frames frames;
    std::string_view why;
  };
  const Row rows[] = {
      {{}, "no frame"},
      {{""}, "not JSON"},
      {{"\xff\xfe"}, "not JSON"},
      {{"[]"}, "not an object"},
      {{"{}"}, "no \"k\""},
      {{R"({"k":"surprise"})"}, "unknown kind"},
      {{R"({"k":7})"}, "not an object"},
      {{R"({"k":"want"})"}, "no \"s\""},
      {{R"({"k":"want","s":7})"}, "no list"},
      {{R"({"k":"want","s":[-1]})"}, "not a number"},
      {{R"({"k":"want","s":[1.5]})"}, "not a number"},
      {{R"({"k":"want","s":["1"]})"}, "not a number"},
      {{R"({"k":"want","s":[18446744073709551615]})"}, "not a number"},
      {{R"({"k":"want","s":[]})", "tail"}, "trailing frames"},
      {{R"({"k":"later","s":[],"n":1})"}, "not true or false"},
      {{R"({"k":"accepted","r":[2,1]})"}, "upside down"},
      {{R"({"k":"accepted","r":[1,2,3]})"}, "too short"},
      {{R"({"k":"offer","e":1,"b":1,"i":[[1,"nonsense",2]]})"}, "26 characters"},
      {{R"({"k":"offer","e":1,"b":1,"i":[[1]]})"}, "too short"},
      {{R"({"k":"chunk","s":1,"o":0})"}, "a frame is missing"},
      {{R"({"k":"outcome","i":[{"s":1,"w":"vanished"}]})"}, "unknown outcome"},
      {{R"({"k":"outcome","i":[{"s":1,"w":{"b":"no base64"}}]})"}, "not base64"},
      {{R"({"k":"hello","v":70000,"role":"msa","instance":"i","started":1,"epoch":1,"below":1,"session":1})"},
       "too large"},
      {{transfer_head(good_item), "header"}, "a frame is missing"},
      {{transfer_head(good_item), "header", "body!"}, "another size"},
      {{transfer_head(good_item), "header", "body", "more"}, "trailing frames"},
      {{R"({"k":"deliver","e":1,"b":1,"i":[{"d":"01kb3m7q2v8x0z4c9r5t1n6w3y","f":"","x":9,"z":0,"t":[]}]})",
        "header", ""},
       "longer than its frame"},
      {{R"({"k":"deliver","e":1,"b":1,"i":[{"d":"01kb3m7q2v8x0z4c9r5t1n6w3y","f":"","z":0,"t":[]}]})",
        "header", ""},
       "without recipients"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.why);
    const auto message = decode(Frames(row.frames));
    REQUIRE_FALSE(message.has_value());
    CHECK(message.error().kind == Error::Kind::permanent);
    CHECK(message.error().text.find(row.why) != std::string::npos);
  }
}

TEST_CASE("an address with a control character is refused: it would be written into a header") {
  for (std::string_view address : {R"("bob\r\nX: y@example.net")", R"("bob\u0000@example.net")",
                                   R"("b\u007fb@example.net")", R"("no at sign")"}) {
    CAPTURE(address);
    std::string item(good_item);
    item.replace(item.find(R"("bob@example.net")"), 17, address);
    CHECK_FALSE(decode({transfer_head(item), "header", "body"}).has_value());
  }
}

TEST_CASE("an empty body frame means chunks follow, unless the body is empty") {
  auto follows = decode({transfer_head(good_item), "header", ""});
  REQUIRE(follows.has_value());
  const spool::Body& large = std::get<Transfer>(*follows).items.front().message.body;
  CHECK(large.size == 4);
  CHECK_FALSE(large.bytes);

  std::string item(good_item);
  item.replace(item.find(R"("z":4)"), 5, R"("z":0)");
  auto empty = decode({transfer_head(item), "header", ""});
  REQUIRE(empty.has_value());
  REQUIRE(std::get<Transfer>(*empty).items.front().message.body.bytes);
}

TEST_CASE("a body is shared with its frame, not copied") {
  Transfer transfer;
  auto bytes = std::make_shared<const std::string>(50'000, 'x');
  spool::Message message;
  message.body = {bytes->size(), bytes, ""};
  transfer.items.push_back({1, std::move(message)});
  const auto parts = encode_parts(std::move(transfer));
  REQUIRE(parts.size() == 3);
  CHECK(parts[2].get() == bytes.get());
}
