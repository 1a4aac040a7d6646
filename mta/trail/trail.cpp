#include "mta/trail/trail.h"

#include "common/log/log.h"
#include "common/store/ask.h"

namespace futar::mta::trail {

using store::Database;

Keeper::Keeper(net::Loop& loop, store::Writer& writer, store::Reader& reader, KeeperOptions options)
    : loop_(loop), writer_(writer), reader_(reader), options_(options), end_(loop) {}

void Keeper::start() { loop_.spawn("trail", run()); }

void Keeper::stop() {
  stopped_ = true;
  end_.open();
}

Task<> Keeper::run() {
  bool told = false;
  while (!stopped_) {
    co_await end_.wait_for(options_.look_every_ms);
    if (stopped_) break;
    const auto due = co_await is_due();
    if (due && !*due) continue;
    const auto done = due ? co_await catch_up() : Result<void>(fail(due.error()));
    if (!done && !std::exchange(told, true))
      log::warning("the trail is not kept, so that traces take longer: {}", done.error().text);
  }
}

// Idle: nothing came since the last look.
Task<Result<bool>> Keeper::is_due() {
  const int64_t unindexed = CO_TRY(co_await store::ask<int64_t>(reader_, count_unindexed));
  const bool idle = unindexed == std::exchange(unindexed_, unindexed);
  co_return unindexed > 0 && (idle || unindexed >= options_.most_unindexed);
}

Task<Result<bool>> Keeper::write(Batch batch, Cursor from) {
  const auto shared = std::make_shared<const Batch>(std::move(batch));
  const int64_t run = CO_TRY(co_await store::ask<int64_t>(reader_, next_run));
  for (size_t part = 0; part * part_size < shared->entries.size() && !stopped_;
       part += options_.parts_a_commit)
    CO_TRY(co_await writer_.commit([=, parts = options_.parts_a_commit](Database& database) {
      return write_parts(database, run, *shared, part, parts);
    }));
  if (stopped_) co_return false;
  co_return co_await store::ask<bool>(
      writer_, [=](Database& database) { return publish(database, run, *shared, from); });
}

Task<Result<void>> Keeper::merge() {
  while (!stopped_) {
    auto batch = CO_TRY(co_await store::ask<std::optional<Batch>>(reader_, collect_merge));
    if (!batch || !CO_TRY(co_await write(std::move(*batch), {}))) break;
  }
  // Rows of merged runs, and those of a run that was never finished.
  for (int64_t swept = 1; swept > 0 && !stopped_;)
    swept =
        CO_TRY(co_await store::ask<int64_t>(writer_, [parts = options_.parts_a_commit](Database& database) {
          return sweep(database, static_cast<int64_t>(parts));
        }));
  co_return Result<void>();
}

Task<Result<void>> Keeper::catch_up() {
  while (!stopped_) {
    const Cursor from = CO_TRY(co_await store::ask<Cursor>(reader_, cursor_of));
    Batch batch = CO_TRY(co_await store::ask<Batch>(
        reader_, [count = options_.batch](Database& database) { return collect(database, count); }));
    const bool more = batch.entries.size() >= options_.batch;
    if (batch.to == from) break;
    if (!CO_TRY(co_await write(std::move(batch), from))) break;
    CO_TRY(co_await merge());
    if (!more) break;
  }
  co_return Result<void>();
}

}  // namespace futar::mta::trail
