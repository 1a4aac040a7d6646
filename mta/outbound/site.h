// A destination while mail goes there: what is at hand, how many lanes serve it.
#pragma once
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "common/net/gate.h"
#include "mta/queue/remote.h"
#include "mta/schedule/lanes.h"

namespace futar::mta {

struct Site {
  Site(Destination d, size_t most_lanes, int64_t spacing_ms)
      : destination(std::move(d)), lanes(most_lanes), pace(spacing_ms) {}

  /// Mail that was taken from the queue and has not been sent.
  struct Pending {
    RemoteItem item;
    int turns = 0;              ///< how often it was sent back without a word against it
    bool is_looked_at = false;  ///< by mta/egress
  };

  Destination destination;
  Lanes lanes;
  Pace pace;
  std::deque<Pending> pending;
  size_t running = 0;            ///< lanes
  bool taking = false;           ///< a lane asks the queue
  bool drained = false;          ///< the queue had nothing more that is due
  std::vector<net::Gate*> idle;  ///< of lanes that wait for mail, a gate each

  /// Mail has come: the lane that became idle last looks for it. False: none is idle.
  bool wake_one() {
    if (idle.empty()) return false;
    idle.back()->open();
    idle.pop_back();
    return true;
  }
};

}  // namespace futar::mta
