#include "mda/from_mta/moves.h"

#include <fmt/format.h>

#include "common/log/log.h"

namespace futar::mda {

Result<const Fd*> Targets::open(const Record& record) {
  const std::pair key(record.account, record.folder);
  if (const auto known = open_.find(key); known != open_.end()) return &known->second;
  auto folder = TRY(mail_.open_new(record.account, record.folder));
  if (!folder && record.folder == "INBOX") {
    TRY(mail_.make_mailbox(record.account));
    folder = TRY(mail_.open_new(record.account, record.folder));
  }
  if (!folder) return nullptr;
  return &open_.emplace(key, std::move(*folder)).first->second;
}

void Targets::forget(const Record& record) { open_.erase({record.account, record.folder}); }

std::vector<const Fd*> Targets::folders() const {
  std::vector<const Fd*> folders;
  for (const auto& [place, folder] : open_) folders.push_back(&folder);
  return folders;
}

namespace {

// Time and row made the old name unique already, so one mark more is enough.
std::string another_name(const Record& record) {
  const std::string_view sizes = sizes_part(record.file);
  return fmt::format("{}_1{}", std::string_view(record.file).substr(0, record.file.size() - sizes.size()),
                     sizes);
}

void redirect_to_inbox(Move& move) {
  move.record.folder = "INBOX";
  move.state = Move::State::redirected;
}

void fail_move(Move& move, Error error) {
  move.state = Move::State::failed;
  move.error = std::move(error);
}

void move_one(const MailStore& mail, Targets& targets, Move& move) {
  const auto folder = targets.open(move.record);
  if (!folder) return fail_move(move, folder.error());
  if (*folder == nullptr) return redirect_to_inbox(move);
  const auto moved = mail.move(move.record.staging_name(), **folder, move.record.file);
  if (!moved) return fail_move(move, moved.error());
  switch (*moved) {
    case Moved::yes:
      move.state = Move::State::moved;
      return;
    case Moved::folder_gone:
      targets.forget(move.record);
      return redirect_to_inbox(move);
    case Moved::name_taken:
      move.record.file = another_name(move.record);
      move.state = Move::State::redirected;
      return;
    case Moved::staging_gone:
      return fail_move(move,
                       Error::temporary("the staging file " + move.record.staging_name() + " vanished"));
  }
}

}  // namespace

void move_all(const MailStore& mail, Targets& targets, std::span<Move> moves) {
  for (Move& move : moves)
    if (move.state == Move::State::waiting) move_one(mail, targets, move);
}

void count_moved(const MailStore& mail, std::span<const Move> moves) {
  std::map<std::string, Usage> changes;
  for (const Move& move : moves) {
    if (move.state != Move::State::moved) continue;
    Usage& change = changes[move.record.account];
    change.octets += std::max<int64_t>(0, physical_size(move.record.file));
    ++change.messages;
  }
  for (const auto& [account, change] : changes) {
    const auto mailbox = mail.open_mailbox(account);
    if (!mailbox || !*mailbox) continue;  // gone meanwhile
    if (const auto added = add_usage(**mailbox, change); !added)
      log::warning("quota of {}: {}", account, added.error().text);
  }
}

}  // namespace futar::mda
