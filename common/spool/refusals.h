// Refusals on their way into their table: collected on the io thread, written a few at a time behind the
// mail.
#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "common/base/clock.h"
#include "common/net/gate.h"
#include "common/spool/refused_store.h"
#include "common/store/writer.h"

namespace futar::spool {

struct RefusalLimits {
  int64_t rows = 100'000;            ///< in the table
  size_t pending_rows = 10'000;      ///< in memory; what comes beyond is counted and dropped
  size_t pending_octets = 4u << 20;  ///< the same, by what it takes
  int64_t collect_ms = 1000;         ///< from the first refusal to the write
};

class Refusals {
 public:
  struct Counts {
    uint64_t kept = 0, dropped = 0;  ///< since the start
  };

  Refusals(net::Loop& loop, store::Writer& writer, const Clock& clock, int64_t keep_ms,
           RefusalLimits limits = {});

  void start();
  /// Must not be waited for: a peer that is refused costs no write of its own. io thread.
  void add(const MessageId& id, std::vector<event::Event> events);
  /// Until all that was added so far is in the table.
  Task<> flush();
  Task<> stop();  ///< flushes
  const Counts& counts() const { return counts_; }
  size_t pending() const { return pending_rows_; }

 private:
  Task<> run();
  Task<> write_some();

  net::Loop& loop_;
  store::Writer& writer_;
  const Clock& clock_;
  const int64_t keep_ms_;
  const RefusalLimits limits_;
  net::Gate work_;
  std::vector<Refused> pending_;  ///< not yet given to the writer
  size_t pending_rows_ = 0;       ///< with those the writer has
  size_t pending_octets_ = 0;
  Counts counts_;
  bool flood_told_ = false;
  bool stopped_ = false;
};

}  // namespace futar::spool
