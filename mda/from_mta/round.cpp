// A round up to the durable intents. What follows stands in round_moves.cpp.
#include "mda/from_mta/round.h"

#include <algorithm>
#include <set>

#include "common/base/point.h"
#include "common/log/log.h"

namespace futar::mda {

using proto::OutcomeState;

Round::Round(Workshop& shop, std::vector<Take*> takes) : shop_(shop), takes_(std::move(takes)) {
  for (Take* take : takes_)
    for (const auto& item : take->deliver.items)
      for (const auto& recipient : item.recipients)
        pieces_.push_back({.take = take, .item = &item, .recipient = &recipient});
}

Task<> Round::run() {
  co_await look_up();
  for (Piece* piece : at(Step::open)) decide(*piece);
  co_await prepare();
  co_await stage();
  co_await record();
  co_await move();
  give_answers();
}

std::vector<Round::Piece*> Round::at(Step step) {
  std::vector<Piece*> found;
  for (Piece& piece : pieces_)
    if (piece.step == step) found.push_back(&piece);
  return found;
}

void Round::answer(Piece& piece, OutcomeState state, std::string status, std::string reason) {
  piece.step = Step::answered;
  piece.outcome.state = state;
  piece.outcome.status = std::move(status);
  piece.outcome.reason = std::move(reason);
}

void Round::later(Piece& piece, const Error& error) {
  if (error.kind == Error::Kind::ours) shop_.broken(error);
  log::warning("delivery to {}: {}", piece.recipient->address.text(), error.text);
  switch (error.kind) {
    case Error::Kind::temporary:
      return answer(piece, OutcomeState::later, "4.3.1", "no room or descriptors: " + error.text);
    case Error::Kind::permanent:
      return answer(piece, OutcomeState::later, "4.3.5", "the mailbox cannot be used: " + error.text);
    case Error::Kind::ours:
      return answer(piece, OutcomeState::later, "4.3.0", "input/output error");
  }
}

void Round::break_off(const Error& error, const std::vector<Piece*>& pieces) {
  shop_.broken(error);
  for (Piece* piece : pieces) piece->step = Step::unknown;
}

// ---- look up
// ---------------------------------------------------------------------------------------------------

Task<> Round::look_up() {
  std::map<Sender, std::vector<Piece*>> pieces;
  for (Piece& piece : pieces_) pieces[piece.take->sender].push_back(&piece);
  for (auto& [sender, theirs] : pieces) co_await look_up(sender, theirs);
}

Task<> Round::look_up(const Sender& from, std::vector<Piece*> pieces) {
  const auto sender = co_await shop_.ledger.sender_key(from);
  if (!sender) {
    for (Piece* piece : pieces) later(*piece, sender.error());
    co_return;
  }
  std::vector<Question> questions;
  for (const Piece* piece : pieces)
    questions.push_back({piece->recipient->row, piece->item->id, piece->recipient->address.text()});
  auto answers = co_await shop_.ledger.look_up(*sender, questions);
  if (!answers) {
    break_off(answers.error(), pieces);
    co_return;
  }
  std::set<int64_t> rows;
  for (size_t i = 0; i < pieces.size(); ++i) {
    Piece& piece = *pieces[i];
    piece.record.sender = *sender;
    piece.record.row = questions[i].row;
    piece.record.id = questions[i].id;
    piece.record.recipient = std::move(questions[i].recipient);
    const bool twice = !rows.insert(piece.record.row).second;
    apply(piece, twice ? Conflict{"the row came twice at once"} : std::move((*answers)[i]));
  }
}

void Round::apply(Piece& piece, Answer found) {
  if (auto* known = std::get_if<Known>(&found)) return resume(piece, std::move(known->record));
  const auto* conflict = std::get_if<Conflict>(&found);
  if (conflict == nullptr) return;
  log::error("mta {} epoch {}: {}; message {} to {} is not delivered", piece.take->sender.instance,
             piece.take->sender.epoch, conflict->reason, piece.item->id.text(), piece.record.recipient);
  answer(piece, OutcomeState::later, "4.3.5", conflict->reason);
}

void Round::resume(Piece& piece, Record known) {
  piece.resumed = true;
  if (known.sender !=
      piece.record.sender) {  // under an older numbering, which may be forgotten before this one
    piece.to_write = known;
    piece.to_write->sender = piece.record.sender;
    piece.to_write->row = piece.record.row;
  }
  piece.record = std::move(known);
  piece.step = piece.record.ending == Ending::delivered ? Step::check : Step::to_record;
}

// ---- decide
// ----------------------------------------------------------------------------------------------------

void Round::decide(Piece& piece) {
  const auto& recipient = *piece.recipient;
  if (recipient.ask_only) return answer(piece, OutcomeState::later, "4.3.0", "nothing of it was delivered");
  auto destination = shop_.residents.find(recipient.address, {recipient.depth, recipient.ancestry});
  piece.record.wall_ms = shop_.clock.wall_ms();
  if (const auto* mailbox = std::get_if<ToMailbox>(&destination)) {
    piece.record.account = mailbox->account.address;
    piece.record.folder = piece.item->junk ? shop_.junk : "INBOX";
    piece.quota = shop_.residents.quota_of(mailbox->account);
    piece.never_full = mailbox->never_full;
    piece.step = Step::to_stage;
    return;
  }
  if (auto* targets = std::get_if<ToTargets>(&destination)) {
    piece.record.ending = Ending::expanded;
    piece.record.targets = std::move(targets->targets);
  } else {
    auto& nobody = std::get<NotHere>(destination);
    if (!nobody.permanent) return answer(piece, OutcomeState::later, nobody.status, nobody.reason);
    piece.record.ending = Ending::failed;
    piece.record.status = std::move(nobody.status);
    piece.record.reason = std::move(nobody.reason);
  }
  piece.to_write = piece.record;
  piece.step = Step::to_record;
}

// ---- prepare
// ---------------------------------------------------------------------------------------------------

Task<> Round::prepare() {
  co_await check_staged();
  co_await check_mailboxes();
  for (Piece* piece : at(Step::to_stage)) take_room(*piece);
}

Task<> Round::check_staged() {
  const auto pieces = at(Step::check);
  if (pieces.empty()) co_return;
  co_await shop_.workers.run([&] {
    for (Piece* piece : pieces)
      piece->step = shop_.mail.is_staged(piece->record.staging_name()) ? Step::to_move : Step::to_record;
  });
}

namespace {

/// An upper bound of a message's octets on disk: only the CRs are too many.
uint64_t octets_of(const proto::DeliverItem& item, const Record& record) {
  return trace_fields(item.reverse_path.text(), record.recipient).size() + item.prefix.size() +
         item.header.size() + item.body.size;
}

/// `junk`: a folder that is needed, too; "" if none.
Result<Usage> make_and_measure(const MailStore& mail, const std::string& account, const std::string& junk,
                               uint64_t quota, uint64_t wanted, int64_t wall_ms) {
  TRY(mail.make_mailbox(account));
  if (!junk.empty()) TRY(mail.make_folder(account, junk));
  if (quota == 0) return Usage{};
  const auto mailbox = TRY(mail.open_mailbox(account));
  if (!mailbox) return fail(Error::temporary("the mailbox of " + account + " vanished"));
  return mailbox_usage(*mailbox, quota, wanted, wall_ms);
}

}  // namespace

Task<> Round::check_mailboxes() {
  std::map<std::string, Result<Usage>> results;
  for (const Piece* piece : at(Step::to_stage)) {
    const std::string& account = piece->record.account;
    const bool known = shop_.made.contains(account) && !piece->item->junk;  // a user may remove Junk
    if (piece->quota == 0 && known) continue;
    Mailbox& mailbox = mailboxes_[account];
    mailbox.quota = piece->quota;
    mailbox.wanted += octets_of(*piece->item, piece->record);
    mailbox.junk |= piece->item->junk;
    results.try_emplace(account, Usage{});
  }
  std::vector<std::pair<const std::string*, Result<Usage>*>> jobs;
  for (auto& [account, result] : results) jobs.emplace_back(&account, &result);
  co_await in_lanes(shop_.workers, jobs.size(), sync_lanes, [&](size_t i) {
    const Mailbox& mailbox = mailboxes_.at(*jobs[i].first);
    *jobs[i].second = make_and_measure(shop_.mail, *jobs[i].first, mailbox.junk ? shop_.junk : "",
                                       mailbox.quota, mailbox.wanted, shop_.clock.wall_ms());
  });
  for (Piece* piece : at(Step::to_stage)) {
    const auto found = results.find(piece->record.account);
    if (found != results.end() && !found->second) later(*piece, found->second.error());
  }
  for (const auto& [account, result] : results) {
    if (!result) {
      mailboxes_.erase(account);
      continue;
    }
    shop_.made.insert(account);
    mailboxes_[account].usage = *result;
  }
}

void Round::take_room(Piece& piece) {
  if (piece.quota == 0) return;
  Usage& usage = mailboxes_[piece.record.account].usage;
  const uint64_t octets = octets_of(*piece.item, piece.record);
  const Fit fit = piece.never_full ? Fit::yes : fits(piece.quota, usage, octets);
  switch (fit) {
    case Fit::yes:
      usage.octets += static_cast<int64_t>(octets);
      return;
    case Fit::no:
      return answer(piece, OutcomeState::later, "4.2.2", "mailbox full");
    case Fit::never:
      piece.record.ending = Ending::failed;
      piece.record.status = "5.2.3";
      piece.record.reason = "the message is larger than the mailbox may grow";
      piece.to_write = piece.record;
      piece.step = Step::to_record;
      return;
  }
}

// ---- stage
// -----------------------------------------------------------------------------------------------------

/// A message as all its recipients get it.
struct Round::Content {
  std::shared_ptr<const std::string> text;
  Fd body;
};

Result<Round::Content> Round::content_of(const proto::DeliverItem& item, const spool::Folder& spool) {
  std::string crlf = item.prefix + item.header;
  if (item.body.bytes) crlf += *item.body.bytes;
  Content content{std::make_shared<const std::string>(with_lf(crlf)), Fd()};
  if (item.body.bytes || item.body.size == 0) return content;
  if (!item.body.is_file()) return fail(Error::temporary("the body of " + item.id.text() + " is missing"));
  content.body = TRY(spool.open_body(item.body.file));
  return content;
}

/// The file of one piece on its way.
struct Round::Staging {
  Piece* piece;
  MailFile file;
  Result<StagedFile> staged = {};
  Result<void> synced = {};

  const Error* trouble() const {
    if (!staged) return &staged.error();
    return synced ? nullptr : &synced.error();
  }
};

std::vector<Round::Staging> Round::files_to_stage(Contents& contents) {
  std::vector<Staging> files;
  for (Piece* piece : at(Step::to_stage)) {
    auto& content = contents[piece->item];
    if (!content) content = content_of(*piece->item, shop_.spool);
    if (!*content) {
      later(*piece, content->error());
      continue;
    }
    const Fd& body = (*content)->body;
    files.push_back({piece,
                     {trace_fields(piece->item->reverse_path.text(), piece->record.recipient),
                      (*content)->text, body.is_open() ? &body : nullptr}});
  }
  return files;
}

Task<> Round::stage() {
  Contents contents;
  std::vector<Staging> files = files_to_stage(contents);
  if (files.empty()) co_return;
  co_await in_lanes(shop_.workers, files.size(), write_lanes, [&](size_t i) {
    files[i].staged = shop_.mail.stage(files[i].piece->record.staging_name(), files[i].file);
  });
  Result<void> folder_synced;
  co_await in_lanes(shop_.workers, files.size() + 1, sync_lanes, [&](size_t i) {
    if (i == 0) {
      folder_synced = shop_.mail.sync_staging();
      return;
    }
    Staging& file = files[i - 1];
    if (file.staged) file.synced = sync_file(std::exchange(file.staged->fd, Fd()), ".staging");
  });
  co_await settle(files, folder_synced);
  point("mda.staged");
}

/// Names what is durable in .staging/; the rest goes and is tried again later.
Task<> Round::settle(std::vector<Staging>& files, const Result<void>& folder_synced) {
  std::vector<std::string> failed;
  for (Staging& file : files) {
    Piece& piece = *file.piece;
    const Error* trouble = folder_synced ? file.trouble() : &folder_synced.error();
    if (trouble) {
      later(piece, *trouble);
      failed.push_back(piece.record.staging_name());
      continue;
    }
    const std::string unique =
        unique_name(shop_.unique_us(), piece.record.row, piece.record.id, shop_.hostname);
    piece.record.file = with_sizes(unique, file.staged->sizes);
    piece.to_write = piece.record;
    piece.step = Step::to_record;
  }
  if (!failed.empty()) co_await unstage(std::move(failed));
}

Task<> Round::unstage(std::vector<std::string> names) {
  co_await shop_.workers.run([&] {
    for (const std::string& name : names) std::ignore = shop_.mail.unstage(name);  // else swept at start
  });
}

// ---- record
// ----------------------------------------------------------------------------------------------------

Task<> Round::record() {
  std::vector<Record> records;
  for (const Piece& piece : pieces_)
    if (piece.to_write && (piece.step == Step::to_record || piece.step == Step::to_move))
      records.push_back(*piece.to_write);
  if (!records.empty()) {
    const auto recorded = co_await shop_.ledger.record(std::move(records));
    if (!recorded) {
      co_await give_up_recording(recorded.error());
      co_return;
    }
    point("mda.intent");
  }
  for (Piece* piece : at(Step::to_record)) piece->step = piece->has_new_file() ? Step::to_move : Step::done;
}

// Only a temporary error says for certain that nothing was written. What was in the ledger before stays true.
Task<> Round::give_up_recording(Error error) {
  if (error.kind != Error::Kind::temporary) {
    break_off(error, at(Step::to_record));
    break_off(error, at(Step::to_move));
    co_return;
  }
  const auto pieces = at(Step::to_record);
  std::vector<std::string> staged;
  for (const Piece* piece : pieces)
    if (piece->has_new_file()) staged.push_back(piece->record.staging_name());
  co_await unstage(std::move(staged));
  for (Piece* piece : pieces) {
    if (piece->resumed)
      piece->step = Step::done;
    else
      later(*piece, error);
  }
}

}  // namespace futar::mda
