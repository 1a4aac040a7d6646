#include "mta/queue/replan.h"

#include <fmt/format.h>

#include "mta/queue/conclude.h"
#include "mta/queue/destination_store.h"
#include "mta/queue/queue_store.h"

namespace futar::mta {
namespace {

using store::Database;

constexpr char key[] = "routes";
constexpr size_t rows_at_once = 1000;

/// The rules as one text: equal texts, equal ways.
std::string text_of(const RouteRules& rules) {
  std::string text = fmt::format("remote {}\n", static_cast<int>(rules.remote));
  if (rules.smart_host) text += fmt::format("smart host {}\n", rules.smart_host->text());
  for (const auto& [domain, url] : rules.routes) text += fmt::format("route {} {}\n", domain, url.text());
  for (const auto& [sender, url] : rules.sender_routes)
    text += fmt::format("sender route {} {}\n", sender, url.text());
  return text;
}

/// True: it goes another way now.
Result<bool> replan_one(Database& database, const Recipient& recipient, const RouteRules& rules,
                        const directory::Directory& directory, int64_t now_ms) {
  const auto facts = load_facts(database, recipient);
  if (!facts) return facts.error().kind == Error::Kind::ours ? fail(facts.error()) : Result<bool>(false);
  const Route way = route(rules, directory, facts->reverse_path, recipient.address);
  if (way.destination.empty()) return false;  // refused, or at home by now: the attempt will tell
  const int64_t there = TRY(destination_key(database, way.destination));
  if (there == recipient.destination) return false;
  TRY(set_destination(database, recipient.row, there, ChosenBy::config));
  TRY(make_due_anew(database, recipient.row, way.reason, now_ms));
  Conclusions noted(now_ms, 0);
  noted.events[recipient.message] = {event::Event(now_ms, event::Kind::rerouted)
                                         .with(event::Field::recipient, recipient.address.text())
                                         .with(event::Field::to, way.destination)
                                         .with(event::Field::by, "the config")};
  TRY(write_conclusions(database, noted));
  return true;
}

}  // namespace

Result<size_t> replan(Database& database, const RouteRules& rules, const directory::Directory& directory,
                      int64_t now_ms) {
  const std::string text = text_of(rules);
  if (TRY(store::get_meta(database, key)) == text) return size_t{0};
  size_t count = 0;
  auto rows = TRY(load_remote(database, 0, rows_at_once));
  while (!rows.empty()) {
    auto transaction = TRY(store::Transaction::begin(database));
    for (const Recipient& recipient : rows)
      count += TRY(replan_one(database, recipient, rules, directory, now_ms)) ? 1 : 0;
    TRY(transaction.commit());
    rows = TRY(load_remote(database, rows.back().row, rows_at_once));
  }
  TRY(store::set_meta(database, key, text));
  return count;
}

}  // namespace futar::mta
