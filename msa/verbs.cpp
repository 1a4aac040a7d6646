#include "msa/verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/spool/summary_store.h"
#include "common/store/ask.h"
#include "proto/control/answers.h"

namespace futar::msa {
namespace {

using nlohmann::json;
using store::Database;

Task<Result<json>> status(Subjects s) {
  const Counts counts =
      CO_TRY(co_await store::ask<Counts>(s.reader, [](Database& database) { return count_spool(database); }));
  co_return json{{"agent", "msa"},
                 {"version", FUTAR_VERSION},
                 {"started_ms", s.environment.started_ms},
                 {"sandbox", s.environment.sandbox},
                 {"sessions", s.sessions()},
                 {"directory_generation", s.directory().generation()},
                 {"accepted", counts.accepted},
                 {"to_hand_over", counts.spooled},
                 {"hidden_clients", s.hidden.counted()},
                 {"gateway", s.hidden.newest()},
                 {"refusals_dropped", s.refusals.counts().dropped},
                 {"commits", s.writer.statistics().commits},
                 {"links", {{"mta", proto::link_answer(s.to_mta.state())}}}};
}

struct Traced {
  spool::Summary summary;
  std::vector<event::Event> events;
};

// Mail that mta has taken over is traced there; what is still here is told by us, and all our events.
Task<Result<json>> trace(Subjects s, json arguments) {
  const spool::TraceQuery query = proto::trace_query(arguments, system_clock().wall_ms());
  const auto found = CO_TRY(co_await store::ask<std::vector<Traced>>(
      s.reader, [query](Database& database) -> Result<std::vector<Traced>> {
        std::vector<Traced> traced;
        TRY(spool::find_summaries(database, query.since_ms, 100, [&](const spool::Summary& one) {
          if (!query.looks_into_events() && !query.is_for(one, {})) return false;
          auto events = spool::load_events(database, one.key).value_or(std::vector<event::Event>{});
          if (!query.is_for(one, events)) return false;
          traced.push_back({one, std::move(events)});
          return true;
        }));
        return traced;
      }));
  json messages = json::array();
  for (const Traced& one : found) {
    json recipients = json::array();
    for (const message::Recipient& r : one.summary.envelope.recipients)
      recipients.push_back({{"address", r.address.text()},
                            {"state", one.summary.content_gone ? "handed over" : "spooled"},
                            {"reason", one.summary.content_gone ? "mta has it" : "waits for mta"}});
    messages.push_back({{"id", one.summary.id.text()},
                        {"from", one.summary.envelope.reverse_path.text()},
                        {"size", one.summary.size},
                        {"accepted_ms", one.summary.accepted_ms},
                        {"recipients", std::move(recipients)},
                        {"events", proto::event_answers("msa", one.events)}});
  }
  json refused = CO_TRY(co_await proto::refused_answers("msa", s.refusals, s.reader, query));
  co_return json{{"messages", std::move(messages)}, {"refused", std::move(refused)}};
}

Task<Result<json>> audit(Subjects s) {
  const Counts counts = CO_TRY(
      co_await store::ask<Counts>(s.audit_reader, [](Database& database) { return count_spool(database); }));
  const auto problems = CO_TRY(co_await store::ask<std::vector<std::string>>(
      s.audit_reader, [](Database& database) { return find_problems(database); }));
  const Identity self = CO_TRY(
      co_await store::ask<Identity>(s.audit_reader, [](Database& database) { return identity(database); }));
  co_return json{{"accepted", counts.accepted},
                 {"instance", self.instance},
                 {"terminal", counts.accepted - counts.spooled},
                 {"waiting", counts.spooled},
                 {"problems", problems}};
}

Task<Result<json>> reload(Subjects s) {
  CO_TRY(co_await s.reload());
  co_return json{{"directory_generation", s.directory().generation()}};
}

Task<Result<json>> restart(Subjects s) {
  s.environment.end(daemon::exit_ok, "restart asked by the operator");
  co_return json::object();
}

}  // namespace

std::map<std::string, proto::Verb> control_verbs(Subjects s) {
  return {
      {"status", [s](json) { return status(s); }}, {"trace", [s](json a) { return trace(s, std::move(a)); }},
      {"audit", [s](json) { return audit(s); }},   {"reopen", [s](json) { return reload(s); }},
      {"reload", [s](json) { return reload(s); }}, {"restart", [s](json) { return restart(s); }}};
}

Task<Result<size_t>> count_problems(Subjects s) {
  const json found = CO_TRY(co_await audit(s));
  co_return found.at("problems").size();
}

}  // namespace futar::msa
