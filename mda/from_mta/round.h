// One round of deliveries: some dozen recipients that share their fsyncs (design §4.5). The steps, each of
// which may be the last before a crash:
//
//   look up     rows that were answered before, or have an intent           -> answered, or moved only
//   decide      who is meant: mailbox, other addresses, nobody
//   prepare     mailboxes exist, the message fits                           -> 4.2.2, 5.2.3
//   stage       each file written and synced in .staging/, then .staging/   mda.staged
//   record      one ledger commit: intents and other terminal outcomes      mda.intent
//   move        each file renamed into new/; a folder that is gone: INBOX   mda.renamed
//   sync        each folder once, then .staging/                            mda.synced
//   answer
//
// An answer "later" or "failed" means that no intent stands. Where an I/O error leaves that open, there is no
// answer: the daemon ends, the link goes down, and the next start knows from the disk.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "mda/from_mta/moves.h"
#include "mda/from_mta/workshop.h"
#include "proto/messages.h"

namespace futar::mda {

/// Recipients that came in one message of the link, and their outcomes.
struct Take {
  Sender sender;
  proto::Deliver deliver;
  std::vector<proto::OutcomeItem> outcomes = {};
};

class Round {
 public:
  Round(Workshop& shop, std::vector<Take*> takes);
  /// Fills in the outcomes of all takes.
  Task<> run();

 private:
  enum class Step {
    open,       ///< nothing is known yet
    check,      ///< an intent stands: is the file still staged?
    to_stage,   ///< a file for `record`
    to_record,  ///< the file is staged, or there is none to stage
    to_move,    ///< the intent is durable
    done,       ///< `record` is the answer
    answered,   ///< `outcome` is
    unknown,    ///< whether an intent stands: no answer
  };
  /// One recipient.
  struct Piece {
    Take* take;
    const proto::DeliverItem* item;
    const proto::DeliverRecipient* recipient;
    Step step = Step::open;
    Record record = {};                   ///< what the ledger holds of it, or will
    std::optional<Record> to_write = {};  ///< what the commit adds
    uint64_t quota = 0;
    bool never_full = false;
    bool resumed = false;
    proto::OutcomeItem outcome = {};

    bool has_new_file() const { return record.ending == Ending::delivered && !resumed; }
  };
  struct Mailbox {
    uint64_t quota = 0, wanted = 0;
    bool junk = false;  ///< its Junk folder is needed
    Usage usage = {};
  };

  Task<> look_up();
  Task<> look_up(const Sender& sender, std::vector<Piece*> pieces);
  void apply(Piece& piece, Answer answer);
  void resume(Piece& piece, Record known);
  void decide(Piece& piece);
  Task<> prepare();
  Task<> check_staged();
  Task<> check_mailboxes();
  void take_room(Piece& piece);
  struct Content;
  struct Staging;
  using Contents = std::map<const proto::DeliverItem*, std::optional<Result<Content>>>;
  static Result<Content> content_of(const proto::DeliverItem& item, const spool::Folder& spool);
  std::vector<Staging> files_to_stage(Contents& contents);
  Task<> stage();
  Task<> settle(std::vector<Staging>& files, const Result<void>& folder_synced);
  Task<> unstage(std::vector<std::string> names);
  Task<> record();
  Task<> give_up_recording(Error error);
  Task<> move();
  Task<> redirect(std::vector<Move>& moves);
  Task<> settle(std::vector<Move>& moves);
  Task<> withdraw(std::vector<std::pair<Piece*, Error>> failed);
  Task<> sync(const Targets& targets);
  void give_answers();
  void answer_from_record(Piece& piece);
  void count(const proto::OutcomeItem& outcome);

  std::vector<Piece*> at(Step step);
  void answer(Piece& piece, proto::OutcomeState state, std::string status, std::string reason);
  /// "Later", for an error while no intent stands. One of ours also ends the daemon.
  void later(Piece& piece, const Error& error);
  /// The daemon ends and these get no answer.
  void break_off(const Error& error, const std::vector<Piece*>& pieces);

  Workshop& shop_;
  std::vector<Take*> takes_;
  std::vector<Piece> pieces_;
  std::map<std::string, Mailbox> mailboxes_;  ///< by account, those that were looked at
};

}  // namespace futar::mda
