#include "common/dmarc/organisation.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <regex>

using namespace futar;

namespace {

// The checks of the public suffix list's authors (CC0), found from where the test program stands.
std::ifstream checks_of_the_list() {
  constexpr auto name = "tests/common/dmarc/public_suffix_checks.txt";
  auto at = std::filesystem::canonical("/proc/self/exe");
  while (at != at.root_path() && !std::filesystem::exists(at / name)) at = at.parent_path();
  return std::ifstream(at / name);
}

}  // namespace

TEST_CASE("the registrable domain is what the authors of the public suffix list say") {
  std::ifstream in = checks_of_the_list();
  REQUIRE(in.is_open());
  const std::regex check(R"(^checkPublicSuffix\((?:null|'([^']*)'), (?:null|'([^']*)')\);)");
  size_t checks = 0;
  for (std::string line; std::getline(in, line);) {
    std::smatch found;
    if (!std::regex_search(line, found, check)) continue;
    const std::string wanted = found[2].matched ? dmarc::canonical_domain(found[2].str()) : "";
    CAPTURE(line);
    CHECK(dmarc::registrable_domain(dmarc::canonical_domain(found[1].str())) == wanted);
    ++checks;
  }
  CHECK(checks > 70);
}

TEST_CASE("a public suffix is its own organisation, and private suffixes part their customers") {
  CHECK(dmarc::organisational_domain("co.uk") == "co.uk");
  CHECK(dmarc::organisational_domain("mail.example.co.uk") == "example.co.uk");
  CHECK(dmarc::organisational_domain("a.x.github.io") == "x.github.io");
  CHECK(dmarc::organisational_domain("b.a.futar.test") == "futar.test");
}

TEST_CASE("a domain has one form: lower case, A-labels, no final dot") {
  CHECK(dmarc::canonical_domain("Mail.Example.ORG.") == "mail.example.org");
  CHECK(dmarc::canonical_domain("bücher.example") == "xn--bcher-kva.example");
  for (const char* none :
       {"", ".", ".com", "a..b", "[192.0.2.1]", "a b", "\xFF.example", "b\u00A0cher.example"})
    CHECK(dmarc::canonical_domain(none) == "");
}
