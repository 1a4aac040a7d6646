#include "common/spool/pairs.h"

#include <doctest/doctest.h>

#include "tests/fakes/clock.h"

using namespace futar;
using namespace futar::spool;

namespace {

std::map<int64_t, BlockDigest> digests(const std::vector<Pair>& pairs) {
  PairDigests all;
  for (const Pair& pair : pairs) all.add(pair);
  return all.blocks();
}

}  // namespace

TEST_CASE("the digest of a block does not depend on the order, and on nothing but its pairs") {
  FakeClock clock;
  std::vector<Pair> pairs;
  for (int64_t number = 1; number <= 10'000; ++number) pairs.push_back({number, MessageId::make(clock)});
  const auto before = digests(pairs);
  CHECK(before.size() == 3);
  std::ranges::reverse(pairs);
  CHECK(digests(pairs) == before);
}

TEST_CASE("one pair lost, added, of another number or with another id changes its block alone") {
  FakeClock clock;
  std::vector<Pair> pairs;
  for (int64_t number = 1; number <= 9'000; ++number) pairs.push_back({number, MessageId::make(clock)});
  const auto before = digests(pairs);
  const auto changed = [&](const std::vector<Pair>& now) {
    std::vector<int64_t> blocks;
    for (const auto& [block, digest] : digests(now))
      if (digest != before.at(block)) blocks.push_back(block);
    return blocks;
  };
  std::vector<Pair> lost = pairs, other = pairs, swapped = pairs;
  lost.erase(lost.begin() + 5000);
  other[5000].id = MessageId::make(clock);
  std::swap(swapped[5000].id, swapped[5001].id);
  for (const auto& now : {lost, other, swapped}) CHECK(changed(now) == std::vector<int64_t>{1});
}

TEST_CASE("a block's range holds its numbers and no other") {
  CHECK(PairRange::of_block(0).first == 0);
  CHECK(PairRange::of_block(0).last == 4095);
  CHECK(PairRange::of_block(2).first == 8192);
}
