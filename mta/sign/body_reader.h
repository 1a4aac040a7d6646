// A body on its way into a hash, on a worker's thread.
#pragma once
#include <string_view>

#include "common/spool/body.h"

namespace futar::mta {

/// Gives the whole body to `sink`, a file in pieces of 64 KiB. Blocks. An error is one of our disk.
template <class Sink>
Result<void> read_body(const spool::Folder& spool, const spool::Body& body, Sink sink) {
  if (body.bytes) {
    sink(std::string_view(*body.bytes));
    return {};
  }
  for (uint64_t offset = 0; offset < body.size;) {
    const std::string octets = TRY(spool.read(body, offset, 64 * 1024));
    if (octets.empty()) return fail(Error::ours("the body ends early"));
    sink(std::string_view(octets));
    offset += octets.size();
  }
  return {};
}

}  // namespace futar::mta
