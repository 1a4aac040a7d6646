#include "common/spool/refusals.h"

#include "common/log/log.h"

namespace futar::spool {
namespace {

constexpr size_t rows_a_write = 200;  // the mail in the same transaction waits for them: some ms
constexpr int64_t look_back_every_ms = 600'000;

size_t octets_of(const std::vector<event::Event>& events) {
  size_t octets = sizeof(Refused);
  for (const event::Event& event : events) {
    octets += sizeof event;
    for (const auto& field : event.fields) octets += sizeof field + field.second.size();
  }
  return octets;
}

}  // namespace

Refusals::Refusals(net::Loop& loop, store::Writer& writer, const Clock& clock, int64_t keep_ms,
                   RefusalLimits limits)
    : loop_(loop), writer_(writer), clock_(clock), keep_ms_(keep_ms), limits_(limits), work_(loop) {}

void Refusals::start() { loop_.spawn("refusals", run()); }

void Refusals::add(const MessageId& id, std::vector<event::Event> events) {
  const size_t octets = octets_of(events);
  if (pending_rows_ >= limits_.pending_rows || pending_octets_ + octets > limits_.pending_octets) {
    ++counts_.dropped;
    if (!std::exchange(flood_told_, true))
      log::warning(
          "more is refused than the trace of refusals takes; what is dropped stands in the log only");
    return;
  }
  ++pending_rows_;
  pending_octets_ += octets;
  pending_.push_back({id, std::move(events)});
  work_.open();
}

Task<> Refusals::run() {
  while (!stopped_) {
    if (co_await work_.wait_for(look_back_every_ms)) co_await loop_.sleep(limits_.collect_ms);
    work_.reset();
    if (!stopped_) co_await flush();
  }
}

Task<> Refusals::flush() {
  // No more than was there: who floods us must not keep a trace waiting.
  for (size_t writes = pending_.size() / rows_a_write + 1; writes > 0; --writes) co_await write_some();
  if (pending_.empty()) flood_told_ = false;
}

// Also without rows: the writer takes jobs in order, so what was given to it before is in the table then.
Task<> Refusals::write_some() {
  const auto rows = std::make_shared<std::vector<Refused>>();
  const size_t count = std::min(pending_.size(), rows_a_write);
  rows->assign(std::move_iterator(pending_.begin()),
               std::move_iterator(pending_.begin() + static_cast<ptrdiff_t>(count)));
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(count));
  size_t octets = 0;
  for (const Refused& one : *rows) octets += octets_of(one.events);
  const int64_t before = clock_.wall_ms() - keep_ms_, most = limits_.rows;
  const auto written = co_await writer_.commit([rows, before, most](store::Database& db) -> Result<void> {
    for (const Refused& one : *rows) TRY(insert_refused(db, one));
    TRY(forget_refused(db, before, most, 2 * rows_a_write));
    return {};
  });
  pending_rows_ -= count;
  pending_octets_ -= octets;
  (written ? counts_.kept : counts_.dropped) += count;
}

Task<> Refusals::stop() {
  stopped_ = true;
  work_.open();
  co_await flush();
}

}  // namespace futar::spool
