// The one thread that writes a database: takes all waiting jobs, runs them in one transaction, fsyncs once.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/net/gate.h"
#include "common/net/loop.h"
#include "common/store/database.h"

namespace futar::store {

/// A job may run more than once: when the batch that holds it fails, the batch is rolled back and its jobs
/// run anew. So it captures values, writes only through the database, and sets its outputs anew each time.
/// What it throws counts as an Error of kind "ours".
using Job = std::function<Result<void>(Database&)>;

struct WriterStatistics {
  uint64_t commits = 0, jobs = 0, failed_jobs = 0;
  int64_t last_commit_us = 0, busy_us = 0;
};

/// Jobs take effect in the order in which they were submitted. A job that fails is rolled back alone; those
/// that were in its batch are committed without it. A full disk is a temporary failure and the writer goes
/// on.
class Writer {
 public:
  /// `broken` runs once on the io thread after an error of kind "ours": the agent answers 451 to all and
  /// exits. All jobs that wait then or come later fail with that error: after a failed fsync the next one
  /// would lie.
  Writer(net::Loop& loop, std::unique_ptr<Database> database, std::function<void(Error)> broken);
  ~Writer();  ///< commits what is queued, then joins

  /// Runs on the store thread when the disk is full: lets go of the ballast (low_water.h) and says whether
  /// that freed anything; then the jobs are tried once more. Set before the first job.
  void when_full(std::function<bool()> relieve);
  /// Commits with whatever else is waiting; the result is that of the durable commit. io thread.
  Task<Result<void>> commit(Job job);
  /// The same without a coroutine; `done` runs on the io thread. All done() of a batch run in one post.
  void submit(Job job, std::move_only_function<void(Result<void>)> done);
  WriterStatistics statistics() const;
  size_t waiting() const;
  const std::string& path() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One thread with a read-only connection, for lists, traces, backlog and audit. Each job sees one snapshot.
/// Keep it short: a long reader stops the WAL from shrinking.
class Reader {
 public:
  Reader(net::Loop& loop, const Writer& writer);  ///< of the same database
  ~Reader();
  Task<Result<void>> read(Job job);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// A thread that checkpoints the WAL off the commit path: PASSIVE each second while it grows, TRUNCATE when
/// idle.
class Checkpointer {
 public:
  /// `broken` runs once, on the checkpointer's thread, after an I/O error or found damage; without it that is
  /// logged.
  explicit Checkpointer(std::string path, std::function<void(Error)> broken = {},
                        int64_t look_every_ms = 1000);
  ~Checkpointer();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::store
