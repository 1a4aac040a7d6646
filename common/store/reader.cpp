#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "common/store/job.h"
#include "common/store/writer.h"

namespace futar::store {

namespace {
struct Question {
  Job job;
  std::shared_ptr<Answer> answer;
};
}  // namespace

struct Reader::Impl {
  net::Loop& loop;
  const std::string path;
  std::unique_ptr<Database>
      database;  // reader thread only; opened by the first job, when the writer has made the file

  std::mutex mutex;
  std::condition_variable wake;
  std::deque<Question> questions;  // guarded by mutex
  bool stopping = false;           // guarded by mutex
  std::thread thread;

  Impl(net::Loop& l, const Writer& writer) : loop(l), path(writer.path()) {}

  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      wake.wait(lock, [this] { return stopping || !questions.empty(); });
      if (questions.empty()) return;
      Question question = std::move(questions.front());
      questions.pop_front();
      lock.unlock();
      Result<void> result = answer(question.job);
      question.job = nullptr;  // what it captured dies here, not on the io thread
      loop.post([to = std::move(question.answer), result = std::move(result)]() mutable {
        to->give(std::move(result));
      });
      lock.lock();
    }
  }

  Result<void> answer(const Job& job) {
    if (!database) database = TRY(Database::open(path, Database::Mode::read));
    TRY(database->execute("BEGIN"));
    Result<void> result = run_job(job, *database);
    database->rest();
    TRY(database->execute("COMMIT"));
    return result;
  }
};

Reader::Reader(net::Loop& loop, const Writer& writer) : impl_(std::make_unique<Impl>(loop, writer)) {
  impl_->thread = std::thread([impl = impl_.get()] {
    pthread_setname_np(pthread_self(), "reader");
    impl->serve();
  });
}

Reader::~Reader() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

Task<Result<void>> Reader::read(Job job) {
  auto answer = std::make_shared<Answer>(impl_->loop);
  {
    std::lock_guard lock(impl_->mutex);
    impl_->questions.push_back({std::move(job), answer});
  }
  impl_->wake.notify_one();
  while (!answer->given.is_open()) co_await answer->given.wait();
  co_return std::move(answer->result);
}

}  // namespace futar::store
