#include "common/daemon/figures.h"

#include "common/base/file.h"
#include "common/daemon/daemon.h"

namespace futar::daemon {

void add_process(Exposition& told, const Environment& environment) {
  told.gauge("futar_build_info", "Version of the program.", 1, {{"version", FUTAR_VERSION}})
      .gauge("futar_start_time_seconds", "Start of the process, since 1970.",
             static_cast<double>(environment.started_ms) / 1000);
  if (const auto free = free_space(environment.state_folder))
    told.gauge("futar_disk_free_bytes", "Free in the file system of the state folder.",
               static_cast<double>(*free));
}

void add_store(Exposition& told, const store::WriterStatistics& statistics) {
  told.counter("futar_store_commits_total", "Transactions committed, an fsync each.", statistics.commits)
      .counter("futar_store_jobs_total", "Jobs committed; by commits it is the batch size.", statistics.jobs)
      .counter("futar_store_failed_jobs_total", "Jobs rolled back.", statistics.failed_jobs)
      .gauge("futar_store_last_commit_seconds", "How long the last commit took.",
             static_cast<double>(statistics.last_commit_us) / 1e6)
      .gauge("futar_store_busy_seconds", "Time the writer has worked since the start.",
             static_cast<double>(statistics.busy_us) / 1e6);
}

void add_sessions(Exposition& told, const SessionFigures& sessions) {
  told.gauge("futar_sessions", "Sessions now.", static_cast<double>(sessions.now))
      .counter("futar_connections_total", "Connections, by what became of them.", sessions.connections.first,
               {{"result", "served"}})
      .counter("futar_connections_total", "", sessions.connections.second, {{"result", "over_limit"}})
      .counter("futar_sessions_ended_total", "Sessions that ended, by their protection.",
               sessions.ended_plain, {{"tls", "no"}})
      .counter("futar_sessions_ended_total", "", sessions.ended_under_tls, {{"tls", "yes"}});
  for (const auto& [code, count] : sessions.refused)
    told.counter("futar_refusals_total", "Refusing or deferring replies.", count,
                 {{"code", std::to_string(code)}});
  told.counter("futar_refusals_dropped_total", "Refusals that the trace did not take.",
               sessions.refusals_dropped);
}

std::pair<uint64_t, uint64_t> connections(const std::vector<std::unique_ptr<net::Listener>>& listeners) {
  std::pair<uint64_t, uint64_t> sum{0, 0};
  for (const auto& listener : listeners) {
    sum.first += listener->accepted();
    sum.second += listener->refused();
  }
  return sum;
}

void add_links(Exposition& told, const std::vector<LinkFigures>& links) {
  for (const LinkFigures& link : links)
    told.gauge("futar_link_up", "Whether the other agent is connected.", link.up ? 1 : 0,
               {{"peer", link.peer}});
  for (const LinkFigures& link : links)
    told.gauge("futar_link_credit_bytes", "What the receiving end still takes.",
               static_cast<double>(link.credit), {{"peer", link.peer}});
  for (const LinkFigures& link : links)
    told.gauge("futar_link_in_transfer", "Sent and not yet answered.", static_cast<double>(link.in_transfer),
               {{"peer", link.peer}});
}

}  // namespace futar::daemon
