#include "mda/from_mta/recover.h"

#include <algorithm>

#include "common/log/log.h"
#include "mda/from_mta/moves.h"

namespace futar::mda {
namespace {

Result<std::optional<Record>> intent_of(store::Database& database, const std::string& staged) {
  const auto key = parse_staging_name(staged);
  if (!key) return std::optional<Record>();
  auto record = TRY(ledger::find(database, key->first, key->second));
  if (record && record->ending != Ending::delivered) record.reset();
  return record;
}

/// Makes new intents durable and lets them try again; false when there were none.
Result<bool> record_redirections(store::Database& database, std::span<Move> moves) {
  store::Transaction transaction = TRY(store::Transaction::begin(database));
  bool any = false;
  for (Move& move : moves) {
    if (move.state != Move::State::redirected) continue;
    TRY(ledger::redirect(database, move.record));
    move.state = Move::State::waiting;
    any = true;
  }
  TRY(transaction.commit());
  return any;
}

Result<std::vector<Move>> find_intents(store::Database& database, const MailStore& mail,
                                       Recovered& recovered) {
  std::vector<Move> moves;
  for (const std::string& name : TRY(mail.staged())) {
    if (auto record = TRY(intent_of(database, name))) {
      moves.push_back({.record = *std::move(record), .error = {}});
    } else {
      TRY(mail.unstage(name));
      ++recovered.swept;
    }
  }
  return moves;
}

}  // namespace

Result<Recovered> recover(store::Database& database, const MailStore& mail) {
  Recovered recovered;
  std::vector<Move> moves = TRY(find_intents(database, mail, recovered));
  Targets targets(mail);
  for (int pass = 0; pass < most_passes; ++pass) {
    move_all(mail, targets, moves);
    if (!TRY(record_redirections(database, moves))) break;
  }
  for (const Fd* folder : targets.folders()) TRY(sync_folder(*folder, "a mailbox folder"));
  TRY(mail.sync_staging());
  count_moved(mail, moves);
  for (const Move& move : moves) {
    if (move.state == Move::State::moved) {
      ++recovered.moved;
      continue;
    }
    if (move.error.kind == Error::Kind::ours) return fail(move.error);
    ++recovered.stuck;
    log::error("delivery to {} is stuck in .staging/{}: {}", move.record.account, move.record.staging_name(),
               move.error.text);
  }
  return recovered;
}

}  // namespace futar::mda
