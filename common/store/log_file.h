// The write-ahead log of a database as a file to sync. SQLite would sync it within COMMIT; the writer does it
// beside the next transaction.
#pragma once
#include <string>

#include "common/base/file.h"
#include "common/store/database.h"

namespace futar::store {

/// Made at start, then for the sync thread.
class LogFile {
 public:
  /// Takes the fsync out of the commits of this connection. Where that cannot be (":memory:", no descriptor
  /// left) SQLite goes on to sync each commit, and sync() has nothing to do. What a checkpoint needs is
  /// synced by SQLite in any case.
  explicit LogFile(Database& database);
  /// All commits that ended before the call are durable when it returns. An error is always "ours": the
  /// kernel may have dropped the pages.
  Result<void> sync();

 private:
  std::string path_;
  Fd fd_;
};

}  // namespace futar::store
