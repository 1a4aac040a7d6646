// What an agent lays ready for `futar backup`: STATE/backup/ with a copy of its database as of one moment and
// hard links to the body files that it names. It stays until the backup has it, or until the next start.
#pragma once
#include <functional>
#include <string>

#include "common/base/async.h"
#include "common/base/result.h"
#include "common/net/loop.h"
#include "common/spool/body.h"
#include "common/store/writer.h"

namespace futar::spool {

constexpr const char* snapshot_folder = "backup";  ///< in a state folder

class Snapshot {
 public:
  /// `database`: its name in the state folder. Removes what a broken backup left. `bodies`: null for an agent
  /// whose messages have none.
  Snapshot(net::Loop& loop, std::string state_folder, std::string database, Folder* bodies);

  /// Replaces what an earlier one left. `reader` is busy meanwhile; `pinned` runs on the io thread once the
  /// moment is fixed. Returns the number of body files.
  Task<Result<size_t>> make(store::Reader& reader, std::function<void()> pinned = [] {});
  Task<Result<void>> drop(store::Reader& reader);
  const std::string& folder() const { return folder_; }

 private:
  Result<size_t> copy(store::Database& database, const std::function<void()>& pinned) const;
  Result<void> remove() const;

  net::Loop& loop_;
  std::string folder_, database_;
  Folder* bodies_;
  bool busy_ = false;
};

}  // namespace futar::spool
