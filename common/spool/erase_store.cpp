#include "common/spool/erase_store.h"

#include "common/base/text.h"
#include "common/spool/erase.h"
#include "common/spool/message_store.h"

namespace futar::spool {
namespace {

using store::Database;
using store::Statement;

bool is_same(const smtp::Address& a, const smtp::Address& b) { return equal_nocase(a.text(), b.text()); }

message::Envelope without(message::Envelope envelope, const smtp::Address& address) {
  const std::string text = address.text();
  if (is_same(envelope.reverse_path, address)) envelope.reverse_path = erased();
  envelope.parameters.auth = erase_address(envelope.parameters.auth, text);
  envelope.parameters.envid = erase_address(envelope.parameters.envid, text);
  for (message::Recipient& recipient : envelope.recipients) {
    if (is_same(recipient.address, address)) recipient.address = erased();
    recipient.parameters.orcpt = erase_address(recipient.parameters.orcpt, text);
  }
  return envelope;
}

void erase_from(std::vector<event::Event>& events, const std::string& address) {
  for (event::Event& event : events)
    for (auto& [field, value] : event.fields) value = erase_address(value, address);
}

Result<void> erase_from_events(Database& database, int64_t key, const std::string& address) {
  Statement& s = *TRY(
      database.statement("SELECT step, packed FROM events WHERE step >= ?1 << 20 AND step < (?1 + 1) << 20"));
  s.bind(1, key);
  std::vector<std::pair<int64_t, std::vector<event::Event>>> steps;
  while (TRY(s.step()))
    if (auto events = event::unpack(s.blob(1))) steps.emplace_back(s.integer(0), *std::move(events));
  s.reset();
  for (auto& [step, events] : steps) {
    erase_from(events, address);
    Statement& update = *TRY(database.statement("UPDATE events SET packed = ? WHERE step = ?"));
    TRY(update.bind_blob(1, event::pack(events)).bind(2, step).run());
  }
  return {};
}

}  // namespace

Result<bool> erase_from_message(Database& database, int64_t key, const smtp::Address& address) {
  Statement& s =
      *TRY(database.statement("SELECT envelope, login, header IS NULL FROM message WHERE key = ?"));
  if (!TRY(s.bind(1, key).step())) return true;
  const auto envelope = decode_envelope(s.blob(0));
  const std::string login = s.text(1);
  const bool is_over = s.integer(2) != 0;
  s.reset();
  if (!is_over) return false;
  if (envelope) {
    Statement& update = *TRY(database.statement("UPDATE message SET envelope = ? WHERE key = ?"));
    TRY(update.bind(1, encode_envelope(without(*envelope, address))).bind(2, key).run());
  }
  if (equal_nocase(login, address.text())) {
    Statement& update = *TRY(database.statement("UPDATE message SET login = ? WHERE key = ?"));
    TRY(update.bind(1, erased().text()).bind(2, key).run());
  }
  TRY(erase_from_events(database, key, address.text()));
  return true;
}

Result<std::vector<int64_t>> messages_naming(Database& database, const smtp::Address& address) {
  Statement& s = *TRY(database.statement("SELECT key, envelope, login FROM message ORDER BY key"));
  s.reset();
  std::vector<int64_t> keys;
  while (TRY(s.step())) {
    const auto envelope = decode_envelope(s.blob(1));
    const bool named = envelope && !(without(*envelope, address) == *envelope);
    if (named || equal_nocase(s.text(2), address.text())) keys.push_back(s.integer(0));
  }
  s.reset();
  return keys;
}

Result<int64_t> erase_from_refused(Database& database, const smtp::Address& address) {
  const std::string wanted = ascii_lower(address.text());
  Statement& s = *TRY(database.statement(
      "SELECT row, sender, recipients, events FROM refused WHERE sender = ?1 OR instr(recipients, ?2) > 0"));
  s.bind(1, wanted).bind(2, fmt::format(" {} ", wanted));
  struct Row {
    int64_t row = 0;
    std::string sender, recipients, events;
  };
  std::vector<Row> rows;
  while (TRY(s.step())) {
    auto events = event::unpack(s.blob(3)).value_or(std::vector<event::Event>{});
    erase_from(events, wanted);
    rows.push_back({s.integer(0), erase_address(s.text(1), wanted), erase_address(s.text(2), wanted),
                    event::pack(events)});
  }
  s.reset();
  for (const Row& row : rows) {
    Statement& update =
        *TRY(database.statement("UPDATE refused SET sender = ?, recipients = ?, events = ? WHERE row = ?"));
    TRY(update.bind(1, row.sender).bind(2, row.recipients).bind_blob(3, row.events).bind(4, row.row).run());
  }
  return static_cast<int64_t>(rows.size());
}

}  // namespace futar::spool
