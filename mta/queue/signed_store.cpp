#include "mta/queue/signed_store.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/spool/message_store.h"

namespace futar::mta {

using store::Database;
using store::Statement;

Result<void> set_signed(Database& database, int64_t message, std::string_view by) {
  Statement& s = *TRY(database.statement("UPDATE message SET signed = ? WHERE key = ?"));
  return s.bind(1, by).bind(2, message).run();
}

Result<std::string> load_seal(Database& database, int64_t message) {
  Statement& s = *TRY(database.statement("SELECT seal FROM message WHERE key = ?"));
  std::string seal = TRY(s.bind(1, message).step()) ? s.text(0) : "";
  s.reset();
  return seal;
}

Result<void> set_seal(Database& database, int64_t message, std::string_view fields, std::string_view by) {
  Statement& s = *TRY(database.statement("UPDATE message SET seal = ?, signed = ? WHERE key = ?"));
  return s.bind(1, fields).bind(2, by).bind(3, message).run();
}

Result<std::string> clear_message(Database& database, int64_t message) {
  Statement& s =
      *TRY(database.statement("UPDATE message SET seal = NULL WHERE key = ? AND seal IS NOT NULL"));
  TRY(s.bind(1, message).run());
  return spool::clear_content(database, message);
}

Result<std::map<std::string, uint64_t>> count_signed(Database& database) {
  Statement& s = *TRY(
      database.statement("SELECT m.signed, count(DISTINCT m.key) FROM recipient r JOIN message m ON m.key = "
                         "r.message WHERE r.state <= 3 AND m.signed IS NOT NULL GROUP BY m.signed"));
  std::map<std::string, uint64_t> counts;
  while (TRY(s.step())) counts[s.text(0)] += static_cast<uint64_t>(s.integer(1));
  s.reset();
  return counts;
}

uint64_t carried(const std::map<std::string, uint64_t>& counts, std::string_view domain,
                 std::string_view selector) {
  uint64_t sum = 0;
  for (const auto& [by, messages] : counts) {
    const auto words = split(by, ' ');
    if (words.front() == domain && std::ranges::find(words, selector) != words.end()) sum += messages;
  }
  return sum;
}

}  // namespace futar::mta
