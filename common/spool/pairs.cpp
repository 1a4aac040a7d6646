#include "common/spool/pairs.h"

#include <cstring>

namespace futar::spool {
namespace {

// The last step of MurmurHash3: each bit of the input changes half of the output.
uint64_t mixed(uint64_t x) {
  x ^= x >> 33;
  x *= 0xff51afd7ed558ccd;
  x ^= x >> 33;
  x *= 0xc4ceb9fe1a85ec53;
  return x ^ (x >> 33);
}

}  // namespace

void PairDigests::add(const Pair& pair) {
  uint64_t halves[2];
  std::memcpy(halves, pair.id.blob().data(), sizeof halves);
  BlockDigest& block = blocks_[pair.number / pairs_in_block];
  ++block.count;
  block.sum += mixed(mixed(mixed(static_cast<uint64_t>(pair.number)) ^ halves[0]) ^ halves[1]);
}

}  // namespace futar::spool
