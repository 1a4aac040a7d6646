#include "common/spool/retention.h"

#include "common/log/log.h"
#include "common/store/ask.h"

namespace futar::spool {

Task<Result<Erased>> erase_in_steps(net::Loop& loop, store::Writer& writer, std::vector<int64_t> keys,
                                    std::function<Result<bool>(store::Database&, int64_t key)> erase) {
  const RetentionOptions options;
  const auto all = std::make_shared<const std::vector<int64_t>>(std::move(keys));
  Erased sum;
  for (size_t from = 0; from < all->size(); from += options.step) {
    const size_t to = std::min(from + options.step, all->size());
    const int64_t over =
        CO_TRY(co_await store::ask<int64_t>(writer, [=](store::Database& database) -> Result<int64_t> {
          int64_t count = 0;
          for (size_t i = from; i < to; ++i) count += TRY(erase(database, (*all)[i]));
          return count;
        }));
    sum.messages += over;
    sum.open += static_cast<int64_t>(to - from) - over;
    co_await loop.sleep(options.pause_ms);
  }
  co_return sum;
}

Retention::Retention(net::Loop& loop, store::Writer& writer, const Clock& clock, RetentionOptions options,
                     Step step, std::function<Task<Result<void>>(int64_t)> afterwards)
    : loop_(loop),
      writer_(writer),
      clock_(clock),
      options_(options),
      step_(std::move(step)),
      afterwards_(std::move(afterwards)),
      end_(loop) {}

void Retention::start() { loop_.spawn("retention", run()); }

void Retention::stop() {
  stopped_ = true;
  end_.open();
}

Task<> Retention::run() {
  while (!stopped_) {
    co_await end_.wait_for(options_.look_every_ms);
    if (stopped_) break;
    const auto gone = co_await pass();
    if (!gone)
      log::warning("old history stays: {}", gone.error().text);
    else if (*gone > 0)
      log::info("the history of {} messages that are older than trace.keep was deleted", *gone);
  }
}

Task<Result<int64_t>> Retention::pass() {
  const int64_t before = clock_.wall_ms() - options_.keep_ms;
  int64_t count = 0;
  for (Forgotten last{0, 0, false}; !last.at_end && !stopped_;) {
    // The job may outlive this object: a writer that ends runs what it was given.
    last = CO_TRY(co_await store::ask<Forgotten>(
        writer_, [step = step_, limit = options_.step, before, after = last.after](
                     store::Database& database) { return step(database, before, after, limit); }));
    count += last.count;
    if (!last.at_end) co_await end_.wait_for(options_.pause_ms);
  }
  if (afterwards_ && !stopped_) CO_TRY(co_await afterwards_(before));
  co_return count;
}

}  // namespace futar::spool
