// Numbers with message ids, as both ends of a link know them: compared by a digest a block, and only where
// the digests differ one by one. Pure.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "common/base/ids.h"

namespace futar::spool {

constexpr int64_t pairs_in_block = 4096;

struct Pair {
  int64_t number = 0;  ///< a message's key in msa.db, a recipient's row in mta.db
  MessageId id;
  bool operator==(const Pair&) const = default;
};
using PairSink = std::function<void(const Pair&)>;

/// Numbers first..last, both included: a block, or all.
struct PairRange {
  int64_t first = 0, last = INT64_MAX;
  static PairRange of_block(int64_t block) {
    return {block * pairs_in_block, (block + 1) * pairs_in_block - 1};
  }
};

struct BlockDigest {
  uint64_t count = 0, sum = 0;  ///< sums do not depend on the order
  bool operator==(const BlockDigest&) const = default;
};

class PairDigests {
 public:
  void add(const Pair& pair);
  const std::map<int64_t, BlockDigest>& blocks() const { return blocks_; }

 private:
  std::map<int64_t, BlockDigest> blocks_;
};

}  // namespace futar::spool
