#include "common/spf/helper_codec.h"

#include <doctest/doctest.h>

#include "tests/common/spf/zone.h"

using namespace futar;
using spf::Outcome;

namespace {

spf::Answers some_answers() {
  Zone zone;
  zone.add("d.example TXT v=spf1 a -all").time_out("d.example");
  spf::Answers answers;
  for (const auto type : {dns::Type::txt, dns::Type::a})
    answers[{"d.example", type}] = zone.answer({"d.example", type});
  return answers;
}

std::string question(std::string name, dns::Type type) {
  return spf::encode(1, spf::Step(spf::Question{std::move(name), type}));
}

}  // namespace

TEST_CASE("a request comes out of its octets as it went in") {
  auto request = spf_request("2001:db8::1", "a@d.example");
  request.now_s = 1'700'000'000;
  const auto answers = some_answers();
  const auto found = spf::decode_request(spf::encode(7, request, answers));
  REQUIRE(found.has_value());
  CHECK(found->id == 7);
  CHECK(found->request.client.text() == "2001:db8::1");
  CHECK(found->request.sender.text() == "a@d.example");
  CHECK(found->request.helo == "mail.example.org");
  CHECK(found->request.identity == spf::Identity::mail_from);
  CHECK(found->request.now_s == 1'700'000'000);
  REQUIRE(found->answers.size() == 2);
  CHECK(found->answers.at({"d.example", dns::Type::txt}).rdata ==
        answers.at({"d.example", dns::Type::txt}).rdata);
  CHECK(found->answers.at({"d.example", dns::Type::a}).why == "timeout");
}

TEST_CASE("a request that is cut anywhere, or longer than it says, is an error") {
  const std::string whole = spf::encode(7, spf_request("192.0.2.1", "a@d.example"), some_answers());
  for (size_t size = 0; size < whole.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(spf::decode_request(whole.substr(0, size)).has_value());
  }
  CHECK_FALSE(spf::decode_request(whole + "x").has_value());
}

TEST_CASE("a verdict comes back with its texts safe to show") {
  spf::Verdict verdict;
  verdict.outcome = Outcome::softfail;
  verdict.reason = "because\x1b[2J";
  verdict.explanation = std::string(5000, 'x');
  const auto reply = spf::decode_reply(spf::encode(3, spf::Step(verdict)));
  REQUIRE(reply.has_value());
  const auto& found = std::get<spf::Verdict>(reply->step);
  CHECK(reply->id == 3);
  CHECK(found.outcome == Outcome::softfail);
  CHECK(found.reason.find('\x1b') == std::string::npos);
  CHECK(found.explanation.size() < 1100);
}

TEST_CASE("a question that no engine asks is an error") {
  CHECK(spf::decode_reply(question("d.example", dns::Type::mx)).has_value());
  CHECK_FALSE(spf::decode_reply(question("d.example", dns::Type::tlsa)).has_value());
  CHECK_FALSE(spf::decode_reply(question("", dns::Type::mx)).has_value());
  CHECK_FALSE(spf::decode_reply(question("d\n.example", dns::Type::mx)).has_value());
  CHECK_FALSE(spf::decode_reply(question(std::string(254, 'a'), dns::Type::mx)).has_value());
}
