#include "mta/outbound/sts_store.h"

#include <doctest/doctest.h>

#include "common/base/clock.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::mta;

namespace {

struct Tables {
  TempFolder folder;
  std::unique_ptr<store::Database> database =
      *store::Database::open(folder / "mta.db", store::Database::Mode::create);
  Tables() {
    REQUIRE(create_sts_tables(*database));
    REQUIRE(create_sts_tables(*database));  // as at the next start
  }
};

StsPolicy policy(std::string id, int64_t fetched_ms) {
  return {.mode = StsPolicy::Mode::testing,
          .id = std::move(id),
          .mx = {"a.example", "*.b.example"},
          .max_age_s = 10,
          .fetched_ms = fetched_ms};
}

}  // namespace

TEST_CASE("a policy is read as it was written; a newer one takes its place; what expired goes") {
  Tables tables;
  REQUIRE(save_sts(*tables.database, "one.example", policy("1", 1000), 1000));
  REQUIRE(save_sts(*tables.database, "one.example", policy("2", 2000), 2000));
  const auto read = *load_sts(*tables.database, "one.example");
  REQUIRE(read);
  CHECK(read->mode == StsPolicy::Mode::testing);
  CHECK(read->id == "2");
  CHECK(read->mx == std::vector<std::string>{"a.example", "*.b.example"});
  CHECK(read->max_age_s == 10);
  CHECK(read->fetched_ms == 2000);
  CHECK(*load_sts(*tables.database, "two.example") == std::nullopt);
  REQUIRE(save_sts(*tables.database, "two.example", policy("1", 12'000), 12'000));
  CHECK(*load_sts(*tables.database, "one.example") == std::nullopt);
  CHECK(*load_sts(*tables.database, "two.example"));
}

TEST_CASE("counts of TLS results add up, and are kept for 30 days") {
  Tables tables;
  const int64_t now = 1'764'000'000'000, day_ms = 86'400'000;
  const std::string today = rfc3339(now).substr(0, 10), before = rfc3339(now - 30 * day_ms).substr(0, 10),
                    long_ago = rfc3339(now - 31 * day_ms).substr(0, 10);
  const auto one = [](const std::string& day) {
    return TlsResults{{{day, "a.example", "sts", "success"}, 2}};
  };
  for (const std::string& day : {today, today, before, long_ago})
    REQUIRE(add_tls_results(*tables.database, one(day), now));
  CHECK(tls_results(*tables.database, today)->begin()->second == 4);
  CHECK(tls_results(*tables.database, before)->size() == 1);
  CHECK(tls_results(*tables.database, long_ago)->empty());
}
