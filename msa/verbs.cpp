#include "msa/verbs.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/spool/erase_store.h"
#include "common/spool/retention.h"
#include "common/spool/summary_store.h"
#include "common/store/ask.h"
#include "msa/login/made_keys.h"
#include "proto/control/answers.h"

namespace futar::msa {
namespace {

using nlohmann::json;
using store::Database;

constexpr size_t trace_limit = 100;

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

Result<std::vector<int64_t>> candidates(Database& database, const spool::TraceQuery& query) {
  std::vector<MessageId> ids = query.ids;
  if (const auto id = MessageId::parse(query.what); id && ids.empty()) ids.push_back(*id);
  if (ids.empty()) return outgoing_keys(database);
  std::vector<int64_t> keys;
  for (const MessageId& id : ids)
    if (const auto key = TRY(spool::find_message(database, id))) keys.push_back(*key);
  return keys;
}

Result<std::vector<Traced>> find_traced(Database& database, const spool::TraceQuery& query) {
  std::vector<Traced> found;
  for (int64_t key : TRY(candidates(database, query))) {
    if (found.size() == trace_limit) break;
    auto summary = spool::load_summary(database, key);
    if (!summary || !*summary) continue;
    if (!query.looks_into_events() && !query.is_for(**summary, {})) continue;
    auto events = spool::load_events(database, key).value_or(std::vector<event::Event>{});
    if (query.is_for(**summary, events)) found.push_back({std::move(**summary), std::move(events)});
  }
  return found;
}

// What still waits for mta is found by all its words. What mta has taken over is found there, and asked for
// here by its id: the history of msa has no index of its own.
Task<Result<json>> trace(Subjects s, json arguments) {
  const spool::TraceQuery query = proto::trace_query(arguments, system_clock().wall_ms());
  const auto found = CO_TRY(co_await store::ask<std::vector<Traced>>(
      s.reader, [query](Database& database) { return find_traced(database, query); }));
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

Task<Result<json>> purge(Subjects s, json arguments) {
  const smtp::Address address = CO_TRY(smtp::parse_address(arguments.value("address", "")));
  co_await s.refusals.flush();
  auto keys = CO_TRY(co_await store::ask<std::vector<int64_t>>(
      s.audit_reader, [address](Database& database) { return spool::messages_naming(database, address); }));
  const spool::Erased erased = CO_TRY(co_await spool::erase_in_steps(
      s.environment.loop, s.writer, std::move(keys), [address](Database& database, int64_t key) {
        return spool::erase_from_message(database, key, address);
      }));
  const int64_t refused =
      CO_TRY(co_await store::ask<int64_t>(s.writer, [address](Database& database) -> Result<int64_t> {
        TRY(forget_made_keys(database, address.text()));
        return spool::erase_from_refused(database, address);
      }));
  co_return json{{"messages", erased.messages}, {"open", erased.open}, {"refused", refused}};
}

Task<Result<json>> audit(Subjects s) {
  const Counts counts = CO_TRY(
      co_await store::ask<Counts>(s.audit_reader, [](Database& database) { return count_rows(database); }));
  auto problems = CO_TRY(co_await store::ask<std::vector<std::string>>(
      s.audit_reader, [](Database& database) { return find_problems(database); }));
  const auto bodies =
      CO_TRY(co_await spool::find_body_faults(s.audit_reader, s.to_mta.bodies(), system_clock().wall_ms()));
  std::ranges::move(bodies.words(), std::back_inserter(problems));
  const Identity self = CO_TRY(
      co_await store::ask<Identity>(s.audit_reader, [](Database& database) { return identity(database); }));
  co_return json{{"accepted", counts.accepted},
                 {"instance", self.instance},
                 {"terminal", counts.accepted - counts.spooled},
                 {"waiting", counts.spooled},
                 {"problems", problems}};
}

// What is safe to mend, and what it did, each as a sentence; the rest is left for a person.
Task<Result<json>> repair(Subjects s, json arguments) {
  const std::string by = printable(arguments.value("by", "operator"), 64);
  auto done = CO_TRY(co_await s.to_mta.repair(by)).done;
  const auto bodies =
      CO_TRY(co_await spool::find_body_faults(s.audit_reader, s.to_mta.bodies(), system_clock().wall_ms()));
  auto moved = CO_TRY(co_await spool::set_apart(s.audit_reader, s.to_mta.bodies(), s.environment.state_folder,
                                                bodies.orphans));
  std::ranges::move(moved, std::back_inserter(done));
  co_return json{{"done", done}};
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
  const auto snapshot = std::make_shared<spool::Snapshot>(s.environment.loop, s.environment.state_folder,
                                                          "msa.db", &s.to_mta.bodies());
  return {
      {"pairs", [s](json a) { return proto::pairs_answer(s.audit_reader, handed_over, std::move(a)); }},
      {"repair", [s](json a) { return repair(s, std::move(a)); }},
      {"backup",
       [s, snapshot](json a) { return proto::backup_answer(*snapshot, s.audit_reader, a.value("act", "")); }},
      {"status", [s](json) { return status(s); }},
      {"trace", [s](json a) { return trace(s, std::move(a)); }},
      {"purge", [s](json a) { return purge(s, std::move(a)); }},
      {"audit", [s](json) { return audit(s); }},
      {"reopen", [s](json) { return reload(s); }},
      {"reload", [s](json) { return reload(s); }},
      {"restart", [s](json) { return restart(s); }}};
}

Task<Result<size_t>> count_problems(Subjects s) {
  const json found = CO_TRY(co_await audit(s));
  co_return found.at("problems").size();
}

}  // namespace futar::msa
