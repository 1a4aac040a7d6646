#include "mta/metrics.h"

#include "common/daemon/figures.h"
#include "common/store/ask.h"
#include "mta/queue/backlog_store.h"

namespace futar::mta {
namespace {

using daemon::Exposition;

void add_queue(Exposition& told, const QueueLength& length, int64_t now_ms) {
  constexpr std::string_view name = "futar_queue_recipients", help = "Recipients that are not done.";
  told.gauge(name, help, static_cast<double>(length.for_mda), {{"state", "waiting"}, {"for", "mda"}})
      .gauge(name, help, static_cast<double>(length.for_others), {{"state", "waiting"}, {"for", "others"}})
      .gauge(name, help, static_cast<double>(length.held), {{"state", "held"}, {"for", "any"}})
      .gauge("futar_queue_oldest_seconds", "Age of the message that waits longest; 0 when none waits.",
             length.oldest_ms ? static_cast<double>(now_ms - length.oldest_ms) / 1000 : 0);
}

void add_outcomes(Exposition& told, const QueueCounts& counts) {
  constexpr std::string_view name = "futar_attempts_total", help = "Ends of attempts, a recipient each.";
  told.counter("futar_messages_accepted_total", "Messages that the queue took.", counts.accepted);
  for (const auto& [outcome, count] : {std::pair{"delivered", counts.delivered},
                                       {"relayed", counts.relayed},
                                       {"deferred", counts.deferred},
                                       {"bounced", counts.bounced},
                                       {"doubtful", counts.doubtful}})
    told.counter(name, help, count, {{"outcome", outcome}});
  told.counter("futar_outcomes_ignored_total", "Outcomes for recipients that had ended.",
               counts.outcomes_ignored)
      .counter("futar_rows_set_aside_total", "Damaged rows that were set aside.", counts.rows_set_aside)
      .histogram("futar_commit_seconds", "From the end of a message's content to its durable commit.",
                 counts.commit_times)
      .histogram("futar_delivery_seconds", "From acceptance to delivered or relayed.", counts.delivery_times);
}

void add_port_25(Exposition& told, const Measured& measured) {
  const Subjects& s = measured.subjects;
  const smtp_server::SessionCounts& sessions = measured.inbound.sessions;
  daemon::add_sessions(told, {s.sessions(), measured.connections(), sessions.ended_plain,
                              sessions.ended_under_tls, sessions.refused, s.refusals.counts().dropped});
  for (const auto& [verdict, count] : measured.inbound.verdicts)
    told.counter("futar_verdicts_total", "What SPF, DKIM and DMARC came to.", count,
                 {{"check", verdict.first}, {"result", verdict.second}});
}

void add_egress(Exposition& told, const Egress& egress) {
  told.counter("futar_egress_checked_total", "Messages of ours that were looked at before they went.",
               egress.checked())
      .counter("futar_egress_failed_total", "Those that receivers would not find proven.", egress.failed())
      .gauge("futar_egress_problems", "What somebody has to mend about them in the DNS, as of the last look.",
             static_cast<double>(egress.problems().size()));
}

}  // namespace

Task<Result<std::string>> metrics(Measured measured) {
  const Subjects& s = measured.subjects;
  const QueueLength length = CO_TRY(co_await store::ask<QueueLength>(
      s.reader, [](store::Database& database) { return queue_length(database); }));
  Exposition told("mta");
  daemon::add_process(told, s.environment);
  add_queue(told, length, s.queue.clock().wall_ms());
  add_outcomes(told, s.queue.counts());
  add_port_25(told, measured);
  told.gauge("futar_lanes", "Connections to other servers.", static_cast<double>(s.outbound.lanes()));
  if (s.egress) add_egress(told, *s.egress);
  daemon::add_store(told, s.writer.statistics());
  const proto::LinkState msa = s.from_msa.state(), mda = s.to_mda.state();
  daemon::add_links(
      told, {{"msa", msa.up, msa.credit, msa.in_transfer}, {"mda", mda.up, mda.credit, mda.in_transfer}});
  measured.audit.add_to(told);
  co_return told.text();
}

}  // namespace futar::mta
