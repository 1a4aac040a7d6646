#include "msa/metrics.h"

#include "common/daemon/figures.h"
#include "common/store/ask.h"

namespace futar::msa {

using daemon::Exposition;

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
  const smtp_server::SessionCounts& sessions = measured.submission.sessions;
  daemon::add_sessions(told, {s.sessions(), measured.connections(), sessions.ended_plain,
                              sessions.ended_under_tls, sessions.refused, s.refusals.counts().dropped});
  daemon::add_store(told, s.writer.statistics());
  const proto::LinkState link = s.to_mta.state();
  daemon::add_links(told, {{"mta", link.up, link.credit, link.in_transfer}});
  measured.audit.add_to(told);
  co_return told.text();
}

}  // namespace futar::msa
