// A round from the durable intents on.
#include <algorithm>

#include "common/base/point.h"
#include "common/log/log.h"
#include "mda/from_mta/round.h"

namespace futar::mda {

using proto::OutcomeState;

Task<> Round::move() {
  std::vector<Move> moves;
  for (const Piece* piece : at(Step::to_move)) moves.push_back({.record = piece->record, .error = {}});
  if (moves.empty()) co_return;
  Targets targets(shop_.mail);
  const auto waits = [](const Move& one) { return one.state == Move::State::waiting; };
  for (int pass = 0; pass < most_passes && std::ranges::any_of(moves, waits); ++pass) {
    co_await shop_.workers.run([&] { move_all(shop_.mail, targets, moves); });
    co_await redirect(moves);
  }
  point("mda.renamed");
  co_await settle(moves);
  co_await sync(targets);
  point("mda.synced");
}

/// Makes new intents durable; they wait for the next pass then.
Task<> Round::redirect(std::vector<Move>& moves) {
  std::vector<Record> records;
  for (const Move& move : moves)
    if (move.state == Move::State::redirected) records.push_back(move.record);
  if (records.empty()) co_return;
  shop_.counters.redirected += records.size();
  const auto redirected = co_await shop_.ledger.redirect(std::move(records));
  for (Move& move : moves) {
    if (move.state != Move::State::redirected) continue;
    move.state = redirected ? Move::State::waiting : Move::State::failed;
    if (!redirected) move.error = redirected.error();
  }
}

/// Takes the state of each move over into its piece.
Task<> Round::settle(std::vector<Move>& moves) {
  const auto pieces = at(Step::to_move);  // in the order of `moves`
  std::vector<Move> counted;
  std::vector<std::pair<Piece*, Error>> failed;
  for (size_t i = 0; i < moves.size(); ++i) {
    pieces[i]->record = moves[i].record;
    if (moves[i].state != Move::State::moved)
      failed.emplace_back(pieces[i], std::move(moves[i].error));
    else if (pieces[i]->quota != 0 || pieces[i]->resumed)
      counted.push_back(std::move(moves[i]));
  }
  if (!counted.empty()) co_await shop_.workers.run([&] { count_moved(shop_.mail, counted); });
  if (!failed.empty()) co_await withdraw(std::move(failed));
}

/// What could not be moved starts over at mta: the intents go, then the staging files.
Task<> Round::withdraw(std::vector<std::pair<Piece*, Error>> failed) {
  std::vector<Record> records;
  for (const auto& [piece, error] : failed) {
    if (error.kind == Error::Kind::ours) {
      break_off(error, {piece});
      continue;
    }
    records.push_back(piece->record);
    if (piece->to_write) records.push_back(*piece->to_write);
  }
  if (records.empty()) co_return;
  const auto withdrawn = co_await shop_.ledger.withdraw(records);
  std::vector<std::string> staged;
  for (const Record& record : records) staged.push_back(record.staging_name());
  if (withdrawn) co_await unstage(std::move(staged));
  for (const auto& [piece, error] : failed) {
    if (piece->step != Step::to_move) continue;
    if (withdrawn)
      later(*piece, error);
    else
      break_off(withdrawn.error(), {piece});
  }
}

Task<> Round::sync(const Targets& targets) {
  const auto folders = targets.folders();
  std::vector<Result<void>> synced(folders.size() + 1);
  co_await in_lanes(shop_.workers, folders.size(), sync_lanes,
                    [&](size_t i) { synced[i] = sync_folder(*folders[i], "a mailbox folder"); });
  // After the folders: a staging file may be seen as gone only where its message is seen in its folder.
  co_await shop_.workers.run([&] { synced.back() = shop_.mail.sync_staging(); });
  for (const auto& result : synced)
    if (!result) break_off(result.error(), at(Step::to_move));
  for (Piece* piece : at(Step::to_move)) piece->step = Step::done;
}

void Round::give_answers() {
  for (Piece& piece : pieces_) {
    if (piece.step == Step::unknown) continue;
    if (piece.step == Step::done) answer_from_record(piece);
    piece.outcome.row = piece.recipient->row;
    count(piece.outcome);
    piece.take->outcomes.push_back(std::move(piece.outcome));
  }
  for (const auto& [account, mailbox] : mailboxes_)
    if (mailbox.quota != 0) shop_.full.set(account, is_full(mailbox.quota, mailbox.usage));
}

void Round::answer_from_record(Piece& piece) {
  const Record& record = piece.record;
  piece.outcome.resumed = piece.resumed;
  switch (record.ending) {
    case Ending::delivered:
      piece.outcome.folder = record.folder;
      piece.outcome.file = record.file;
      return answer(piece, OutcomeState::delivered, "2.0.0", "put into " + record.folder);
    case Ending::expanded:
      piece.outcome.targets = record.targets;
      return answer(piece, OutcomeState::expanded, "2.0.0", "an alias");
    case Ending::failed:
      return answer(piece, OutcomeState::failed, record.status, record.reason);
  }
}

void Round::count(const proto::OutcomeItem& outcome) {
  Counters& counters = shop_.counters;
  counters.resumed += outcome.resumed;
  switch (outcome.state) {
    case OutcomeState::delivered:
      ++counters.delivered;
      return;
    case OutcomeState::expanded:
      ++counters.expanded;
      return;
    case OutcomeState::later:
      ++counters.later;
      return;
    case OutcomeState::failed:
    case OutcomeState::discarded:
      ++counters.failed;
      return;
  }
}

}  // namespace futar::mda
