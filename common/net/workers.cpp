#include "common/net/workers.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace futar::net {

namespace {
struct Job {
  std::move_only_function<void()> work, done;
};
}  // namespace

struct Workers::Impl {
  Loop& loop;
  mutable std::mutex mutex;
  std::condition_variable wake;
  std::deque<Job> jobs;   // guarded by mutex
  bool stopping = false;  // guarded by mutex
  std::vector<std::thread> threads;

  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !jobs.empty(); });
      if (jobs.empty()) return;
      Job job = std::move(jobs.front());
      jobs.pop_front();
      lock.unlock();
      job.work();
      job.work = nullptr;  // what the work captured dies here, not on the io thread
      loop.post(std::move(job.done));
      lock.lock();
    }
  }
};

Workers::Workers(Loop& loop, size_t threads, std::string name) : impl_(std::make_unique<Impl>(loop)) {
  for (size_t i = 0; i < threads; ++i) {
    impl_->threads.emplace_back([impl = impl_.get(), name = name.substr(0, 15)] {
      pthread_setname_np(pthread_self(), name.c_str());  // from within: a sandbox closes /proc
      impl->serve();
    });
  }
}

Workers::~Workers() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_all();
  for (auto& thread : impl_->threads) thread.join();
}

void Workers::submit(std::move_only_function<void()> f, std::move_only_function<void()> done) {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->jobs.push_back({std::move(f), std::move(done)});
  }
  impl_->wake.notify_one();
}

Task<> Workers::run(std::move_only_function<void()> f) {
  Gate finished(impl_->loop);
  submit(std::move(f), [&finished] { finished.open(); });
  co_await finished.wait();
}

Task<> Workers::run_all(std::vector<std::move_only_function<void()>> fs) {
  Gate finished(impl_->loop);
  size_t left = fs.size();
  if (left == 0) co_return;
  for (auto& f : fs)
    submit(std::move(f), [&left, &finished] {
      if (--left == 0) finished.open();
    });
  co_await finished.wait();
}

size_t Workers::waiting() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->jobs.size();
}

}  // namespace futar::net
