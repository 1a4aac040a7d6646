#include "common/dmarc/authors.h"

#include <doctest/doctest.h>

using namespace futar;

namespace {

dmarc::Authors authors(const std::string& header) { return dmarc::authors_of(message::split_header(header)); }
using Domains = std::vector<std::string>;

}  // namespace

TEST_CASE("the author domain is that of From, wherever else a domain stands") {
  const struct {
    std::string from;
    Domains domains;
  } rows[] = {
      {"alice@example.org", {"example.org"}},
      {"Alice <alice@EXAMPLE.org>", {"example.org"}},
      {"\"ceo@bank.example\" <alice@example.org>", {"example.org"}},
      {"alice@example.org (ceo@bank.example)", {"example.org"}},
      {"alice@(ceo@bank.example) example.org", {"example.org"}},
      {"alice@bücher.example", {"xn--bcher-kva.example"}},
      {"a@example.org, b@example.net, c@EXAMPLE.org", {"example.org", "example.net"}},
      {"Us: a@example.org;", {"example.org"}},
      {"nobody:;", {}},
      {"root", {}},
      {"a@[192.0.2.1]", {}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.from);
    const auto found = authors("Sender: x@other.example\r\nFrom: " + row.from + "\r\n");
    CHECK(found.domains == row.domains);
    CHECK(found.ambiguity == "");
    CHECK_FALSE(found.hidden);
  }
  CHECK(authors("To: a@example.org\r\n").domains.empty());
}

TEST_CASE("several From fields are all read, and are ambiguous") {
  const auto found = authors("From: a@example.org\r\nfrom: b@bank.example\r\n");
  CHECK(found.domains == Domains{"example.org", "bank.example"});
  CHECK(found.ambiguity == "2 From fields");
  CHECK_FALSE(found.hidden);
}

TEST_CASE("of a From that can be read in two ways every domain counts that some reader could find") {
  const struct {
    std::string from;
    Domains domains;
    bool hidden;
  } rows[] = {
      {"ceo@bank.example <x@evil.example>", {"bank.example", "evil.example"}, false},
      {std::string("ceo@bank.example\0<x@evil.example>", 33), {"bank.example", "evil.example"}, false},
      {"<ceo@bank.example><x@evil.example>", {"bank.example", "evil.example"}, false},
      {"\"ceo@bank.example", {"bank.example"}, false},
      {"ceo@(x)bank.example <x@evil.example>", {"evil.example"}, true},
      {"<@evil.example:ceo@bank.example>", {"evil.example", "bank.example"}, false},
      {"\"nobody", {}, false},
      {"a@\xFF\xFE", {}, true},
  };
  for (const auto& row : rows) {
    CAPTURE(row.from);
    const auto found = authors("From: " + row.from + "\r\n");
    CHECK(found.domains == row.domains);
    CHECK(found.ambiguity != "");
    CHECK(found.hidden == row.hidden);
  }
}

TEST_CASE("more than ten domains in From are not asked for, and hide the rest") {
  std::string from = "From: a@0.example";
  for (int i = 1; i < 10; ++i) from += ",\r\n a@" + std::to_string(i) + ".example";
  CHECK(authors(from + "\r\n").domains.size() == 10);
  CHECK_FALSE(authors(from + "\r\n").hidden);
  const auto many = authors(from + ", ceo@bank.example\r\n");
  CHECK(many.domains.size() == 10);
  CHECK(many.hidden);
  CHECK(many.ambiguity == "more than 10 domains in From");
}
