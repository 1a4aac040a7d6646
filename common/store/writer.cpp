#include "common/store/writer.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "common/base/point.h"
#include "common/store/job.h"

namespace futar::store {
namespace {

constexpr size_t batch_limit = 256;

struct Pending {
  Job job;
  std::move_only_function<void(Result<void>)> done;
  Result<void> result;
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
  const std::string path;
  std::unique_ptr<Database> database;  // store thread only, as the next three
  std::function<void(Error)> tell_broken;
  std::function<bool()> relieve;
  std::optional<Error> broken;

  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Pending> jobs;     // guarded by mutex
  bool stopping = false;        // guarded by mutex
  WriterStatistics statistics;  // guarded by mutex
  std::thread thread;

  Impl(net::Loop& l, std::unique_ptr<Database> d, std::function<void(Error)> b)
      : loop(l), path(d->path()), database(std::move(d)), tell_broken(std::move(b)) {}

  void serve();
  std::vector<Pending> take();
  void run(std::span<Pending> batch);
  std::optional<Failure> attempt(std::span<Pending> batch);
  std::optional<Failure> attempt_with_relief(std::span<Pending> batch);
  void count(std::span<const Pending> batch, int64_t took_us);
  void give_up(Error error);
};

std::vector<Pending> Writer::Impl::take() {
  std::unique_lock lock(mutex);
  wake.wait(lock, [this] { return stopping || !jobs.empty(); });
  const size_t n = std::min(jobs.size(), batch_limit);
  const auto end = jobs.begin() + static_cast<ptrdiff_t>(n);
  std::vector<Pending> batch(std::make_move_iterator(jobs.begin()), std::make_move_iterator(end));
  jobs.erase(jobs.begin(), end);
  return batch;
}

void Writer::Impl::serve() {
  while (true) {
    std::vector<Pending> batch = take();
    if (batch.empty()) return;
    const int64_t start = now_us();
    run(batch);
    count(batch, now_us() - start);
    for (Pending& pending : batch) pending.job = nullptr;  // what it captured dies here, not on the io thread
    loop.post([batch = std::move(batch)]() mutable {
      for (Pending& pending : batch) pending.done(std::move(pending.result));
    });
  }
}

// One failing job costs its batch two more commits: what ran well before it, itself alone (it may have failed
// only because of its company), and then the loop goes on with the rest. The order stays that of submission.
void Writer::Impl::run(std::span<Pending> batch) {
  while (!batch.empty()) {
    if (broken) return fail_all(batch, *broken);
    const auto failure = attempt_with_relief(batch);
    if (!failure) return;
    if (failure->error.kind == Error::Kind::ours) give_up(failure->error);
    if (broken || batch.size() == 1 || failure->at == Failure::At::begin)
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
  const int64_t start = now_us();
  const auto committed = transaction->commit();
  if (!committed) return Failure{Failure::At::commit, committed.error()};
  point("store.after_commit");
  std::lock_guard lock(mutex);
  ++statistics.commits;
  statistics.last_commit_us = now_us() - start;
  return std::nullopt;
}

std::optional<Failure> Writer::Impl::attempt_with_relief(std::span<Pending> batch) {
  auto failure = attempt(batch);
  if (failure && database->take_full() && relieve && relieve()) failure = attempt(batch);
  return failure;
}

void Writer::Impl::count(std::span<const Pending> batch, int64_t took_us) {
  std::lock_guard lock(mutex);
  statistics.jobs += batch.size();
  statistics.busy_us += took_us;
  for (const Pending& pending : batch) statistics.failed_jobs += pending.result ? 0 : 1;
}

void Writer::Impl::give_up(Error error) {
  if (broken) return;
  broken = error;
  loop.post([tell = std::move(tell_broken), error = std::move(error)] {
    if (tell) tell(error);
  });
}

Writer::Writer(net::Loop& loop, std::unique_ptr<Database> database, std::function<void(Error)> broken)
    : impl_(std::make_unique<Impl>(loop, std::move(database), std::move(broken))) {
  impl_->thread = std::thread([impl = impl_.get()] {
    pthread_setname_np(pthread_self(), "store");
    impl->serve();
  });
}

Writer::~Writer() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

void Writer::when_full(std::function<bool()> relieve) {
  std::lock_guard lock(
      impl_->mutex);  // makes it visible to the store thread, which takes the lock for each batch
  impl_->relieve = std::move(relieve);
}

void Writer::submit(Job job, std::move_only_function<void(Result<void>)> done) {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->jobs.push_back({std::move(job), std::move(done), {}});
  }
  impl_->wake.notify_one();
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

const std::string& Writer::path() const { return impl_->path; }

size_t Writer::waiting() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->jobs.size();
}

}  // namespace futar::store
