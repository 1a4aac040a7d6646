// Small things that the ends of a link share: at intervals, once a turn, once a minute.
#pragma once
#include <exception>
#include <functional>
#include <memory>
#include <string>

#include "common/base/async.h"
#include "common/base/result.h"
#include "common/net/gate.h"
#include "common/net/loop.h"

namespace futar::proto {

/// Calls f each `ms` until it is destroyed.
class Ticker {
 public:
  Ticker(net::Loop& loop, int64_t ms, std::function<void()> f);
  ~Ticker();
  Ticker(const Ticker&) = delete;
  Ticker& operator=(const Ticker&) = delete;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

/// Calls f once in the next turn of the loop, however often it was asked: what one turn brings together
/// leaves as one batch.
class Soon {
 public:
  Soon(net::Loop& loop, std::function<void()> f);
  ~Soon();
  Soon(const Soon&) = delete;
  Soon& operator=(const Soon&) = delete;
  void ask();

 private:
  struct State;
  net::Loop& loop_;
  std::shared_ptr<State> state_;
};

/// Counts what should not happen on a link and logs it once a minute.
class Damage {
 public:
  explicit Damage(std::string link) : link_(std::move(link)) {}
  void count(const std::string& what);
  uint64_t total() const { return total_; }

 private:
  std::string link_;
  uint64_t total_ = 0;
  int64_t told_ms_ = -1;
};

int64_t now_ms();  ///< steady

/// What an agent's function throws becomes an error, so that its sequences do not stay under way for ever.
template <class T>
Task<Result<T>> guarded(Task<Result<T>> task) {
  try {
    co_return co_await std::move(task);
  } catch (const std::exception& e) {
    co_return fail(Error::temporary(e.what()));
  }
}

}  // namespace futar::proto
