// What every round of deliveries works with. All but `mail` is for the io thread.
#pragma once
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/net/loop.h"
#include "common/net/workers.h"
#include "common/spool/body.h"
#include "mda/from_mta/residents.h"
#include "mda/from_mta/room.h"
#include "mda/ledger/ledger.h"
#include "mda/maildir/mail_store.h"

namespace futar::mda {

struct Counters {
  uint64_t rounds = 0, delivered = 0, resumed = 0, expanded = 0, later = 0, failed = 0, redirected = 0;
};

struct Workshop {
  net::Loop& loop;
  net::Workers& workers;
  const Clock& clock;
  std::string hostname, junk;
  MailStore& mail;
  Ledger& ledger;
  spool::Folder& spool;
  Residents& residents;
  FullMailboxes& full;
  std::function<void(Error)> broken;  ///< I/O failed: nothing more may be promised
  Counters counters = {};
  std::set<std::string> made = {};  ///< accounts whose Maildir was seen in this run
  int64_t last_us = 0;

  /// Microseconds since 1970, never the same twice: names of new files sort in the order of delivery.
  int64_t unique_us() { return last_us = std::max(last_us + 1, clock.wall_ms() * 1000); }
};

/// Files and folders that are synced at once: they wait for the same commit of the journal.
constexpr size_t sync_lanes = 20;
/// Writing does not wait, so a hand-over to a thread should be worth it.
constexpr size_t write_lanes = 4;

/// Calls f(0) ... f(count - 1) on up to `lanes` threads and resumes after the last.
template <class F>
Task<> in_lanes(net::Workers& workers, size_t count, size_t lanes, F f) {
  std::vector<std::move_only_function<void()>> jobs;
  lanes = std::min(lanes, count);
  for (size_t lane = 0; lane < lanes; ++lane)
    jobs.emplace_back([&f, lane, lanes, count] {
      for (size_t i = lane; i < count; i += lanes) f(i);
    });
  co_await workers.run_all(std::move(jobs));
}

}  // namespace futar::mda
