// The published case set for SPF (openspf.org, release 2009.10; its licence is in rfc4408.inc). It was
// written for RFC 4408; where RFC 7208 differs, RFC 7208 is what we follow.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/spf/libspf2.h"
#include "common/spf/native.h"
#include "tests/common/spf/zone.h"

using namespace futar;
using Json = nlohmann::json;

namespace {

constexpr const char* cases =
#include "tests/common/spf/rfc4408.inc"
    ;

// The suite writes octets as the characters of their number.
std::string octets(const std::string& utf8) {
  std::string out;
  for (size_t i = 0; i < utf8.size(); ++i) {
    const auto first = static_cast<uint8_t>(utf8[i]);
    if (first < 0x80)
      out += utf8[i];
    else
      out += static_cast<char>((first & 3) << 6 | (static_cast<uint8_t>(utf8[++i]) & 63));
  }
  return out;
}

Zone zone_of(const Json& section) {
  constexpr std::pair<const char*, dns::Type> types[] = {{"A", dns::Type::a},
                                                         {"AAAA", dns::Type::aaaa},
                                                         {"MX", dns::Type::mx},
                                                         {"PTR", dns::Type::ptr},
                                                         {"TXT", dns::Type::txt}};
  Zone zone;
  for (const auto& [name, records] : section["zone"].items())
    for (const auto& record : records) {
      if (record[0] == "*") zone.time_out(name);
      for (const auto& [word, type] : types) {
        if (record[0] != word) continue;
        const std::string text = octets(record[1].get<std::string>());
        const bool null_mx = type == dns::Type::mx && !text.contains(' ');
        zone.add(name, type, null_mx ? std::string("\0\0\0", 3) : wire(type, text));
      }
    }
  return zone;
}

// "" when the case passes.
std::string failure(const spf::SpfEvaluator& engine, const Zone& zone, const Json& test) {
  const auto request = spf_request(test["client"], test["from"], test["helo"]);
  const auto verdict = zone.judge(engine, request).verdict;
  const std::string outcome(spf::name(verdict.outcome));
  const Json& wanted = test["results"];
  if (std::find(wanted.begin(), wanted.end(), outcome) == wanted.end())
    return fmt::format("{}, not {} ({})", outcome, wanted.dump(), verdict.reason);
  if (!test["explanation"].is_string()) return "";
  const std::string explanation = test["explanation"] == "DEFAULT" ? "" : test["explanation"];
  if (verdict.explanation == explanation) return "";
  return fmt::format("explains \"{}\", not \"{}\"", verdict.explanation, explanation);
}

struct Score {
  int passed = 0, all = 0;
};

Score run(const spf::SpfEvaluator& engine) {
  Score score;
  for (const Json& section : Json::parse(cases)) {
    const Zone zone = zone_of(section);
    for (const Json& test : section["cases"]) {
      const std::string name = test["name"];
      const std::string why = failure(engine, zone, test);
      if (!why.empty()) fmt::print("  {}: {}: {}\n", engine.name(), name, why);
      ++score.all;
      score.passed += why.empty();
      CHECK_MESSAGE(why.empty(), name);
    }
  }
  fmt::print("{}: {} of {} cases\n", engine.name(), score.passed, score.all);
  return score;
}

}  // namespace

TEST_CASE("the published cases: our own engine") {
  const Score score = run(spf::NativeEvaluator());
  CHECK(score.all == 191);
  CHECK(score.passed == score.all);
}

TEST_CASE("the published cases: libspf2") {
  const Score score = run(spf::Libspf2Evaluator());
  CHECK(score.all == 191);
  CHECK(score.passed == score.all);
}
