// What Writer and Reader share: running a job that may throw, and the answer a coroutine waits for.
#pragma once
#include <exception>

#include "common/store/writer.h"

namespace futar::store {

/// A job that throws has a bug; its thread must not take the process down without a word.
inline Result<void> run_job(const Job& job, Database& database) {
  try {
    return job(database);
  } catch (const std::exception& thrown) {
    return fail(Error::ours(database.path() + ": a job threw: " + thrown.what()));
  } catch (...) {
    return fail(Error::ours(database.path() + ": a job threw"));
  }
}

/// Outlives a waiter whose coroutine was cancelled.
struct Answer {
  explicit Answer(net::Loop& loop) : given(loop) {}
  net::Gate given;
  Result<void> result;

  void give(Result<void> value) {
    result = std::move(value);
    given.open();
  }
};

}  // namespace futar::store
