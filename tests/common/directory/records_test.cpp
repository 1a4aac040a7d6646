#include "common/directory/records.h"

#include <doctest/doctest.h>

#include "common/directory/dovecot.h"

using namespace futar;
using namespace futar::directory;

namespace {

Records small_directory() {
  Records records;
  REQUIRE(add_domain(records, "example.org"));
  REQUIRE(add_domain(records, "second.example"));
  REQUIRE(add_account(records, "bob@example.org", {.verifier = "v1"}));
  REQUIRE(add_account(records, "eva@example.org", {.verifier = "v2"}));
  REQUIRE(add_alias(records, "team@example.org", {"bob@example.org", "eva@example.org"}));
  return records;
}

std::string error_of(const Result<void>& result) { return result ? "" : result.error().text; }

}  // namespace

TEST_CASE("names are kept in their canonical form") {
  Records records = small_directory();
  CHECK(add_domain(records, "Bücher.EXAMPLE"));
  CHECK(records.domains.contains("xn--bcher-kva.example"));
  CHECK(add_account(records, "Ann.Lee@BÜCHER.example", {}));  // IDNA folds beyond ASCII too
  CHECK(records.accounts.contains("ann.lee@xn--bcher-kva.example"));
  CHECK(canonical_text("\"odd name\"@EXAMPLE.org").value() == "\"odd name\"@example.org");
}

TEST_CASE("a domain is added once and removed only when empty") {
  Records records = small_directory();
  CHECK(error_of(add_domain(records, "EXAMPLE.org")) == "example.org is there already");
  CHECK_FALSE(add_domain(records, "[192.0.2.1]"));
  CHECK_FALSE(add_domain(records, "no domain"));
  CHECK(error_of(remove_domain(records, "example.org")) ==
        "example.org still has accounts, such as bob@example.org");
  CHECK(remove_domain(records, "second.example"));
  CHECK_FALSE(remove_domain(records, "second.example"));
}

TEST_CASE("an account needs a domain of ours and a name that is safe as a folder") {
  Records records = small_directory();
  const Records before = records;
  for (std::string_view bad :
       {"bob@elsewhere.example", "bob@example.org", "team@example.org", "a/b@example.org", "bob",
        "\"a b\"@example.org", "\"../x\"@example.org", "a%d@example.org", "@example.org",
        "\".hidden\"@example.org", "a:b@example.org", "a`b@example.org"}) {
    CAPTURE(bad);
    CHECK_FALSE(add_account(records, bad, {}));
    CHECK(records == before);
  }
  CHECK(add_account(records, "o'neil+x=1@example.org", {}));
}

TEST_CASE("an account that goes leaves its aliases") {
  Records records = small_directory();
  REQUIRE(add_alias(records, "only@example.org", {"bob@example.org"}));
  records.postmaster = "bob@example.org";
  CHECK(remove_account(records, "BOB@example.org"));
  CHECK(records.aliases == std::map<std::string, Targets>{{"team@example.org", {"eva@example.org"}}});
  CHECK(records.postmaster.empty());
  CHECK_FALSE(remove_account(records, "bob@example.org"));
}

TEST_CASE("targets of an alias are added and removed one by one") {
  Records records = small_directory();
  CHECK(add_alias(records, "team@example.org", {"Ext@Elsewhere.example", "bob@example.org"}));
  CHECK(records.aliases["team@example.org"] ==
        Targets{"bob@example.org", "eva@example.org", "ext@elsewhere.example"});
  CHECK(remove_alias(records, "team@example.org", {"bob@example.org"}));
  CHECK_FALSE(remove_alias(records, "team@example.org", {"bob@example.org"}));
  CHECK(remove_alias(records, "team@example.org", {"eva@example.org", "ext@elsewhere.example"}));
  CHECK(records.aliases.empty());
}

TEST_CASE("aliases that cannot work are refused") {
  Records records = small_directory();
  const Records before = records;
  CHECK_FALSE(add_alias(records, "bob@example.org", {"eva@example.org"}));
  CHECK_FALSE(add_alias(records, "x@elsewhere.example", {"eva@example.org"}));
  CHECK_FALSE(add_alias(records, "x@example.org", {}));
  CHECK_FALSE(add_alias(records, "x@example.org", {"x@example.org"}));
  CHECK_FALSE(add_alias(records, "x@example.org", {"not an address"}));
  CHECK_FALSE(add_alias(records, "x@example.org", {"@example.org"}));
  CHECK_FALSE(add_alias(records, "@example.org", {"bob@example.org", "eva@example.org"}));
  CHECK_FALSE(add_alias(records, "@example.org", {"bob@elsewhere.example"}));
  CHECK(records == before);
  CHECK(add_alias(records, "@example.org", {"bob@example.org"}));
  CHECK_FALSE(add_alias(records, "@example.org", {"eva@example.org"}));
}

TEST_CASE("the role account is the one that init named, else the domain's first that is not suspended") {
  Records records = small_directory();
  CHECK(role_account(records, "example.org") == "bob@example.org");
  records.accounts["bob@example.org"].suspended = true;
  CHECK(role_account(records, "example.org") == "eva@example.org");
  CHECK(role_account(records, "second.example").empty());
  records.postmaster = "eva@example.org";
  CHECK(role_account(records, "second.example") == "eva@example.org");
  records.postmaster = "bob@example.org";
  CHECK(role_account(records, "second.example").empty());
}

TEST_CASE("Dovecot's file has one line for each account that may log in") {
  Records records = small_directory();
  records.generation = 7;
  records.accounts["eva@example.org"].quota = 2048;
  REQUIRE(add_account(records, "gone@example.org", {.verifier = "v3", .suspended = true}));
  REQUIRE(add_account(records, "no.password@example.org", {}));
  CHECK(dovecot_passwd(records, 0) ==
        "# generation 7\nbob@example.org:v1::::::\neva@example.org:v2::::::userdb_quota_rule=*:bytes=2048\n");
  CHECK(dovecot_passwd(records, 4096).find("bob@example.org:v1::::::userdb_quota_rule=*:bytes=4096\n") !=
        std::string::npos);
}
