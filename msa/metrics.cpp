#include "msa/metrics.h"

#include "common/daemon/figures.h"
#include "common/store/ask.h"

namespace futar::msa {

using daemon::Exposition;

namespace {

void add_sessions(Exposition& told, const Measured& measured) {
  const auto [accepted, turned_away] = measured.connections();
  const smtp_server::SessionCounts& sessions = measured.submission.sessions;
  told.gauge("futar_sessions", "Sessions now.", static_cast<double>(measured.subjects.sessions()))
      .counter("futar_connections_total", "Connections, by what became of them.", accepted,
               {{"result", "served"}})
      .counter("futar_connections_total", "", turned_away, {{"result", "over_limit"}})
      .counter("futar_sessions_ended_total", "Sessions that ended, by their protection.",
               sessions.ended_plain, {{"tls", "no"}})
      .counter("futar_sessions_ended_total", "", sessions.ended_under_tls, {{"tls", "yes"}});
  for (const auto& [code, count] : sessions.refused)
    told.counter("futar_refusals_total", "Refusing or deferring replies.", count,
                 {{"code", std::to_string(code)}});
  told.counter("futar_refusals_dropped_total", "Refusals that the trace did not take.",
               measured.subjects.refusals.counts().dropped);
}

}  // namespace

Task<Result<std::string>> metrics(Measured measured) {
  const Subjects& s = measured.subjects;
  const Counts counts = CO_TRY(
      co_await store::ask<Counts>(s.reader, [](store::Database& database) { return count_spool(database); }));
  const Histogram& times = s.to_mta.commit_times();
  Exposition told("msa");
  daemon::add_process(told, s.environment);
  told.gauge("futar_spool_messages", "Messages that mta has not taken yet.",
             static_cast<double>(counts.spooled))
      .gauge("futar_history_messages", "Messages in the history.", static_cast<double>(counts.accepted))
      .histogram("futar_commit_seconds", "From the end of a message's content to its durable commit.", times);
  add_sessions(told, measured);
  daemon::add_store(told, s.writer.statistics());
  const proto::LinkState link = s.to_mta.state();
  daemon::add_links(told, {{"mta", link.up, link.credit, link.in_transfer}});
  measured.audit.add_to(told);
  co_return told.text();
}

}  // namespace futar::msa
