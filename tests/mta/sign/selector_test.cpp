#include "mta/sign/selector.h"

#include <doctest/doctest.h>

#include <set>

#include "mta/sign/selector_store.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::mta;
using crypto::KeyType;

namespace {

constexpr int64_t minute = 60'000, hour = 60 * minute, day = 24 * hour;
constexpr int64_t noon = 1'795'521'600'000;  // 24 Nov 2026, 12:00 UTC

Selector selector(const std::string& name, Standing standing, int64_t made_ms = noon,
                  KeyType type = KeyType::rsa) {
  Selector s;
  s.domain = "example.org";
  s.selector = name;
  s.type = type;
  s.record = "v=DKIM1; k=rsa; p=AAAA";
  s.standing = standing;
  s.made_ms = s.since_ms = made_ms;
  return s;
}

const Sighting shown{Sighting::State::shown, "2 name servers show it"};
const Sighting absent{Sighting::State::absent, "no"};
const Sighting unknown{Sighting::State::unknown, "1 of 2 name servers show it"};

Standing standing_of(const std::vector<Selector>& changed, const std::string& name) {
  for (const Selector& s : changed)
    if (s.selector == name) return s.standing;
  return Standing::retired;
}

}  // namespace

TEST_CASE("a selector is named by its day, its kind of key and, from the second on, a number") {
  std::set<std::string> taken;
  const auto is_taken = [&](const std::string& name) { return taken.contains(name); };
  CHECK(selector_name(KeyType::rsa, noon, is_taken) == "20261124r");
  CHECK(selector_name(KeyType::ed25519, noon, is_taken) == "20261124e");
  taken = {"20261124r", "20261124r2"};
  CHECK(selector_name(KeyType::rsa, noon, is_taken) == "20261124r3");
}

TEST_CASE("a new selector signs once the DNS shows it, and not before") {
  const Selector fresh = selector("a", Standing::fresh);
  CHECK(standing_of(after_sighting(fresh, absent, {fresh}, noon + 1), "a") == Standing::fresh);
  CHECK(standing_of(after_sighting(fresh, unknown, {fresh}, noon + 1), "a") == Standing::fresh);
  const auto changed = after_sighting(fresh, shown, {fresh}, noon + 1);
  REQUIRE(changed.size() == 1);
  CHECK(changed[0].standing == Standing::active);
  CHECK(changed[0].since_ms == noon + 1);
  CHECK(changed[0].looked_ms == noon + 1);
  CHECK(changed[0].seen == "2 name servers show it");
}

TEST_CASE(
    "the one that signed becomes old when the next of its kind is shown; that of the other kind stays") {
  const Selector before = selector("a", Standing::active, noon - day);
  const Selector other = selector("e", Standing::active, noon - day, KeyType::ed25519);
  const Selector next = selector("b", Standing::fresh);
  const auto changed = after_sighting(next, shown, {before, other, next}, noon + 1);
  CHECK(changed.size() == 2);
  CHECK(standing_of(changed, "a") == Standing::old);
  CHECK(standing_of(changed, "b") == Standing::active);
}

TEST_CASE("one that was overtaken while it waited for the DNS does not sign again") {
  const Selector late = selector("a", Standing::fresh, noon - day);
  const Selector newer = selector("b", Standing::active);
  const auto changed = after_sighting(late, shown, {late, newer}, noon + 1);
  CHECK(changed.size() == 1);
  CHECK(standing_of(changed, "a") == Standing::old);
}

TEST_CASE("one that signs stops when its key has gone from the DNS, not when the DNS is silent") {
  const Selector active = selector("a", Standing::active);
  CHECK(standing_of(after_sighting(active, unknown, {active}, noon + 1), "a") == Standing::active);
  CHECK(standing_of(after_sighting(active, absent, {active}, noon + 1), "a") == Standing::fresh);
}

TEST_CASE("a new key is looked for soon, one that nobody publishes seldom, an old one never") {
  Selector s = selector("a", Standing::fresh);
  CHECK(next_look_ms(s, noon) <= noon);
  s.looked_ms = noon + minute;
  CHECK(next_look_ms(s, noon + minute) == noon + 3 * minute);
  s.looked_ms = noon + 20 * hour;
  CHECK(next_look_ms(s, noon + 20 * hour) == noon + 21 * hour);
  s.looked_ms = noon + 30 * day;
  CHECK(next_look_ms(s, noon + 30 * day) == noon + 30 * day + 6 * hour);
  s.standing = Standing::old;
  CHECK(next_look_ms(s, noon + 30 * day) == INT64_MAX);
}

TEST_CASE("selectors come back from the database as they were, in a new standing too") {
  const TempFolder folder;
  auto database = store::Database::open(folder / "mta.db", store::Database::Mode::create);
  REQUIRE(database.has_value());
  REQUIRE(create_selector_tables(**database).has_value());
  REQUIRE(create_selector_tables(**database).has_value());
  Selector a = selector("a", Standing::active), e = selector("e", Standing::fresh, noon, KeyType::ed25519);
  a.seen = "shown";
  REQUIRE(save_selector(**database, a).has_value());
  REQUIRE(save_selector(**database, e).has_value());
  a.standing = Standing::old;
  REQUIRE(save_selector(**database, a).has_value());
  const auto all = load_selectors(**database);
  REQUIRE(all.has_value());
  CHECK(*all == std::vector<Selector>{e, a});
}
