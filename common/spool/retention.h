// History that has outlived trace.keep goes, and names that shall be forgotten: a few rows at a time, behind
// the mail.
#pragma once
#include <cstdint>
#include <functional>
#include <vector>

#include "common/base/clock.h"
#include "common/net/gate.h"
#include "common/store/writer.h"

namespace futar::spool {

/// What a step did.
struct Forgotten {
  int64_t after = 0;  ///< the next step goes on behind this key
  int64_t count = 0;  ///< messages that it deleted
  bool at_end = true;
};

struct RetentionOptions {
  int64_t keep_ms = 30LL * 24 * 3600 * 1000;  ///< trace.keep
  size_t step = 200;                          ///< messages looked at in one transaction: some ms
  int64_t pause_ms = 20;                      ///< between two transactions, for the mail
  int64_t look_every_ms = 600'000;
};

/// What became of a list of messages.
struct Erased {
  int64_t messages = 0;
  int64_t open = 0;  ///< not over yet: left as they are
};
/// Runs `erase` for each key, a few keys in a transaction with pauses between, for the mail. It says whether
/// the message was over.
Task<Result<Erased>> erase_in_steps(net::Loop& loop, store::Writer& writer, std::vector<int64_t> keys,
                                    std::function<Result<bool>(store::Database&, int64_t key)> erase);

class Retention {
 public:
  /// Looks at up to `limit` messages behind `after`, in the order of their keys, and deletes those that are
  /// over and ended before before_ms. Runs on the store thread.
  using Step = std::function<Result<Forgotten>(store::Database& database, int64_t before_ms, int64_t after,
                                               size_t limit)>;
  /// `afterwards` runs behind each pass that deleted something; may be empty.
  Retention(net::Loop& loop, store::Writer& writer, const Clock& clock, RetentionOptions options, Step step,
            std::function<Task<Result<void>>(int64_t before_ms)> afterwards = {});

  void start();  ///< the first pass comes after look_every_ms
  void stop();
  /// One pass from the low end. Returns how many messages it deleted.
  Task<Result<int64_t>> pass();

 private:
  Task<> run();

  net::Loop& loop_;
  store::Writer& writer_;
  const Clock& clock_;
  const RetentionOptions options_;
  const Step step_;
  const std::function<Task<Result<void>>(int64_t)> afterwards_;
  net::Gate end_;
  bool stopped_ = false;
};

}  // namespace futar::spool
