#include "msa/login/throttle.h"

#include <doctest/doctest.h>

#include "msa/login/remembered.h"

using namespace futar;
using namespace futar::msa;

namespace {

constexpr int64_t second = 1000, minute = 60 * second;
const std::string bob = "bob@example.org";

net::IpAddress ip(std::string_view text) { return net::IpAddress::parse(text).value(); }
const net::IpAddress home = ip("192.0.2.5"), hotel = ip("198.51.100.7");

// One wrong attempt that waits as told; returns the wait.
std::optional<int64_t> guess(Throttle& throttle, const net::IpAddress& client, const std::string& account,
                             int64_t& now) {
  const auto wait = throttle.wait_ms(client, account, now);
  if (!wait) return wait;
  now += *wait;
  throttle.failed(client, account, now);
  return wait;
}

}  // namespace

TEST_CASE("a client that guesses waits longer and longer") {
  Throttle throttle;
  int64_t now = minute;
  const int64_t expected[] = {0, 0, 0, 1, 2, 4, 8, 16};
  for (const int64_t wait : expected) CHECK(guess(throttle, home, bob, now) == wait * second);
  for (int i = 0; i < 20; ++i) CHECK(guess(throttle, home, bob, now).value() > 15 * second);
  CHECK(guess(throttle, home, bob, now) == 30 * second);
}

TEST_CASE("attempts at the same time stand in a line, and one too many is sent away") {
  Throttle throttle;
  int64_t now = minute;
  for (int i = 0; i < 7; ++i) guess(throttle, home, bob, now);
  CHECK(throttle.wait_ms(home, bob, now) == 16 * second);
  CHECK_FALSE(throttle.wait_ms(home, bob, now).has_value());
  CHECK(throttle.wait_ms(home, bob, now + 10 * second) == 22 * second);
}

TEST_CASE("a neighbour in the client's network is the same client") {
  Throttle throttle;
  int64_t now = minute;
  for (int i = 0; i < 6; ++i) guess(throttle, home, bob, now);
  CHECK(throttle.wait_ms(ip("192.0.2.200"), bob, now) > 0);
  CHECK(throttle.wait_ms(ip("192.0.3.5"), bob, now) == 0);
  for (int i = 0; i < 6; ++i) guess(throttle, ip("2001:db8:1:2::1"), bob, now);
  CHECK(throttle.wait_ms(ip("2001:db8:1:2:ffff::9"), bob, now) > 0);
  CHECK(throttle.wait_ms(ip("2001:db8:1:3::1"), bob, now) == 0);
}

TEST_CASE("a client that tries one password at many accounts is slowed down too") {
  Throttle throttle;
  int64_t now = minute;
  for (int i = 0; i < 15; ++i) guess(throttle, home, "user" + std::to_string(i), now);
  CHECK(throttle.wait_ms(home, "fresh", now).value_or(99) > 5 * second);
  CHECK(throttle.wait_ms(hotel, "fresh", now) == 0);
}

TEST_CASE("guessing from many places delays a stranger, at most ten seconds, and sends nobody away") {
  Throttle throttle;
  int64_t now = minute;
  for (int i = 0; i < 200; ++i) guess(throttle, ip("203.0." + std::to_string(i) + ".1"), bob, now);
  for (int i = 0; i < 50; ++i) {
    const auto wait = throttle.wait_ms(hotel, bob, now);
    REQUIRE(wait.has_value());
    CHECK(*wait == 10 * second);
  }
}

TEST_CASE("the owner at a known place waits for nobody's failures but those of the place") {
  Throttle throttle;
  int64_t now = minute;
  throttle.succeeded(home, bob, now);
  for (int i = 0; i < 200; ++i) guess(throttle, ip("203.0." + std::to_string(i) + ".1"), bob, now);
  CHECK(throttle.wait_ms(home, bob, now) == 0);
  for (int i = 0; i < 50; ++i) throttle.failed(home, bob, now);
  for (int i = 0; i < 50; ++i) CHECK(throttle.wait_ms(home, bob, now) == 3 * second);
}

TEST_CASE("a success forgives the client's failures at that account") {
  Throttle throttle;
  int64_t now = minute;
  for (int i = 0; i < 6; ++i) guess(throttle, home, bob, now);
  throttle.succeeded(home, bob, now);
  CHECK(throttle.wait_ms(home, bob, now) == 0);
}

TEST_CASE("failures fade") {
  Throttle throttle;
  int64_t now = minute;
  for (int i = 0; i < 6; ++i) guess(throttle, home, bob, now);
  CHECK(throttle.wait_ms(home, bob, now + 20 * minute).value() == 2 * second);
  CHECK(throttle.wait_ms(home, bob, now + 60 * minute) == 0);
}

TEST_CASE("behind loopback and other shared clients only the account counts") {
  Throttle throttle([](const net::IpAddress& client) { return client == hotel; });
  int64_t now = minute;
  for (const auto& client : {ip("127.0.0.1"), ip("::1"), hotel}) {
    for (int i = 0; i < 30; ++i) guess(throttle, client, "user" + std::to_string(i), now);
    CHECK(throttle.wait_ms(client, bob, now) == 0);
  }
  for (int i = 0; i < 5; ++i) guess(throttle, hotel, bob, now);
  CHECK(throttle.wait_ms(hotel, bob, now) > 0);
}

TEST_CASE("names that strangers make up do not fill the memory") {
  Throttle throttle;
  int64_t now = minute;
  for (int i = 0; i < 50'000; ++i) throttle.failed(ip("127.0.0.1"), "made up " + std::to_string(i), ++now);
  CHECK(throttle.wait_ms(home, bob, now) == 0);
}

TEST_CASE("a verified login is remembered for ten minutes, with this password only") {
  Remembered remembered;
  remembered.add(bob, "secret", 0);
  CHECK(remembered.knows(bob, "secret", 9 * minute));
  CHECK_FALSE(remembered.knows(bob, "secret", 10 * minute));
  CHECK_FALSE(remembered.knows(bob, "Secret", 0));
  CHECK_FALSE(remembered.knows("bob@example.or", "gsecret", 0));
  CHECK_FALSE(Remembered().knows(bob, "secret", 0));
  remembered.clear();
  CHECK_FALSE(remembered.knows(bob, "secret", 0));
}
