#include "mta/verbs.h"

#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/log/log.h"
#include "common/spool/summary_store.h"
#include "common/store/ask.h"
#include "mta/audit_verbs.h"
#include "mta/dkim_verb.h"
#include "mta/purge_verb.h"
#include "mta/queue/backlog_store.h"
#include "mta/queue/destination_store.h"
#include "mta/queue/operator.h"
#include "mta/queue/queue_store.h"
#include "mta/queue/trace_store.h"
#include "mta/reports_verb.h"
#include "proto/control/answers.h"

namespace futar::mta {
namespace {

using nlohmann::json;
using store::Database;

constexpr size_t list_limit = 10'000;
constexpr int64_t outlook_ms = 4000;  // `futar` waits 5 s for an answer

Result<Selection> selection_of(const json& arguments) {
  Selection selection;
  const json select = arguments.value("select", json::object());
  if (!select.is_object()) return fail(Error::permanent("select is not an object"));
  for (const json& id : select.value("ids", json::array()))
    if (id.is_string()) selection.ids.push_back(id.get<std::string>());
  selection.to = select.value("to", "");
  selection.from = select.value("from", "");
  selection.reason = select.value("reason", "");
  selection.older_ms = select.value("older_ms", int64_t{0});
  if (const std::string state = select.value("state", ""); !state.empty()) {
    selection.state = state_of(state == "in_flight" ? "in flight" : state);
    if (*selection.state == State::none) return fail(Error::permanent("no such state: " + state));
  }
  return selection;
}

json time_or_null(int64_t wall_ms) { return wall_ms > 0 ? json(rfc3339(wall_ms)) : json(nullptr); }

json listed_json(const Listed& listed) {
  const Recipient& r = listed.recipient;
  return {{"id", listed.id.text()},
          {"row", r.row},
          {"from", listed.from.text()},
          {"to", r.address.text()},
          {"state", name(r.state)},
          {"reason", r.reason},
          {"status", r.status},
          {"attempts", r.attempts},
          {"destination", listed.destination.name},
          {"host", r.remote_host},
          {"last_answer", listed.last_words()},
          {"last_attempt_ms", r.last_attempt_ms},
          {"due", time_or_null(listed.next_ms())},
          {"on_link", r.state == State::waiting && r.due_ms == 0},
          {"size", listed.size},
          {"accepted_ms", listed.accepted_ms}};
}

// What of our own mail receivers would not find proven, with the record to publish.
json egress_json(const Egress* egress) {
  json problems = json::array();
  if (egress)
    for (const EgressProblem& problem : egress->problems())
      problems.push_back({{"domain", problem.domain}, {"text", problem.text}, {"publish", problem.publish}});
  return {{"checked", egress ? egress->checked() : 0},
          {"failed", egress ? egress->failed() : 0},
          {"problems", std::move(problems)}};
}

Task<Result<json>> status(Subjects s) {
  const OpenCounts open = CO_TRY(
      co_await store::ask<OpenCounts>(s.reader, [](Database& database) { return count_open(database); }));
  const QueueCounts& counts = s.queue.counts();
  co_return json{
      {"agent", "mta"},
      {"version", FUTAR_VERSION},
      {"started_ms", s.environment.started_ms},
      {"sandbox", s.environment.sandbox},
      {"sessions", s.sessions()},
      {"directory_generation", s.directory().generation()},
      {"waiting", open.waiting},
      {"in_flight", open.in_flight},
      {"held", open.held},
      {"oldest_ms", open.oldest_ms},
      {"accepted", counts.accepted},
      {"delivered", counts.delivered},
      {"deferred", counts.deferred},
      {"bounced", counts.bounced},
      {"relayed", counts.relayed},
      {"doubtful", counts.doubtful},
      {"sessions_out", s.outbound.lanes()},
      {"dns", s.resolver.description()},
      {"outcomes_ignored", counts.outcomes_ignored},
      {"hidden_clients", s.hidden.counted()},
      {"gateway", s.hidden.newest()},
      {"refusals_dropped", s.refusals.counts().dropped},
      {"rows_set_aside", counts.rows_set_aside},
      {"spf_compared", s.spf.compared()},
      {"spf_disagreed", s.spf.disagreed()},
      {"egress", egress_json(s.egress)},
      {"commits", s.writer.statistics().commits},
      {"links",
       {{"msa", proto::link_answer(s.from_msa.state())}, {"mda", proto::link_answer(s.to_mda.state())}}}};
}

Task<Result<json>> queue(Subjects s, json arguments) {
  const Selection selection = CO_TRY(selection_of(arguments));
  const int64_t now = s.queue.clock().wall_ms();
  const auto listed = CO_TRY(co_await store::ask<std::vector<Listed>>(
      s.reader, [=](Database& database) { return select_open(database, selection, now, list_limit); }));
  json recipients = json::array();
  for (const Listed& one : listed) recipients.push_back(listed_json(one));
  co_return json{{"recipients", std::move(recipients)}};
}

// The destination's last answer: of the recipient that was tried last.
Result<std::string> last_answer(Database& database, const DestinationLength& length) {
  const auto recipient = TRY(load_recipient(database, length.newest));
  if (!recipient) return std::string();
  Listed listed{*recipient, TRY(load_destination(database, recipient->destination)), {}, {}, 0, 0};
  if (recipient->state == State::waiting && recipient->due_ms == 0) return std::string("waits for mda");
  const std::string words = listed.last_words();
  return words.empty() ? recipient->reason : words;
}

Task<Result<json>> queue_summary(Subjects s) {
  const int64_t now = s.queue.clock().wall_ms();
  json destinations = CO_TRY(co_await store::ask<json>(s.reader, [now](Database& database) -> Result<json> {
    json list = json::array();
    for (const DestinationLength& one : TRY(length_by_destination(database, now)))
      list.push_back({{"destination", one.name},
                      {"all", one.all},
                      {"under_1h", one.under_1h},
                      {"under_4h", one.under_4h},
                      {"under_1d", one.under_1d},
                      {"older", one.older},
                      {"held", one.held},
                      {"next", time_or_null(one.next_ms)},
                      {"last", TRY(last_answer(database, one))}});
    return list;
  }));
  co_return json{{"destinations", std::move(destinations)}};
}

Result<std::string> via_of(const json& arguments) {
  return TRY(parse_host_url(arguments.value("via", ""))).text();
}

Task<Result<json>> queue_act(Subjects s, json arguments) {
  const std::map<std::string, Act> acts{{"retry", Act::retry},
                                        {"hold", Act::hold},
                                        {"release", Act::release},
                                        {"bounce", Act::bounce},
                                        {"remove", Act::remove}};
  const std::string word = arguments.value("act", "");
  const bool elsewhere = word == "reroute";
  const auto act = acts.find(word);
  if (act == acts.end() && !elsewhere) co_return fail(Error::permanent("no such act"));
  const std::string via = elsewhere ? CO_TRY(via_of(arguments)) : "";
  const Selection selection = CO_TRY(selection_of(arguments));
  const std::string by = printable(arguments.value("by", "operator"), 64);
  const int64_t now = s.queue.clock().wall_ms();
  const Acted acted = CO_TRY(co_await store::ask<Acted>(s.writer, [=](Database& database) -> Result<Acted> {
    const auto selected = TRY(select_open(database, selection, now, list_limit));
    return elsewhere ? reroute(database, selected, via, by, now)
                     : act_on(database, selected, act->second, by, now);
  }));
  s.queue.forget_files(acted.files);
  s.queue.wake();
  co_return json{{"count", acted.done + acted.wished}, {"wished", acted.wished}, {"refused", acted.refused}};
}

// What was never put off waits for mda, or is there now.
std::string reason_of(const Recipient& r, bool mda_is_there) {
  if (r.destination != 0 || r.attempts != 0) return r.reason;
  if (r.state == State::in_flight) return "mda has it now";
  if (r.state != State::waiting || r.due_ms != 0) return r.reason;
  return mda_is_there ? "it waits for its turn at mda" : "mda is away; it goes on when mda is back";
}

json traced_json(const Traced& traced, bool mda_is_there) {
  json recipients = json::array();
  for (const Recipient& r : traced.recipients)
    recipients.push_back({{"address", r.address.text()},
                          {"state", name(r.state)},
                          {"reason", reason_of(r, mda_is_there)},
                          {"status", r.status},
                          {"by_alias", r.parent != 0}});
  return {{"id", traced.summary.id.text()},      {"from", traced.summary.envelope.reverse_path.text()},
          {"size", traced.summary.size},         {"accepted_ms", traced.summary.accepted_ms},
          {"recipients", std::move(recipients)}, {"events", proto::event_answers("mta", traced.events)}};
}

Task<Result<json>> trace(Subjects s, json arguments) {
  const spool::TraceQuery query = proto::trace_query(arguments, s.queue.clock().wall_ms());
  const auto found = CO_TRY(co_await store::ask<std::vector<Traced>>(
      s.reader, [=](Database& database) { return find_traced(database, query, 100); }));
  json messages = json::array();
  for (const Traced& one : found) messages.push_back(traced_json(one, s.to_mda.state().up));
  json refused = CO_TRY(co_await proto::refused_answers("mta", s.refusals, s.reader, query));
  co_return json{{"messages", std::move(messages)}, {"refused", std::move(refused)}};
}

json hop_json(const Outlook& outlook, const Hop& hop) {
  json addresses = json::array();
  for (const net::IpAddress& address : hop.host.addresses) addresses.push_back(address.text());
  return {{"name", hop.host.name},
          {"preference", outlook.by_mx ? json(hop.host.preference) : json(nullptr)},
          {"addresses", std::move(addresses)},
          {"port", hop.port},
          {"tls", tls_words(hop)},
          {"dnssec", dnssec_words(outlook, hop)}};
}

// What the DNS and the policies say of the way, without waiting for servers that do not answer.
Task<Result<json>> explain_way(Subjects s, Route way) {
  const Outlook outlook = co_await s.way.outlook(way.destination, outlook_ms);
  json hosts = json::array();
  for (const Hop& hop : outlook.hops) hosts.push_back(hop_json(outlook, hop));
  const Destination waits = CO_TRY(co_await store::ask<Destination>(
      s.reader, [to = way.destination](Database& database) { return find_destination(database, to); }));
  const bool backs_off = waits.due_ms > s.queue.clock().wall_ms();
  // Without MX records the domain is its own host.
  const bool told =
      outlook.by_mx && !outlook.hops.empty() && outlook.hops.front().host.name == way.destination;
  co_return json{{"text", told ? way.reason + "; " + outlook.reason : way.reason},
                 {"accepted", !(outlook.hops.empty() && outlook.state == HostList::State::never)},
                 {"destination", way.destination},
                 {"hosts", std::move(hosts)},
                 {"dns", s.resolver.description()},
                 {"problems", problems(outlook)},
                 {"due", time_or_null(backs_off ? waits.due_ms : 0)},
                 {"last_answer", backs_off ? waits.last_answer : ""}};
}

Task<Result<json>> explain_route(Subjects s, json arguments) {
  const smtp::Address to = CO_TRY(smtp::parse_address(arguments.value("address", "")));
  smtp::Address from;
  if (const std::string text = arguments.value("from", ""); !text.empty())
    from = CO_TRY(smtp::parse_address(text));
  const Route way = route(s.queue.options().route, s.directory(), from, to);
  if (way.kind == Route::Kind::remote) co_return co_await explain_way(s, way);
  const bool full = s.to_mda.mailboxes().is_full(way.mailbox);
  co_return json{{"text", way.reason + (full ? "; its mailbox is full: 452 4.2.2 at RCPT" : "")},
                 {"accepted", way.kind != Route::Kind::refused},
                 {"hosts", json::array()},
                 {"problems", json::array()}};
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
                                                          "mta.db", &s.queue.bodies());
  return {
      {"repair", [s](json a) { return repair_verb(s, std::move(a)); }},
      {"pairs", [s](json a) { return pairs_verb(s, std::move(a)); }},
      {"backup",
       [s, snapshot](json a) { return proto::backup_answer(*snapshot, s.audit_reader, a.value("act", "")); }},
      {"status", [s](json) { return status(s); }},
      {"queue", [s](json a) { return queue(s, std::move(a)); }},
      {"queue_summary", [s](json) { return queue_summary(s); }},
      {"queue_act", [s](json a) { return queue_act(s, std::move(a)); }},
      {"trace", [s](json a) { return trace(s, std::move(a)); }},
      {"audit", [s](json) { return audit_verb(s); }},
      {"route", [s](json a) { return explain_route(s, std::move(a)); }},
      {"reports", [s](json a) { return reports_verb(s, std::move(a)); }},
      {"purge", [s](json a) { return purge_verb(s, std::move(a)); }},
      {"dkim", [s](json a) { return dkim_verb(s, std::move(a)); }},
      {"reopen", [s](json) { return reload(s); }},
      {"reload", [s](json) { return reload(s); }},
      {"restart", [s](json) { return restart(s); }}};
}

}  // namespace futar::mta
