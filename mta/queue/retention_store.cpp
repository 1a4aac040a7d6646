#include "mta/queue/retention_store.h"

#include "common/base/text.h"
#include "common/spool/message_store.h"
#include "mta/queue/queue_store.h"

namespace futar::mta {

using store::Database;
using store::Statement;

namespace {

constexpr char retired_key[] = "retired", retired_id_key[] = "retired_id";

Result<void> save_retired(Database& database, const Retired& retired) {
  return store::set_meta(database, retired_key,
                         fmt::format("{} {} {}", retired.messages, retired.accepted, retired.added));
}

/// A message's last event, else its acceptance.
Result<int64_t> ended_ms(Database& database, int64_t key, int64_t accepted_ms) {
  for (const event::Event& event : spool::load_events(database, key).value_or(std::vector<event::Event>{}))
    accepted_ms = std::max(accepted_ms, event.wall_ms);
  return accepted_ms;
}

Result<void> forget_recipients(Database& database, int64_t message, Retired& retired) {
  Statement& s = *TRY(
      database.statement("SELECT count(*), coalesce(sum(parent <> 0), 0) FROM recipient WHERE message = ?"));
  if (TRY(s.bind(1, message).step())) {
    retired.accepted += s.integer(0) - s.integer(1);
    retired.added += s.integer(1);
  }
  s.reset();
  TRY(TRY(database.statement(
              "DELETE FROM dsn WHERE recipient IN (SELECT id FROM recipient WHERE message = ?)"))
          ->bind(1, message)
          .run());
  return TRY(database.statement("DELETE FROM recipient WHERE message = ?"))->bind(1, message).run();
}

struct Candidate {
  int64_t key = 0, accepted_ms = 0;
  bool ended = false;
  std::string id;
};

Result<std::vector<Candidate>> load_candidates(Database& database, int64_t after, size_t limit) {
  Statement& s = *TRY(database.statement(
      "SELECT key, accepted_ms, header IS NULL, id FROM message WHERE key > ? ORDER BY key LIMIT ?"));
  s.bind(1, after).bind(2, static_cast<int64_t>(limit));
  std::vector<Candidate> candidates;
  while (TRY(s.step()))
    candidates.push_back({s.integer(0), s.integer(1), s.integer(2) != 0, std::string(s.blob(3))});
  s.reset();
  return candidates;
}

}  // namespace

Result<Retired> load_retired(Database& database) {
  const auto text = TRY(store::get_meta(database, retired_key));
  Retired retired;
  if (!text) return retired;
  const auto words = split(*text, ' ');
  int64_t* const numbers[] = {&retired.messages, &retired.accepted, &retired.added};
  for (size_t i = 0; i < std::size(numbers) && i < words.size(); ++i)
    *numbers[i] = static_cast<int64_t>(parse_number(words[i]).value_or(0));
  return retired;
}

Result<spool::Forgotten> forget_history(Database& database, int64_t before_ms, int64_t after, size_t limit) {
  const std::vector<Candidate> candidates = TRY(load_candidates(database, after, limit));
  spool::Forgotten forgotten{after, 0, candidates.size() < limit};
  Retired retired = TRY(load_retired(database));
  std::string newest_id = TRY(store::get_meta(database, retired_id_key)).value_or("");
  for (const Candidate& one : candidates) {
    if (one.accepted_ms >= before_ms) {
      forgotten.at_end = true;
      break;
    }
    forgotten.after = one.key;
    if (!one.ended || TRY(has_open_recipients(database, one.key))) continue;
    if (TRY(ended_ms(database, one.key, one.accepted_ms)) >= before_ms) continue;
    TRY(forget_recipients(database, one.key, retired));
    TRY(spool::delete_message(database, one.key));
    newest_id = std::max(newest_id, one.id);
    ++retired.messages;
    ++forgotten.count;
  }
  if (forgotten.count == 0) return forgotten;
  TRY(save_retired(database, retired));
  TRY(store::set_meta(database, retired_id_key, newest_id));
  return forgotten;
}

Result<int64_t> forget_seen(Database& database, std::string_view instance, int64_t epoch, int64_t below,
                            int64_t before_ms, size_t limit) {
  const int64_t peer = TRY(peer_key(database, instance));
  Statement& s = *TRY(database.statement(
      "SELECT epoch, sequence, id FROM seen WHERE peer = ?1 AND (epoch < ?2 OR (epoch = ?2 AND "
      "sequence < ?3)) ORDER BY epoch, sequence LIMIT ?4"));
  s.bind(1, peer).bind(2, epoch).bind(3, below).bind(4, static_cast<int64_t>(limit));
  std::vector<std::pair<int64_t, int64_t>> old;
  while (TRY(s.step())) {
    const auto id = MessageId::from_blob(s.blob(2));
    if (id && id->wall_ms() >= before_ms) break;
    old.emplace_back(s.integer(0), s.integer(1));
  }
  s.reset();
  for (const auto& [of, sequence] : old) {
    Statement& remove =
        *TRY(database.statement("DELETE FROM seen WHERE peer = ? AND epoch = ? AND sequence = ?"));
    TRY(remove.bind(1, peer).bind(2, of).bind(3, sequence).run());
  }
  if (!old.empty()) {
    Statement& add = *TRY(database.statement("UPDATE peer SET forgotten = forgotten + ? WHERE key = ?"));
    TRY(add.bind(1, static_cast<int64_t>(old.size())).bind(2, peer).run());
  }
  return static_cast<int64_t>(old.size());
}

}  // namespace futar::mta
