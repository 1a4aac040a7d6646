// What is due: waiting recipients become in flight when mda can take them; the clock is watched.
#include "common/log/log.h"
#include "common/store/ask.h"
#include "common/store/copy.h"
#include "mta/queue/queue.h"
#include "mta/queue/signed_store.h"

namespace futar::mta {

using store::Database;

namespace {

constexpr size_t due_batch = 256;
constexpr uint64_t due_octets = 4 << 20;  ///< content read for one batch
constexpr int64_t idle_ms = 1000;

}  // namespace

struct Queue::Launch {
  struct One {
    int64_t key = 0;
    spool::Message message;
    std::vector<Recipient> recipients;
  };
  std::vector<One> messages;
  size_t set_aside = 0;
};

Task<> Queue::load_what_is_due() {
  while (!stopping_) {
    size_t taken = 0;
    if (backlog_ && slot_free()) {
      due_gate_.reset();
      taken = co_await load_once();
    }
    if (taken == 0) co_await due_gate_.wait_for(idle_ms);
    due_gate_.reset();
    pump();
  }
}

// One transaction takes a batch: reads it, marks it as offered, and loads the content.
Task<size_t> Queue::load_once() {
  auto launch_list = std::make_shared<Launch>();
  const int64_t now = clock_.wall_ms();
  const size_t room = options_.flights - flights_.size();
  backlog_ = false;
  Result<void> done = co_await commit([=](Database& database, Conclusions& all) -> Result<void> {
    *launch_list = {};
    uint64_t octets = 0;
    for (Recipient& recipient : TRY(load_due(database, now, std::min(due_batch, room)))) {
      auto& messages = launch_list->messages;
      auto one = std::ranges::find(messages, recipient.message, &Launch::One::key);
      if (one == messages.end()) {
        if (octets > due_octets) break;
        auto loaded = TRY(load_or_set_aside(database, all, recipient));
        if (!loaded) continue;
        octets += loaded->body.in_memory();
        messages.push_back({recipient.message, std::move(*loaded), {}});
        one = std::prev(messages.end());
      }
      TRY(set_state(database, recipient, State::in_flight, By::attempt, recipient.due_ms, recipient.attempts,
                    true, recipient.reason, recipient.status));
      recipient.state = State::in_flight;
      one->recipients.push_back(std::move(recipient));
    }
    launch_list->set_aside = all.aside.size();
    return {};
  });
  if (!done) {
    log::warning("the queue could not read what is due: {}", done.error().text);
    co_return 0;
  }
  size_t taken = launch_list->set_aside;
  // The link may have gone while the batch was read: then it is back in the database as waiting.
  if (!link_is_up_) co_return 0;
  for (const Launch::One& one : launch_list->messages) {
    launch(one.message, one.key, one.recipients);
    taken += one.recipients.size();
  }
  if (taken > 0) backlog_ = true;
  co_return taken;
}

// Once a second: due times that have come, what mda may forget, and jumps of the wall clock (a Pi boots in
// the past).
Task<> Queue::watch_clock() {
  while (!stopping_) {
    const int64_t jump = jumps_.observe(clock_.wall_ms(), clock_.steady_ms());
    if (jump != 0) {
      log::warning("the wall clock jumped by {} s: due times move with it", jump / 1000);
      writer_.submit([jump](Database& database) { return rebase_due(database, jump); }, [](Result<void>) {});
    }
    const auto below = co_await store::ask<int64_t>(
        reader_, [](Database& database) { return mta::confirmed_below(database); });
    if (below) confirmed_below_ = *below;
    expire_outlived();
    wake();
    co_await clock_gate_.wait_for(idle_ms);
  }
}

namespace {

Result<std::vector<std::string>> expire(Database& database, State state, int64_t before_ms, int64_t now_ms,
                                        std::string_view reason) {
  std::vector<std::string> files;
  for (const Recipient& recipient : TRY(load_outlived(database, state, before_ms, due_batch))) {
    TRY(set_state(database, recipient, State::expired, By::clock, 0, recipient.attempts, false, reason,
                  "4.4.7"));
    // What was held ends without a DSN: its sender was not proven, or an operator stopped it on purpose.
    if (state == State::waiting && recipient.parameters.notify.wants_failure())
      TRY(add_dsn_due(database, recipient.row, dsn::failed));
    TRY(spool::append_events(database, recipient.message,
                             {event::Event(now_ms, event::Kind::expired)
                                  .with(event::Field::recipient, recipient.address.text())
                                  .with(event::Field::cause, std::string(reason))}));
    if (!TRY(has_open_recipients(database, recipient.message)))
      files.push_back(TRY(clear_message(database, recipient.message)));
  }
  return files;
}

}  // namespace

// Once a minute: mail that waits on the link, or is held, longer than its lifetime there.
void Queue::expire_outlived() {
  const int64_t now = clock_.wall_ms(), steady = clock_.steady_ms();
  if (steady - outlived_looked_ms_ < 60'000) return;
  outlived_looked_ms_ = steady;
  if (jumps_.last_jump_wall_ms() != 0 && now - jumps_.last_jump_wall_ms() < options_.retry.calm_after_jump_ms)
    return;
  auto files = std::make_shared<std::vector<std::string>>();
  writer_.submit(
      [files, now, rules = options_.retry](Database& database) -> Result<void> {
        files->clear();
        // What a backup brought back was not here before.
        const int64_t here_ms = now - TRY(store::put_back_ms(database));
        if (here_ms > rules.link_lifetime_ms)
          *files = TRY(
              expire(database, State::waiting, now - rules.link_lifetime_ms, now, "mda was away too long"));
        if (here_ms < rules.held_lifetime_ms) return {};
        const auto held =
            TRY(expire(database, State::held, now - rules.held_lifetime_ms, now, "held too long"));
        files->insert(files->end(), held.begin(), held.end());
        return {};
      },
      [this, files](Result<void> expired) {
        if (!expired) return log::warning("expiry: {}", expired.error().text);
        forget_files(*files);
        dsn_gate_.open();
      });
}

}  // namespace futar::mta
