#include "common/store/writer.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "common/base/point.h"
#include "common/store/job.h"
#include "common/store/log_file.h"

namespace futar::store {
namespace {

constexpr size_t batch_limit = 256;
/// While an fsync is under way nobody is answered, so a transaction waits until it is worth its pages.
constexpr size_t worthwhile = 8;

struct Pending {
  Job job;
  std::move_only_function<void(Result<void>)> done;
  Result<void> result;
};

/// What the store thread has run, and the sync thread makes durable and answers.
struct Batch {
  std::vector<Pending> jobs;
  uint64_t commit = 0;  ///< Durability's number of its last commit
  int64_t began_us = 0;
};

/// Where an attempt to commit a batch ended.
struct Failure {
  enum class At { begin, job, commit } at;
  Error error;
  size_t job = 0;  ///< which one
};

void fail_all(std::span<Pending> batch, const Error& error) {
  for (Pending& pending : batch) pending.result = fail(error);
}

int64_t now_us() {
  using namespace std::chrono;
  return duration_cast<microseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

struct Writer::Impl {
  net::Loop& loop;
  std::unique_ptr<Database> database;  // store thread only, as the next
  std::function<bool()> relieve;
  std::function<void(Error)> tell_broken;
  LogFile log;  // sync thread only
  const std::string path;
  const std::shared_ptr<Durability> durability = std::make_shared<Durability>();

  mutable std::mutex mutex;  // guards all below, but for the threads
  std::condition_variable to_run, to_sync;
  std::deque<Pending> jobs;
  std::deque<Batch> ran;
  bool syncing = false;  ///< the sync thread is at work
  bool stopping = false, ran_all = false;
  std::optional<Error> broken;
  WriterStatistics statistics;
  std::thread store, sync;

  Impl(net::Loop& l, std::unique_ptr<Database> d, std::function<void(Error)> b)
      : loop(l), database(std::move(d)), tell_broken(std::move(b)), log(*database), path(database->path()) {}

  bool worth_running() const { return !jobs.empty() && (!syncing || jobs.size() >= worthwhile); }
  void run_jobs();
  std::vector<Pending> take();
  void run(std::span<Pending> batch);
  std::optional<Failure> attempt(std::span<Pending> batch);
  std::optional<Failure> attempt_with_relief(std::span<Pending> batch);
  std::optional<Error> trouble() const;
  void give_up(const Error& error);

  void sync_batches();
  std::deque<Batch> take_ran();
  void make_durable(std::deque<Batch>& batches);
  void count(const std::deque<Batch>& batches);
};

// ---- the store thread: transactions
// ----------------------------------------------------------------------------

std::vector<Pending> Writer::Impl::take() {
  std::unique_lock lock(mutex);
  to_run.wait(lock, [this] { return stopping || worth_running(); });
  const size_t n = std::min(jobs.size(), batch_limit);
  const auto end = jobs.begin() + static_cast<ptrdiff_t>(n);
  std::vector<Pending> batch(std::make_move_iterator(jobs.begin()), std::make_move_iterator(end));
  jobs.erase(jobs.begin(), end);
  return batch;
}

void Writer::Impl::run_jobs() {
  while (true) {
    Batch batch{.jobs = take(), .began_us = now_us()};
    if (batch.jobs.empty()) break;
    run(batch.jobs);
    batch.commit = durability->begun();
    for (Pending& pending : batch.jobs)
      pending.job = nullptr;  // what it captured dies here, not on the io thread
    std::lock_guard lock(mutex);
    statistics.busy_us += now_us() - batch.began_us;
    ran.push_back(std::move(batch));
    syncing = true;
    to_sync.notify_one();
  }
  std::lock_guard lock(mutex);
  ran_all = true;
  to_sync.notify_one();
}

// One failing job costs its batch two more commits: what ran well before it, itself alone (it may have failed
// only because of its company), and then the loop goes on with the rest. The order stays that of submission.
void Writer::Impl::run(std::span<Pending> batch) {
  while (!batch.empty()) {
    if (const auto error = trouble()) return fail_all(batch, *error);
    const auto failure = attempt_with_relief(batch);
    if (!failure) return;
    if (failure->error.kind == Error::Kind::ours) give_up(failure->error);
    if (failure->error.kind == Error::Kind::ours || batch.size() == 1 || failure->at == Failure::At::begin)
      return fail_all(batch, failure->error);
    if (failure->at == Failure::At::commit) {
      run(batch.first(batch.size() / 2));
      batch = batch.subspan(batch.size() / 2);
    } else {
      run(batch.first(failure->job));
      run(batch.subspan(failure->job, 1));
      batch = batch.subspan(failure->job + 1);
    }
  }
}

std::optional<Failure> Writer::Impl::attempt(std::span<Pending> batch) {
  auto transaction = Transaction::begin(*database);
  if (!transaction) return Failure{Failure::At::begin, transaction.error()};
  for (size_t i = 0; i < batch.size(); ++i) {
    const auto result = run_job(batch[i].job, *database);
    if (!result) return Failure{Failure::At::job, result.error(), i};
  }
  point("store.before_commit");
  durability->begin();
  const auto committed = transaction->commit();
  if (!committed) return Failure{Failure::At::commit, committed.error()};
  std::lock_guard lock(mutex);
  ++statistics.commits;
  return std::nullopt;
}

std::optional<Failure> Writer::Impl::attempt_with_relief(std::span<Pending> batch) {
  auto failure = attempt(batch);
  if (failure && database->take_full() && relieve && relieve()) failure = attempt(batch);
  return failure;
}

std::optional<Error> Writer::Impl::trouble() const {
  std::lock_guard lock(mutex);
  return broken;
}

void Writer::Impl::give_up(const Error& error) {
  {
    std::lock_guard lock(mutex);
    if (broken) return;
    broken = error;
  }
  loop.post([this, error] {
    if (tell_broken) tell_broken(error);
  });
}

// ---- the sync thread: fsyncs and answers
// -----------------------------------------------------------------------

std::deque<Batch> Writer::Impl::take_ran() {
  std::unique_lock lock(mutex);
  if (ran.empty()) {
    syncing = false;
    to_run.notify_one();
    to_sync.wait(lock, [this] { return ran_all || !ran.empty(); });
  }
  return std::exchange(ran, {});
}

void Writer::Impl::sync_batches() {
  while (true) {
    std::deque<Batch> batches = take_ran();
    if (batches.empty()) return;
    make_durable(batches);
    count(batches);
    loop.post([batches = std::move(batches)]() mutable {
      for (Batch& batch : batches)
        for (Pending& pending : batch.jobs) pending.done(std::move(pending.result));
    });
  }
}

void Writer::Impl::make_durable(std::deque<Batch>& batches) {
  const auto synced = log.sync();
  if (synced) {
    point("store.after_commit");
    return durability->reached(batches.back().commit);
  }
  give_up(synced.error());
  durability->lost(synced.error());
  for (Batch& batch : batches)
    for (Pending& pending : batch.jobs)
      if (pending.result) pending.result = fail(synced.error());
}

void Writer::Impl::count(const std::deque<Batch>& batches) {
  std::lock_guard lock(mutex);
  ++statistics.syncs;
  statistics.last_commit_us = now_us() - batches.front().began_us;
  for (const Batch& batch : batches) {
    statistics.jobs += batch.jobs.size();
    for (const Pending& pending : batch.jobs) statistics.failed_jobs += pending.result ? 0 : 1;
  }
}

// ---- the writer
// ------------------------------------------------------------------------------------------------

Writer::Writer(net::Loop& loop, std::unique_ptr<Database> database, std::function<void(Error)> broken)
    : impl_(std::make_unique<Impl>(loop, std::move(database), std::move(broken))) {
  impl_->store = std::thread([impl = impl_.get()] { impl->run_jobs(); });
  pthread_setname_np(impl_->store.native_handle(), "store");
  impl_->sync = std::thread([impl = impl_.get()] { impl->sync_batches(); });
  pthread_setname_np(impl_->sync.native_handle(), "sync");
}

Writer::~Writer() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->to_run.notify_one();
  impl_->store.join();
  impl_->sync.join();
}

void Writer::when_full(std::function<bool()> relieve) {
  std::lock_guard lock(
      impl_->mutex);  // makes it visible to the store thread, which takes the lock for each batch
  impl_->relieve = std::move(relieve);
}

void Writer::submit(Job job, std::move_only_function<void(Result<void>)> done) {
  std::lock_guard lock(impl_->mutex);
  impl_->jobs.push_back({std::move(job), std::move(done), {}});
  if (impl_->worth_running()) impl_->to_run.notify_one();
}

Task<Result<void>> Writer::commit(Job job) {
  auto answer = std::make_shared<Answer>(impl_->loop);
  submit(std::move(job), [answer](Result<void> result) { answer->give(std::move(result)); });
  while (!answer->given.is_open()) co_await answer->given.wait();
  co_return std::move(answer->result);
}

WriterStatistics Writer::statistics() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->statistics;
}

std::string Writer::path() const { return impl_->path; }
std::shared_ptr<const Durability> Writer::durability() const { return impl_->durability; }

size_t Writer::waiting() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->jobs.size();
}

}  // namespace futar::store
