#include "common/daemon/self_audit.h"

#include "common/log/log.h"

namespace futar::daemon {

void SelfAudit::start() { loop_.spawn("audit", run()); }

Task<> SelfAudit::run() {
  for (int64_t wait = times_.first_ms;; wait = times_.every_ms) {
    co_await loop_.sleep(wait);
    const auto counted = co_await count_();
    if (!counted) {
      log::warning("the mail could not be counted: {}", counted.error().text);
      continue;
    }
    if (*counted > 0 && unaccounted_ != *counted)
      log::error("{} things do not add up: see futar audit", *counted);
    unaccounted_ = *counted;
    counted_ms_ = clock_.wall_ms();
  }
}

void SelfAudit::add_to(Exposition& told) const {
  if (!unaccounted_) return;
  told.gauge("futar_unaccounted", "What did not add up when the agent last counted its mail; must be 0.",
             static_cast<double>(*unaccounted_))
      .gauge("futar_audit_time_seconds", "When that was, since 1970.",
             static_cast<double>(counted_ms_) / 1000);
}

}  // namespace futar::daemon
