#include "proto/control/answers.h"

#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/store/ask.h"

namespace futar::proto {

using nlohmann::json;

json link_answer(const LinkState& state) {
  return {{"up", state.up},
          {"peer", state.peer},
          {"credit", state.credit},
          {"in_transfer", state.in_transfer},
          {"refused", state.refused}};
}

namespace {
constexpr size_t longest_value = 2048;  // a record to publish may hold a key
}

json event_answers(std::string_view agent, const std::vector<event::Event>& events) {
  json answers = json::array();
  for (const event::Event& e : events) {
    json fields = json::object();
    for (const auto& [field, value] : e.fields)
      fields[std::string(event::name(field))] = printable(value, longest_value);
    answers.push_back({{"t", rfc3339(e.wall_ms)},
                       {"agent", agent},
                       {"kind", event::name(e.kind)},
                       {"text", event::words(e)},
                       {"cause", e.get(event::Field::cause)},
                       {"fields", std::move(fields)}});
  }
  return answers;
}

namespace {

json refused_answer(std::string_view agent, const spool::Refused& refused) {
  using event::Field;
  const event::Event& last = refused.events.back();
  json recipients = json::array();
  for (const auto& [field, value] : last.fields)
    if (field == Field::recipient) recipients.push_back(value);
  return {{"id", refused.id.text()},
          {"at_ms", last.wall_ms},
          {"at", last.get(Field::at)},
          {"client", last.get(Field::client)},
          {"helo", last.get(Field::helo)},
          {"login", last.get(Field::login)},
          {"from", last.get(Field::reverse_path)},
          {"recipients", std::move(recipients)},
          {"reply", last.get(Field::reply)},
          {"cause", last.get(Field::cause)},
          {"events", event_answers(agent, refused.events)}};
}

}  // namespace

Task<Result<json>> refused_answers(std::string agent, spool::Refusals& refusals, store::Reader& reader,
                                   spool::TraceQuery query) {
  co_await refusals.flush();
  const auto found = CO_TRY(co_await store::ask<std::vector<spool::Refused>>(
      reader, [=](store::Database& database) { return spool::find_refused(database, query, 100); }));
  json answers = json::array();
  for (const spool::Refused& one : found) answers.push_back(refused_answer(agent, one));
  co_return answers;
}

Task<Result<json>> pairs_answer(store::Reader& reader, Pairs pairs, json arguments) {
  const auto block = arguments.value("block", int64_t{-1});
  const auto range = block < 0 ? spool::PairRange{} : spool::PairRange::of_block(block);
  co_return co_await store::ask<json>(reader, [=](store::Database& database) -> Result<json> {
    json listed = json::array();
    spool::PairDigests digests;
    TRY(pairs(database, range, [&](const spool::Pair& pair) {
      if (block < 0)
        digests.add(pair);
      else
        listed.push_back({pair.number, pair.id.text()});
    }));
    if (block >= 0) return json{{"pairs", std::move(listed)}};
    for (const auto& [number, digest] : digests.blocks())
      listed.push_back({number, digest.count, fmt::format("{:016x}", digest.sum)});
    return json{{"blocks", std::move(listed)}};
  });
}

Task<Result<json>> backup_answer(spool::Snapshot& snapshot, store::Reader& reader, std::string act) {
  if (act == "end") {
    CO_TRY(co_await snapshot.drop(reader));
    co_return json::object();
  }
  if (act != "begin") co_return fail(Error::permanent("no such act"));
  const size_t bodies = CO_TRY(co_await snapshot.make(reader));
  co_return json{{"folder", snapshot.folder()}, {"bodies", bodies}};
}

spool::TraceQuery trace_query(const json& arguments, int64_t now_ms) {
  const json filters = arguments.value("filters", json::object());
  spool::TraceQuery query;
  query.what = arguments.value("what", "");
  query.from = filters.value("from", "");
  query.to = filters.value("to", "");
  query.client = filters.value("client", "");
  query.message_id = filters.value("message_id", "");
  if (const int64_t last = filters.value("last_ms", int64_t{0}); last > 0) query.since_ms = now_ms - last;
  for (const json& text : arguments.value("ids", json::array()))
    if (const auto id = MessageId::parse(text.is_string() ? text.get<std::string>() : ""); id)
      query.ids.push_back(*id);
  return query;
}

}  // namespace futar::proto
