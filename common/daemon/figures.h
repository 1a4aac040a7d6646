// The figures that all agents give in the same shape.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/daemon/exposition.h"
#include "common/net/listener.h"
#include "common/store/writer.h"

namespace futar::daemon {

struct Environment;

/// Version, start, and how much room its disk has.
void add_process(Exposition& told, const Environment& environment);
/// Commits, their jobs (so the batch size), and what waits for the writer.
void add_store(Exposition& told, const store::WriterStatistics& statistics);

/// Of an agent that listens; counts are since the start.
struct SessionFigures {
  size_t now = 0;
  std::pair<uint64_t, uint64_t> connections;  ///< served, turned away at a limit
  uint64_t ended_plain = 0, ended_under_tls = 0;
  std::map<int, uint64_t> refused = {};  ///< by reply code
  uint64_t refusals_dropped = 0;
};
void add_sessions(Exposition& told, const SessionFigures& sessions);
/// {accepted, turned away at a limit} since the start.
std::pair<uint64_t, uint64_t> connections(const std::vector<std::unique_ptr<net::Listener>>& listeners);

/// Of a link to another agent, by its name.
struct LinkFigures {
  std::string peer;
  bool up = false;
  uint64_t credit = 0, in_transfer = 0;
};
void add_links(Exposition& told, const std::vector<LinkFigures>& links);

}  // namespace futar::daemon
