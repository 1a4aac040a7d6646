#include "deploy/futar/adopt.h"

#include <doctest/doctest.h>

#include "common/crypto/scram.h"

using namespace futar;
using namespace futar::deploy;
using namespace futar::directory;
using Lines = std::vector<std::string>;

namespace {

Records with_bob() {
  Records records;
  REQUIRE(add_domain(records, "example.org"));
  REQUIRE(add_account(records, "bob@example.org", {.verifier = "{CRYPT}$6$a$b"}));
  return records;
}

Adoption take(Records& records, const char* text, FileKind kind, bool prune = false) {
  return adopt(records, parse_foreign(text, kind), "example.org", prune);
}

}  // namespace

TEST_CASE("accounts of a passwd-file come with their domains, once") {
  constexpr auto text =
      "bob@example.org:{SHA512-CRYPT}$6$a$c\n"
      "eva@new.example:{PLAIN}secret::::::userdb_quota_rule=*:bytes=1G\n"
      "kim:{MD5-CRYPT}$1$a$b\n"
      "bob@example.org:{PLAIN}again\n"
      "a b@example.org:{PLAIN}x\n";
  Records records = with_bob();
  const auto told = take(records, text, FileKind::passwd);
  CHECK(told.done == Lines{"change account bob@example.org", "add domain new.example",
                           "add account eva@new.example",
                           "add account kim@example.org, which has no password yet"});
  REQUIRE(told.left.size() == 3);
  CHECK(told.left[0] ==
        "line 3: the password of kim is not taken: {MD5-CRYPT} is too weak, or unknown here; set one: futar "
        "user passwd");
  CHECK(told.left[1] == "line 4: bob@example.org stands there twice; the first is taken");
  CHECK(records.accounts["bob@example.org"].verifier == "{CRYPT}$6$a$c");
  CHECK(records.accounts["eva@new.example"].quota == 1u << 30);
  CHECK(crypto::password_matches(
      crypto::ScramKeys::parse(records.accounts["eva@new.example"].verifier).value(), "secret"));
  const Records before = records;
  CHECK(take(records, text, FileKind::passwd).done.empty());
  CHECK(records == before);
}

TEST_CASE("a password that cannot be taken leaves the one that is there") {
  Records records = with_bob();
  CHECK(take(records, "bob@example.org:{MD5-CRYPT}$1$a$b\n", FileKind::passwd).done.empty());
  CHECK(records.accounts["bob@example.org"].verifier == "{CRYPT}$6$a$b");
}

TEST_CASE("aliases are taken with the targets at which mail ends") {
  Records records = with_bob();
  constexpr auto text =
      "postmaster: root\n"
      "root: admin\n"
      "admin: bob, nobody\n"
      "circle: circus\n"
      "circus: circle\n"
      "nobody: ghost\n"
      "abuse: postmaster\n"
      "away: kim@elsewhere.example\n"
      "bob: bob\n";
  const auto told = take(records, text, FileKind::aliases);
  CHECK(told.done == Lines{"add alias postmaster@example.org", "add alias root@example.org",
                           "add alias admin@example.org", "add alias abuse@example.org",
                           "add alias away@example.org"});
  CHECK(told.left == Lines{"line 3: admin@example.org -> nobody@example.org: mail would find nobody there",
                           "line 4: circle@example.org -> circus@example.org: mail would find nobody there",
                           "line 5: circus@example.org -> circle@example.org: mail would find nobody there",
                           "line 6: nobody@example.org -> ghost@example.org: mail would find nobody there"});
  CHECK(told.aliases.size() == 5);
  CHECK(records.aliases["admin@example.org"] == Targets{"bob@example.org"});
  CHECK(take(records, text, FileKind::aliases).done.empty());
}

TEST_CASE("what an alias map wants and cannot have is left with the reason") {
  Records records = with_bob();
  const auto told = take(records,
                         "info@foreign.example bob@example.org\n"
                         "bob@example.org bob@example.org eva@elsewhere.example\n"
                         "@example.org eva@elsewhere.example\n"
                         "all@example.org @elsewhere.example\n",
                         FileKind::virtual_);
  CHECK(told.done.empty());
  CHECK(told.left.size() == 4);
  CHECK(told.left.at(0) ==
        "line 1: info@foreign.example: foreign.example is not one of our domains; add it first: futar domain "
        "add "
        "foreign.example");
  CHECK(records == with_bob());
}

TEST_CASE("without any domain yet a name must bring its own") {
  Records records;
  const auto told =
      adopt(records, parse_foreign("bob:$6$a$b\neva@new.example:$6$a$b\n", FileKind::passwd), "", false);
  CHECK(told.done == Lines{"add domain new.example", "add account eva@new.example"});
  CHECK(told.left == Lines{"line 1: bob: of which domain? --domain names it"});
}

TEST_CASE("prune removes what the file lacks, of the kind that the file has") {
  Records records = with_bob();
  REQUIRE(add_account(records, "eva@example.org", {}));
  REQUIRE(add_alias(records, "team@example.org", {"bob@example.org"}));
  Records again = records;
  CHECK(take(again, "bob@example.org:{CRYPT}$6$a$b\n", FileKind::passwd).done.empty());
  CHECK(take(again, "bob@example.org:{CRYPT}$6$a$b\n", FileKind::passwd, true).done ==
        Lines{"remove account eva@example.org"});
  CHECK(again.aliases.size() == 1);
  CHECK(take(records, "info: bob\n", FileKind::aliases, true).done ==
        Lines{"add alias info@example.org", "remove alias team@example.org"});
  CHECK(records.accounts.size() == 2);
}
