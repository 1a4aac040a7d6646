#include "mda/verbs.h"

#include <nlohmann/json.hpp>

#include "proto/control/answers.h"

namespace futar::mda {
namespace {

using nlohmann::json;

json status(const Subjects& s) {
  const Counters& counters = s.delivery.counters();
  return {{"agent", "mda"},
          {"version", FUTAR_VERSION},
          {"started_ms", s.environment.started_ms},
          {"sandbox", s.environment.sandbox},
          {"rounds", counters.rounds},
          {"delivered", counters.delivered},
          {"resumed", counters.resumed},
          {"expanded", counters.expanded},
          {"later", counters.later},
          {"failed", counters.failed},
          {"under_way", s.delivery.under_way()},
          {"commits", s.delivery.ledger_statistics().commits},
          {"links", {{"mta", proto::link_answer(s.link.state())}}}};
}

// What mda did stands in mta's history, told by each outcome; the ledger adds where the file went.
Task<Result<json>> trace(Subjects s, json arguments) {
  json messages = json::array();
  const auto id = MessageId::parse(arguments.value("what", ""));
  if (!id) co_return json{{"messages", std::move(messages)}};
  json files = json::array();
  for (const Record& record : CO_TRY(co_await s.delivery.ledger().of_message(*id)))
    if (record.ending == Ending::delivered)
      files.push_back({{"recipient", record.recipient},
                       {"account", record.account},
                       {"folder", record.folder},
                       {"file", record.file}});
  if (!files.empty()) messages.push_back({{"id", id->text()}, {"files", std::move(files)}});
  co_return json{{"messages", std::move(messages)}};
}

Task<Result<json>> purge(Subjects s, json arguments) {
  const smtp::Address address = CO_TRY(smtp::parse_address(arguments.value("address", "")));
  const Ledger::Erased erased = CO_TRY(co_await s.delivery.erase(address.text()));
  co_return json{{"records", erased.records}, {"open", erased.open}};
}

json audit(const Subjects& s) {
  const Recovered& recovered = s.delivery.recovered();
  return {{"delivered", s.delivery.counters().delivered},
          {"in_flight", s.delivery.under_way()},
          {"recovered", {{"moved", recovered.moved}, {"swept", recovered.swept}, {"stuck", recovered.stuck}}},
          {"problems", json::array()}};
}

Task<Result<json>> backup(Subjects s, std::shared_ptr<spool::Snapshot> snapshot, std::string act) {
  if (act != "begin")
    co_return co_await proto::backup_answer(*snapshot, s.delivery.ledger().audit_reader(), std::move(act));
  CO_TRY(co_await s.delivery.lay_ready(*snapshot));
  co_return json{{"folder", snapshot->folder()}, {"bodies", 0}};
}

// Of the rows of the queue's database {"instance"}, in its newest epoch or in all.
Task<Result<json>> pairs(Subjects s, json arguments) {
  const std::string instance = arguments.value("instance", "");
  const auto epochs = arguments.value("newest", false) ? ledger::Epochs::newest : ledger::Epochs::all;
  proto::Pairs known = [=](store::Database& database, spool::PairRange range, const spool::PairSink& sink) {
    return ledger::delivered(database, instance, epochs, range, sink);
  };
  co_return co_await proto::pairs_answer(s.delivery.ledger().audit_reader(), std::move(known),
                                         std::move(arguments));
}

Task<Result<json>> reload(Subjects s) {
  CO_TRY(co_await s.reload());
  co_return json::object();
}

Task<Result<json>> answer(json value) { co_return value; }

}  // namespace

std::map<std::string, proto::Verb> control_verbs(Subjects s) {
  const proto::Verb again = [s](json) { return reload(s); };
  const auto snapshot =
      std::make_shared<spool::Snapshot>(s.environment.loop, s.environment.state_folder, "mda.db", nullptr);
  return {{"status", [s](json) { return answer(status(s)); }},
          {"trace", [s](json a) { return trace(s, std::move(a)); }},
          {"audit", [s](json) { return answer(audit(s)); }},
          {"pairs", [s](json a) { return pairs(s, std::move(a)); }},
          {"backup", [s, snapshot](json a) { return backup(s, snapshot, a.value("act", "")); }},
          {"purge", [s](json a) { return purge(s, std::move(a)); }},
          {"reopen", again},
          {"reload", again},
          {"make_mailbox", again},
          {"restart", [s](json) {
             s.environment.end(daemon::exit_ok, "restart asked by the operator");
             return answer(json::object());
           }}};
}

}  // namespace futar::mda
