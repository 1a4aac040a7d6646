// Generated zones, records, clients and senders: what both engines say. Each difference needs a reason with a
// name. FUTAR_SPF_RECORDS: how many (500 without it).
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <random>

#include "common/dns/rdata.h"
#include "common/spf/libspf2.h"
#include "common/spf/native.h"
#include "tests/common/spf/zone.h"

using namespace futar;

namespace {

class Dice {
 public:
  explicit Dice(uint32_t seed) : random_(seed) {}
  size_t below(size_t end) { return std::uniform_int_distribution<size_t>(0, end - 1)(random_); }
  bool chance(int percent) { return below(100) < static_cast<size_t>(percent); }
  template <class T, size_t n>
  const T& of(const T (&values)[n]) {
    return values[below(n)];
  }

 private:
  std::mt19937 random_;
};

constexpr const char* addresses4[] = {"192.0.2.1", "192.0.2.2", "192.0.2.130", "198.51.100.7", "127.0.0.1"};
constexpr const char* addresses6[] = {"2001:db8::1", "2001:db8::2", "2001:db8:1::1", "::1"};
constexpr const char* locals[] = {"a",    "strong-bad", "a+b",  "x.y.z", "",          "%{d}",
                                  "a\\b", "a b",        "\xC3", "A",     "postmaster"};
constexpr const char* domains[] = {"d0.example", "d1.example", "d2.example",   "d3.example",
                                   "d4.example", "d5.example", "a.d0.example", "none.example"};
constexpr const char* macros[] = {
    "%{d}",   "%{l}.%{d}",      "%{i}.%{d}", "%{ir}.%{v}.%{d2}", "%{o}",  "%{h}",
    "%{d1r}", "%{l1r+-}.%{o2}", "%{p}",      "%{S}.d0.example",  "%{d0}", "%{x}.example"};
constexpr const char* broken[] = {"a:",
                                  "ip4:192.0.2.300",
                                  "all:x",
                                  "foo",
                                  "ip6:192.0.2.1",
                                  "a/33",
                                  "mx//129",
                                  "include",
                                  "=x",
                                  "exists:a b",
                                  "redirect=",
                                  "ip4:192.0.2.1/",
                                  "a:d0..example",
                                  "redirect=a.example redirect=b.example",
                                  "-",
                                  "ptr:%"};
constexpr const char* lengths4[] = {"", "/0", "/8", "/24", "/25", "/32"};
constexpr const char* lengths6[] = {"", "//0", "//48", "//64", "//128"};

std::string domain_spec(Dice& dice) {
  const std::string macro = dice.of(macros);
  if (dice.chance(65)) return dice.of(domains);
  return dice.chance(70) && !macro.ends_with("example") ? macro + "." + dice.of(domains) : macro;
}

std::string term(Dice& dice) {
  const std::string qualifier(1, "+-~? "[dice.below(5)]);
  std::string text = qualifier == " " ? "" : qualifier;
  const std::string target = dice.chance(30) ? "" : ":" + domain_spec(dice);
  switch (dice.below(9)) {
    case 0:
    case 1:
      return text + "a" + target + dice.of(lengths4) + dice.of(lengths6);
    case 2:
      return text + "mx" + target + dice.of(lengths4) + dice.of(lengths6);
    case 3:
      return text + "ptr" + target;
    case 4:
      return text + "exists:" + domain_spec(dice);
    case 5:
    case 6:
      return text + "include:" + domain_spec(dice);
    case 7:
      return text + "ip4:" + dice.of(addresses4) + dice.of(lengths4);
    default:
      return text + "ip6:" + dice.of(addresses6) + (dice.chance(50) ? "/48" : "");
  }
}

std::string record(Dice& dice) {
  std::string text = dice.chance(98) ? "v=spf1" : "V=SPF1";
  if (dice.chance(2))  // what libspf2 compiles ends at 511 octets
    for (size_t i = dice.below(60); i > 0; --i)
      text += fmt::format(" a:{}{}.%{{d}}", std::string(30, 'h'), i);
  const size_t terms = dice.chance(5) ? 3 + dice.below(40) : dice.below(6);
  for (size_t i = 0; i < terms; ++i) text += " " + term(dice);
  if (dice.chance(7)) text += std::string(" ") + dice.of(broken);
  if (dice.chance(30)) text += " exp=" + domain_spec(dice);
  if (dice.chance(20)) text += " redirect=" + domain_spec(dice);
  if (dice.chance(50)) text += std::string(" ") + "+-~?"[dice.below(4)] + "all";
  return text;
}

Zone zone_of(Dice& dice) {
  Zone zone;
  for (const std::string domain : domains) {
    if (domain == "none.example") continue;
    const int records = dice.chance(4) ? 2 : dice.chance(92);
    for (int i = 0; i < records; ++i) zone.add(domain + " TXT " + record(dice));
    if (dice.chance(15)) zone.add(domain + " TXT %{s} of %{d} is not %{c} %{t%");
    for (size_t i = dice.below(3); i > 0; --i) zone.add(domain + " A " + dice.of(addresses4));
    for (size_t i = dice.below(2); i > 0; --i) zone.add(domain + " AAAA " + dice.of(addresses6));
    for (size_t i = dice.chance(3) ? 11 : dice.below(3); i > 0; --i)
      zone.add(domain + " MX " + std::to_string(dice.below(30)) + " " + dice.of(domains));
    if (dice.chance(5)) zone.time_out(domain);
  }
  for (const auto* list : {addresses4, addresses6})
    for (size_t i = 0; i < (list == addresses4 ? 5u : 4u); ++i)
      for (size_t names = dice.below(3); names > 0; --names)
        zone.add(dns::reverse_name(*net::IpAddress::parse(list[i])) + " PTR " + dice.of(domains));
  return zone;
}

spf::Request request_of(Dice& dice) {
  auto request = spf_request(dice.chance(65) ? dice.of(addresses4) : dice.of(addresses6), "a@d0.example",
                             dice.of(domains));
  request.sender.local = dice.of(locals);
  request.sender.domain = dice.of(domains);
  if (dice.chance(10)) request.sender = {};
  return request;
}

// The reason of a known difference, "" for none.
std::string reason(const spf::Verdict& ours, const spf::Verdict& theirs) {
  if (theirs.reason.contains("too long for libspf2")) return "a record too long for libspf2";
  if (theirs.reason.starts_with("more than") || ours.reason.starts_with("more than"))
    return "%{p} counted when its record is read";
  return "";
}

}  // namespace

TEST_CASE("generated records: both engines say the same, or it has a named reason") {
  const char* wanted = std::getenv("FUTAR_SPF_RECORDS");
  const size_t count = wanted ? std::stoul(wanted) : 500;
  const spf::NativeEvaluator native;
  const spf::Libspf2Evaluator libspf2;
  std::map<std::string, size_t> outcomes, differences;
  size_t unexplained = 0;
  for (uint32_t seed = 1; seed <= count; ++seed) {
    Dice dice(seed);
    const Zone zone = zone_of(dice);
    const auto request = request_of(dice);
    const auto ours = zone.judge(native, request).verdict, theirs = zone.judge(libspf2, request).verdict;
    ++outcomes[std::string(spf::name(ours.outcome))];
    if (ours.outcome == theirs.outcome && ours.explanation == theirs.explanation) continue;
    const std::string why = reason(ours, theirs);
    if (!why.empty()) {
      ++differences[why];
      continue;
    }
    if (++unexplained > 5) continue;
    FAIL_CHECK(fmt::format("seed {}: {} ({}; \"{}\"), libspf2 {} ({}; \"{}\")", seed, spf::name(ours.outcome),
                           ours.reason, ours.explanation, spf::name(theirs.outcome), theirs.reason,
                           theirs.explanation));
  }
  CHECK(unexplained == 0);
  for (const auto& [outcome, number] : outcomes) fmt::print("  {:6} {}\n", number, outcome);
  for (const auto& [why, number] : differences) fmt::print("  {:6} differ: {}\n", number, why);
  for (const auto outcome : {"pass", "fail", "softfail", "neutral", "none", "permerror", "temperror"})
    CHECK_MESSAGE(outcomes[outcome] * 200 > count, outcome);  // each is met in more than 0.5 %
}
