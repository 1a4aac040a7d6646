#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "common/log/log.h"
#include "common/store/writer.h"

namespace futar::store {
namespace {

constexpr int idle_looks = 5;  ///< so many looks without a write, and the WAL is cut to nothing

struct WalFile {
  off_t size = 0;
  int64_t changed_ns = 0;
  bool operator==(const WalFile&) const = default;
};

WalFile look_at(const std::string& path) {
  struct stat status{};
  if (::stat((path + "-wal").c_str(), &status) != 0) return {};
  return {status.st_size, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

}  // namespace

struct Checkpointer::Impl {
  std::string path;
  std::function<void(Error)> broken;
  std::chrono::milliseconds look_every{};
  std::unique_ptr<Database> database;  // opened by the first look that finds a WAL
  WalFile seen;
  int quiet = 0;

  std::mutex mutex;
  std::condition_variable wake;
  bool stopping = false;  // guarded by mutex
  std::thread thread;

  void serve() {
    std::unique_lock lock(mutex);
    while (!wake.wait_for(lock, look_every, [this] { return stopping; })) {
      lock.unlock();
      const auto result = look();
      if (!result && result.error().kind == Error::Kind::ours) return report(result.error());
      lock.lock();
    }
  }

  Result<void> look() {
    const WalFile now = look_at(path);
    if (now.size == 0) return {};
    quiet = now == seen ? quiet + 1 : 0;
    seen = now;
    if (quiet == 0) return checkpoint(SQLITE_CHECKPOINT_PASSIVE);
    return quiet >= idle_looks ? checkpoint(SQLITE_CHECKPOINT_TRUNCATE) : Result<void>{};
  }

  // Busy is no failure: a reader or the writer is at work, and the next look comes.
  Result<void> checkpoint(int how) {
    if (!database) {
      database = TRY(Database::open(path, Database::Mode::create));
      sqlite3_busy_timeout(database->handle(), 0);  // TRUNCATE must never make the writer wait for us
    }
    const int code = sqlite3_wal_checkpoint_v2(database->handle(), nullptr, how, nullptr, nullptr);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return {};
    return fail(database->error(code));
  }

  void report(const Error& error) {
    log::error("checkpoint: {}", error.text);
    if (broken) broken(error);
  }
};

Checkpointer::Checkpointer(std::string path, std::function<void(Error)> broken, int64_t look_every_ms)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = std::move(path);
  impl_->broken = std::move(broken);
  impl_->look_every = std::chrono::milliseconds(look_every_ms);
  impl_->thread = std::thread([impl = impl_.get()] {
    pthread_setname_np(pthread_self(), "checkpoint");
    impl->serve();
  });
}

Checkpointer::~Checkpointer() {
  {
    std::lock_guard lock(impl_->mutex);
    impl_->stopping = true;
  }
  impl_->wake.notify_one();
  impl_->thread.join();
}

}  // namespace futar::store
