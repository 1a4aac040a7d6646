// One value out of a reader or writer thread.
#pragma once
#include <memory>
#include <utility>

#include "common/store/writer.h"

namespace futar::store {

/// Runs `work` (Database& -> Result<T>) as a job and gives its value; a writer commits before it answers.
template <class T, class Work>
Task<Result<T>> ask(Reader& reader, Work work) {
  auto output = std::make_shared<T>();
  CO_TRY(co_await reader.read([output, work = std::move(work)](Database& database) -> Result<void> {
    *output = TRY(work(database));
    return {};
  }));
  co_return std::move(*output);
}

template <class T, class Work>
Task<Result<T>> ask(Writer& writer, Work work) {
  auto output = std::make_shared<T>();
  CO_TRY(co_await writer.commit([output, work = std::move(work)](Database& database) -> Result<void> {
    *output = TRY(work(database));
    return {};
  }));
  co_return std::move(*output);
}

}  // namespace futar::store
