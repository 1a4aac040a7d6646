#include "msa/limits/limits.h"

#include <fmt/format.h>

#include "msa/limits/limits_store.h"

namespace futar::msa {
namespace {

constexpr int64_t span_ms = 5 * 60 * 1000;
constexpr int64_t hour_spans = 12;
constexpr int64_t day_spans = 288;
constexpr int64_t day_ms = 24 * 3'600'000;

// The current span, begun, and `before` whole ones.
uint64_t sum_since(const std::map<int64_t, uint64_t>& spans, int64_t oldest) {
  uint64_t sum = 0;
  for (auto at = spans.lower_bound(oldest); at != spans.end(); ++at) sum += at->second;
  return sum;
}

std::string over(std::string_view span, uint64_t sent, uint64_t recipients, uint64_t limit) {
  return fmt::format("over the sending limit: {} recipient{} within {} and {} more, {} allowed", sent,
                     sent == 1 ? "" : "s", span, recipients, limit);
}

bool exceeds(uint64_t sent, uint64_t recipients, uint64_t limit) {
  return limit != 0 && sent + recipients > limit;
}

}  // namespace

int64_t Limits::span() const { return clock_.wall_ms() / span_ms; }

Result<void> Limits::load(store::Database& database) {
  return load_sent(database, span() - day_spans,
                   [this](const std::string& login, int64_t span, uint64_t recipients) {
                     accounts_[login].spans[span] = recipients;
                   });
}

void Limits::forget_old(Sent& sent) const {
  // Spans ahead of us were counted before the clock was set back; they would count for ever.
  sent.spans.erase(sent.spans.begin(), sent.spans.lower_bound(span() - day_spans));
  sent.spans.erase(sent.spans.upper_bound(span()), sent.spans.end());
}

Limits::Verdict Limits::charge(const std::string& login, uint64_t recipients, uint64_t own_limit_day) {
  Sent& sent = accounts_[login];
  forget_old(sent);
  Verdict verdict;
  verdict.hour = sum_since(sent.spans, span() - hour_spans);
  verdict.day = sum_since(sent.spans, span() - day_spans);
  verdict.limit_hour = own_limit_day ? 0 : options_.hour;
  verdict.limit_day = own_limit_day ? own_limit_day : options_.day;
  if (exceeds(verdict.day, recipients, verdict.limit_day))
    verdict.hold_reason = over("24 hours", verdict.day, recipients, verdict.limit_day);
  else if (exceeds(verdict.hour, recipients, verdict.limit_hour))
    verdict.hold_reason = over("an hour", verdict.hour, recipients, verdict.limit_hour);

  if (!verdict.hold_reason.empty()) {
    const int64_t now_ms = clock_.wall_ms();
    verdict.tell_postmaster = sent.told_ms == 0 || now_ms - sent.told_ms >= day_ms || now_ms < sent.told_ms;
    if (verdict.tell_postmaster) sent.told_ms = now_ms;
    verdict.record = [](store::Database&) -> Result<void> { return {}; };
    return verdict;
  }
  verdict.hour += recipients;
  verdict.day += recipients;
  const uint64_t count = sent.spans[span()] += recipients;
  verdict.record = [login, at = span(), count](store::Database& database) {
    return store_sent(database, login, at, count);
  };
  return verdict;
}

void Limits::refund(const std::string& login, uint64_t recipients) {
  auto& spans = accounts_[login].spans;
  if (spans.empty()) return;
  auto& last = spans.rbegin()->second;
  last -= std::min(last, recipients);
}

}  // namespace futar::msa
