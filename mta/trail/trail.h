// The keeper of the trail while mta runs: what is new gets into runs, behind the mail.
#pragma once
#include <cstdint>

#include "common/net/gate.h"
#include "common/store/writer.h"
#include "mta/trail/trail_store.h"

namespace futar::mta::trail {

struct KeeperOptions {
  int64_t look_every_ms = 1000;
  int64_t most_unindexed = 2000;  ///< rows behind the cursor: then mta need not be idle
  size_t batch = 5000;            ///< messages in a new run
  size_t parts_a_commit = 300;    ///< rows of the trail in one transaction: the mail waits some ms at most
};

class Keeper {
 public:
  /// `reader`: its own, which reads for 20 ms at a time.
  Keeper(net::Loop& loop, store::Writer& writer, store::Reader& reader, KeeperOptions options = {});

  void start();
  void stop();  ///< what is under way ends by itself

  /// Puts all that is there into runs and merges those that should be one. Stops early at an error.
  Task<Result<void>> catch_up();

 private:
  Task<> run();
  Task<Result<bool>> is_due();
  /// Writes the batch as one run. False when somebody else changed what it rests on.
  Task<Result<bool>> write(Batch batch, Cursor from);
  Task<Result<void>> merge();

  net::Loop& loop_;
  store::Writer& writer_;
  store::Reader& reader_;
  const KeeperOptions options_;
  net::Gate end_;
  int64_t unindexed_ = 0;  ///< at the last look
  bool stopped_ = false;
};

}  // namespace futar::mta::trail
