#include "common/verdict/voucher.h"

#include <doctest/doctest.h>

using namespace futar;
using verdict::says_dmarc_pass;

namespace {

constexpr auto pass = "dmarc=pass header.from=bank.example";

// A chain of these domains, the first sealer first, each with its results. Its signatures are not looked at
// here.
struct Sealed {
  std::string header;
  arc::Verdict chain;
};
Sealed sealed(std::initializer_list<std::pair<std::string, std::string>> sets) {
  Sealed made;
  made.chain.result = arc::Outcome::pass;
  int i = 0;
  for (const auto& [domain, results] : sets) {
    const std::string number = std::to_string(++i);
    const std::string tags = "; a=rsa-sha256; d=" + domain + "; s=s; b=AAAA";
    made.header.insert(0, "ARC-Seal: i=" + number + "; cv=" + (i == 1 ? "none" : "pass") + tags +
                              "\r\nARC-Message-Signature: i=" + number + "; h=from; bh=AAAA" + tags +
                              "\r\nARC-Authentication-Results: i=" + number + "; mx." + domain + "; " +
                              results + "\r\n");
    made.chain.seals.push_back({domain, "s"});
  }
  return made;
}
std::string voucher(const Sealed& sealed, std::vector<std::string> trusted,
                    std::string_view from = "bank.example") {
  return verdict::voucher(message::split_header(sealed.header), sealed.chain, from, trusted);
}

}  // namespace

TEST_CASE("results say dmarc=pass only where a reader of the grammar sees it") {
  for (const char* yes : {"i=1; mx.lists.example; dmarc=pass header.from=bank.example",
                          "i=1; mx;\r\n\tspf=fail; DMARC = Pass (p=reject) policy.dmarc=none header.from = "
                          "BANK.example; arc=none",
                          "i=1; mx; dmarc=pass reason=\"it \\\" is\" header.from=\"bank.example\""})
    CHECK(says_dmarc_pass(yes, "bank.example"));
  for (const char* no :
       {"", "i=1; mx; none", "i=1; mx; dmarc=fail header.from=bank.example", "i=1; mx; dmarc=pass",
        "i=1; mx; dmarc=pass header.from=evil.example", "i=1; mx; dmarc=passed header.from=bank.example",
        "i=1; mx; spf=pass reason=\"; dmarc=pass header.from=bank.example\"",
        "i=1; mx; spf=pass (; dmarc=pass header.from=bank.example)",
        "i=1; mx; spf=pass (\\(); (; dmarc=pass header.from=bank.example)",
        "i=1; mx; spf=pass reason=\"\\\"; dmarc=pass header.from=bank.example\"",
        "i=1; mx; spf=pass dmarc=pass header.from=bank.example",
        "i=1; mx; dmarc=pass reason=\"header.from=bank.example\"",
        "i=1; mx; dmarc=pass header.from=bank.example.evil.example"})
    CHECK_FALSE(says_dmarc_pass(no, "bank.example"));
}

TEST_CASE("a sealer vouches when it is trusted, and all who sealed after it") {
  const auto one = sealed({{"lists.example", pass}});
  CHECK(voucher(one, {"lists.example"}) == "lists.example");
  CHECK(voucher(one, {"LISTS.example"}) == "lists.example");
  CHECK(voucher(one, {}) == "");
  CHECK(voucher(one, {"example"}) == "");
  CHECK(voucher(one, {"lists.example"}, "evil.example") == "");
  CHECK(voucher(one, {"lists.example"}, "") == "");
  const auto two =
      sealed({{"lists.example", pass}, {"forward.example", "dmarc=fail header.from=bank.example"}});
  CHECK(voucher(two, {"lists.example", "forward.example"}) == "lists.example");
  CHECK(voucher(two, {"lists.example"}) == "");
  CHECK(voucher(two, {"forward.example"}) == "");
}

TEST_CASE("a chain that does not pass has no voucher, whatever it says") {
  auto one = sealed({{"lists.example", pass}});
  for (const auto outcome : {arc::Outcome::fail, arc::Outcome::none}) {
    one.chain.result = outcome;
    CHECK(voucher(one, {"lists.example"}) == "");
  }
  one.chain.temporary = true;  // who would be it, if its key were there
  CHECK(voucher(one, {"lists.example"}) == "lists.example");
  CHECK(voucher(one, {}) == "");
}
