#include "mta/audit_verbs.h"

#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/store/ask.h"
#include "mta/queue/audit_store.h"
#include "mta/queue/pairs_store.h"
#include "mta/queue/repair_store.h"
#include "proto/control/answers.h"

namespace futar::mta {

using nlohmann::json;
using store::Database;

Task<Result<json>> audit_verb(Subjects s) {
  auto [census, problems] = CO_TRY(
      co_await store::ask<Audited>(s.audit_reader, [](Database& database) { return audit_queue(database); }));
  const auto bodies =
      CO_TRY(co_await spool::find_body_faults(s.audit_reader, s.queue.bodies(), s.queue.clock().wall_ms()));
  std::ranges::move(bodies.words(), std::back_inserter(problems));
  const std::string self = CO_TRY(co_await store::ask<std::string>(
      s.audit_reader, [](Database& database) { return instance_of(database); }));
  using Counts = std::vector<std::pair<std::string, int64_t>>;
  json taken = json::object();
  for (const auto& [instance, count] : CO_TRY(co_await store::ask<Counts>(
           s.audit_reader, [](Database& database) { return count_seen(database); })))
    taken[instance] = count;
  co_return json{{"instance", self},
                 {"messages", census.messages},
                 {"accepted", census.accepted},
                 {"added", census.added},
                 {"terminal", census.terminal},
                 {"waiting", census.waiting},
                 {"in_flight", census.in_flight},
                 {"held", census.held},
                 {"problems", problems},
                 {"taken_over", std::move(taken)}};
}

Task<Result<json>> repair_verb(Subjects s, json arguments) {
  const std::string by = printable(arguments.value("by", "operator"), 64);
  const int64_t now = s.queue.clock().wall_ms();
  const auto bodies = CO_TRY(co_await spool::find_body_faults(s.audit_reader, s.queue.bodies(), now));
  auto repaired = CO_TRY(
      co_await store::ask<spool::Repaired>(s.writer, [=, missing = bodies.missing](Database& database) {
        return repair_queue(database, missing, by, now);
      }));
  auto moved = CO_TRY(co_await spool::set_apart(s.audit_reader, s.queue.bodies(), s.environment.state_folder,
                                                bodies.orphans));
  std::ranges::move(moved, std::back_inserter(repaired.done));
  s.queue.forget_files(repaired.files);
  s.queue.wake();
  co_return json{{"done", repaired.done}};
}

Task<Result<json>> pairs_verb(Subjects s, json arguments) {
  const std::string of = arguments.value("of", ""), instance = arguments.value("instance", "");
  proto::Pairs known = of == "mda" ? delivered_by_mda : all_recipients;
  if (of == "msa")
    known = [instance](Database& database, spool::PairRange range, const spool::PairSink& sink) {
      return taken_over(database, instance, range, sink);
    };
  else if (of != "mda" && of != "recipients")
    co_return fail(Error::permanent("no such pairs"));
  co_return co_await proto::pairs_answer(s.audit_reader, std::move(known), std::move(arguments));
}

Task<Result<size_t>> count_problems(Subjects s) {
  const json found = CO_TRY(co_await audit_verb(s));
  const auto sum = [&](std::initializer_list<const char*> names) {
    int64_t total = 0;
    for (const char* name : names) total += found.at(name).get<int64_t>();
    return total;
  };
  const bool adds_up = sum({"accepted", "added"}) == sum({"terminal", "waiting", "in_flight", "held"});
  co_return found.at("problems").size() + (adds_up ? 0 : 1);
}

}  // namespace futar::mta
