#include "deploy/futar/exchange.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "common/config/toml_json.h"
#include "common/crypto/scram.h"

using namespace futar;
using namespace futar::deploy;
using namespace futar::directory;
using nlohmann::json;

namespace {

const std::string verifier = crypto::make_scram_keys("secret", "saltsalt", 1).text();

Records some_records() {
  Records records;
  for (auto domain : {"second.example", "example.org"}) REQUIRE(add_domain(records, domain));
  REQUIRE(add_account(records, "eva@example.org", {.verifier = verifier, .quota = 5, .suspended = true}));
  REQUIRE(add_account(records, "bob@example.org", {.verifier = verifier, .limit_day = 7}));
  REQUIRE(add_alias(records, "team@example.org", {"bob@example.org", "x@elsewhere.example"}));
  REQUIRE(add_alias(records, "@example.org", {"bob@example.org"}));
  records.postmaster = "bob@example.org";
  return records;
}

std::string error_of(const json& document, Records records = {}) {
  const auto result = import_directory(records, document, false);
  return result ? "" : result.error().text;
}

}  // namespace

TEST_CASE("what was exported with hashes imports as the same directory") {
  const Records records = some_records();
  Records again;
  REQUIRE(import_directory(again, export_directory(records, true), false));
  CHECK(again == records);
  CHECK(import_directory(again, export_directory(records, true), true)->empty());
}

TEST_CASE("without hashes no verifier leaves, and an import keeps those that are there") {
  const Records records = some_records();
  const json document = export_directory(records, false);
  CHECK(document.dump().find("SCRAM") == std::string::npos);
  Records same = records;
  CHECK(import_directory(same, document, true)->empty());
  CHECK(same == records);
  Records fresh;
  const auto done = import_directory(fresh, document, false).value();
  CHECK(done.at(2) == "add account eva@example.org, which has no password yet");
}

TEST_CASE("prune removes what the document lacks, and only prune does") {
  Records records = some_records();
  json document = export_directory(records, true);
  document["domains"] = {"example.org"};
  document["accounts"].erase(0);
  document["aliases"] = json::array();
  Records kept = records;
  CHECK(import_directory(kept, document, false)->empty());
  const auto done = import_directory(records, document, true).value();
  CHECK(done == std::vector<std::string>{"remove alias @example.org", "remove alias team@example.org",
                                         "remove account eva@example.org", "remove domain second.example"});
  CHECK(records.accounts.size() == 1);
}

TEST_CASE("imported hashes may be of crypt, if they are strong") {
  const auto with_hash = [](std::string hash) {
    return json{{"domains", {"example.org"}},
                {"accounts", {{{"address", "bob@example.org"}, {"hash", hash}}}}};
  };
  Records records;
  REQUIRE(import_directory(records, with_hash("$6$salt$hash"), false));
  CHECK(records.accounts["bob@example.org"].verifier == "{CRYPT}$6$salt$hash");
  CHECK(error_of(with_hash("{CRYPT}$y$j9T$x$y")).empty());
  CHECK(error_of(with_hash("$1$salt$weak")) != "");
  CHECK(error_of(with_hash("a:b")) != "");
}

TEST_CASE("a document in TOML says the same as the one in JSON") {
  Records records = some_records();
  records.accounts["eva@example.org"].quota = 2u << 30;
  const std::string text = directory_as_toml(export_directory(records, true));
  CHECK(text.contains("quota = \"2GiB\""));
  Records again;
  REQUIRE(import_directory(again, json::parse(config::toml_as_json(text).value()), false));
  CHECK(again == records);
}

TEST_CASE("a password in plain words is re-hashed, and stays the same the second time") {
  const json document = {
      {"domains", {"example.org"}},
      {"accounts", {{{"address", "bob@example.org"}, {"password", "secret"}, {"quota", "1GiB"}}}}};
  Records records;
  REQUIRE(import_directory(records, document, false));
  const std::string made = records.accounts["bob@example.org"].verifier;
  CHECK(crypto::password_matches(crypto::ScramKeys::parse(made).value(), "secret"));
  CHECK(records.accounts["bob@example.org"].quota == 1u << 30);
  CHECK(import_directory(records, document, false)->empty());
}

TEST_CASE("a document that cannot be applied as a whole changes nothing") {
  const json bad[] = {
      json::array(),
      {{"domains", {"example.org", "not a domain"}}},
      {{"domains", "example.org"}},
      {{"accounts", {{{"address", "bob@elsewhere.example"}}}}},
      {{"domains", {"example.org"}}, {"accounts", {{{"quota", 5}}}}},
      {{"domains", {"example.org"}}, {"accounts", {{{"address", "b@example.org"}, {"quota", "much"}}}}},
      {{"domains", {"example.org"}}, {"aliases", {{{"alias", "a@example.org"}}}}},
      {{"domain", {"example.org"}}},
      {{"domains", {"example.org"}}, {"accounts", {{{"address", "b@example.org"}, {"passwort", "x"}}}}},
  };
  for (const json& document : bad) {
    CAPTURE(document.dump());
    Records records = some_records();
    CHECK_FALSE(import_directory(records, document, false).has_value());
    CHECK(records == some_records());
  }
}
