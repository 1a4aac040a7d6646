#include "mta/queue/retention.h"

#include "common/store/ask.h"
#include "mta/queue/retention_store.h"
#include "mta/trail/trail_store.h"

namespace futar::mta {

using store::Database;

namespace {

constexpr size_t seen_a_step = 1000;

Task<Result<void>> forget_the_rest(net::Loop& loop, store::Writer& writer, const Queue& queue,
                                   int64_t pause_ms, int64_t before_ms) {
  const auto confirmed = queue.confirmed();
  for (const auto& [instance, upto] : confirmed) {
    for (int64_t count = seen_a_step; count == seen_a_step;) {
      count = CO_TRY(co_await store::ask<int64_t>(writer, [=](Database& database) {
        return forget_seen(database, instance, upto.epoch, upto.below, before_ms, seen_a_step);
      }));
      co_await loop.sleep(pause_ms);
    }
  }
  co_return co_await writer.commit([](Database& database) { return trail::forget_runs(database); });
}

}  // namespace

std::unique_ptr<spool::Retention> history_retention(net::Loop& loop, store::Writer& writer,
                                                    const Queue& queue, spool::RetentionOptions options) {
  const int64_t pause = options.pause_ms;
  return std::make_unique<spool::Retention>(loop, writer, queue.clock(), options, forget_history,
                                            [&loop, &writer, &queue, pause](int64_t before) {
                                              return forget_the_rest(loop, writer, queue, pause, before);
                                            });
}

}  // namespace futar::mta
