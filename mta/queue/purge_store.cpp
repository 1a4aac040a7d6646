#include "mta/queue/purge_store.h"

#include "common/base/text.h"
#include "common/spool/erase.h"
#include "common/spool/erase_store.h"
#include "mta/queue/queue_store.h"
#include "mta/trail/trail_store.h"

namespace futar::mta {

using store::Database;
using store::Statement;

namespace {

// Text that may name the address in the middle of it.
constexpr const char* columns[] = {"mailbox", "ancestry",     "reason", "orcpt",
                                   "prefix",  "remote_words", "wish_by"};

Result<void> erase_column(Database& database, const char* column, int64_t row, const std::string& address) {
  const std::string select =
      fmt::format("SELECT {0} FROM recipient WHERE id = ? AND {0} IS NOT NULL", column);
  Statement& s = *TRY(database.statement(select.c_str()));
  const bool has = TRY(s.bind(1, row).step());
  const std::string text = has ? s.text(0) : "";
  s.reset();
  const std::string without = spool::erase_address(text, address);
  if (without == text) return {};
  const std::string update = fmt::format("UPDATE recipient SET {} = ? WHERE id = ?", column);
  return TRY(database.statement(update.c_str()))->bind(1, without).bind(2, row).run();
}

Result<void> erase_recipient(Database& database, const Recipient& recipient, const smtp::Address& address) {
  const auto is_it = [&](const smtp::Address& other) { return equal_nocase(other.text(), address.text()); };
  const smtp::Address& nobody = spool::erased();
  if (is_it(recipient.address)) {
    Statement& s = *TRY(database.statement("UPDATE recipient SET local = ?, domain = ? WHERE id = ?"));
    TRY(s.bind(1, nobody.local).bind(2, nobody.domain).bind(3, recipient.row).run());
  }
  if (is_it(recipient.target) && recipient.target != recipient.address) {
    Statement& s =
        *TRY(database.statement("UPDATE recipient SET target_local = ?, target_domain = ? WHERE id = ?"));
    TRY(s.bind(1, nobody.local).bind(2, nobody.domain).bind(3, recipient.row).run());
  }
  for (const char* column : columns) TRY(erase_column(database, column, recipient.row, address.text()));
  return {};
}

}  // namespace

Result<std::vector<int64_t>> messages_of(Database& database, const smtp::Address& address) {
  spool::TraceQuery query;
  query.what = address.text();
  std::vector<int64_t> keys = TRY(trail::find(database, trail::conditions_of(query), 0));
  for (int64_t key : TRY(trail::tail(database))) keys.push_back(key);
  std::ranges::sort(keys);
  keys.erase(std::ranges::unique(keys).begin(), keys.end());
  std::vector<int64_t> named;
  for (int64_t key : keys) {
    const auto summary = spool::load_summary(database, key);
    std::vector<smtp::Address> recipients;
    for (const Recipient& recipient : TRY(load_recipients(database, key)))
      recipients.push_back(recipient.address);
    const spool::Summary readable = summary && *summary ? **summary : spool::Summary{};
    if (query.is_for(readable, {}, recipients)) named.push_back(key);
  }
  return named;
}

Result<bool> erase_from_history(Database& database, int64_t message, const smtp::Address& address) {
  if (TRY(has_open_recipients(database, message))) return false;
  if (!TRY(spool::erase_from_message(database, message, address))) return false;
  for (const Recipient& recipient : TRY(load_recipients(database, message)))
    TRY(erase_recipient(database, recipient, address));
  return true;
}

}  // namespace futar::mta
