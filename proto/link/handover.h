// Which of msa's messages are in hand, which are with mta, and what is to be loaded next, so that none is
// missed and none is taken twice in a conversation. Pure: no socket, no clock; submission_sender.cpp fetches,
// calls and writes.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "proto/messages.h"

namespace futar::proto {

/// Octets that an item costs in memory, about those that it costs on the wire.
uint64_t cost(const TransferItem& item);
/// Its body goes in chunks after a Want.
bool is_large(const spool::Body& body);
/// 3, 1, 2, 7 -> 1..3, 7.
std::vector<Range> ranges_of(std::vector<int64_t> sequences);

class Handover {
 public:
  struct Load {
    int64_t after = 0;
    size_t limit = 0;
    uint64_t conversation = 0;
  };
  struct Wanted {
    int64_t sequence = 0;
    TransferItem item;  ///< large: head first, then its chunks
  };

  // ---- the conversation
  void begin(int64_t confirmed_below);  ///< Welcome: all that is not handed over is backlog
  void end();                           ///< the link is down: forgets what is under way

  // ---- what there is to send
  /// A message that was just committed. Taken in hand, or only remembered as backlog when there is no room.
  /// While a load runs it waits for that, so that a load's last page does not make backlog of all that comes
  /// meanwhile.
  void offer(TransferItem item);
  /// What to load now, if anything. Pass the result, or an empty list and `failed`, to loaded().
  std::optional<Load> next_load();
  void loaded(const Load& load, std::vector<TransferItem> items, bool failed = false);

  // ---- what goes out
  /// Up to batch_messages that the receiver may hold from before, or that are large.
  std::vector<OfferItem> next_offers(int64_t now_ms);
  /// Up to batch_messages or batch_octets, while credit lasts. Tell spent() before the next call.
  std::vector<TransferItem> next_batch(int64_t now_ms);
  void spent(uint64_t octets) { credit_ -= static_cast<int64_t>(octets); }
  bool has_credit() const { return credit_ > 0; }

  // ---- what comes back
  void credit(uint64_t octets);
  /// Small ones join the next batches; the large ones are returned.
  std::vector<Wanted> wanted(const std::vector<int64_t>& sequences);
  /// mta has them: returns those to commit as handed over, each once in a conversation.
  std::vector<Range> answered(const std::vector<Range>& ranges);
  void committed(const std::vector<Range>& ranges);
  /// Tried again after a pause, which grows while nothing is accepted.
  void refused(const std::vector<int64_t>& sequences, int64_t now_ms);
  void touch(int64_t sequence, int64_t now_ms);  ///< a large body moves
  /// Rewinds for what was refused when its time has come. True: there may be something to send or load.
  bool wake(int64_t now_ms);

  /// Something was sent before `ms` and has no answer.
  bool is_unanswered_since(int64_t ms) const;
  size_t in_transfer() const;  ///< sent or being committed
  uint64_t credit_left() const { return credit_ > 0 ? static_cast<uint64_t>(credit_) : 0; }

 private:
  enum class Stage {
    ready,     ///< in hand, goes out with the next batch
    to_offer,  ///< in hand, goes out with the next Offer
    offered,   ///< in hand, waits for Want, Have or Later
    wanted,    ///< large, waits for its turn to be streamed
    sent,
    answered,  ///< mta has it, our own commit is under way
  };
  struct Entry {
    Stage stage = Stage::ready;
    uint64_t cost = 0;      ///< while in hand
    int64_t since_ms = -1;  ///< when an answer began to be awaited; -1 = none is
    TransferItem item;      ///< while in hand
  };

  bool has_room() const;
  bool is_paused() const { return retry_ms_ >= 0 && refusals_ >= refusals_before_pause; }
  bool is_fresh(int64_t sequence) const;
  void take_in_hand(TransferItem item);
  void take_meanwhile();
  void set_aside(Entry& entry);

  static constexpr int refusals_before_pause = 3;

  bool is_up_ = false;
  uint64_t conversation_ = 0;
  int64_t credit_ = 0;
  uint64_t in_hand_ = 0;  ///< cost of the entries in hand
  std::map<int64_t, Entry> entries_;
  std::deque<int64_t> ready_, to_offer_;
  size_t offered_ = 0;  ///< entries to_offer or offered

  int64_t loaded_up_to_ = 0;  ///< every spooled key up to here is an entry, or was answered
  bool has_backlog_ = true;   ///< there may be spooled keys beyond
  bool loading_ = false;
  std::vector<TransferItem> meanwhile_;  ///< offered while loading
  bool missed_ = false;                  ///< something was offered while loading that is not in meanwhile_
  std::vector<Range> committed_while_loading_;

  std::optional<int64_t> first_offered_;  ///< keys from here on were made by this process
  int64_t sent_up_to_ = 0;                ///< by this process

  int refusals_ = 0;  ///< in a row
  int64_t retry_ms_ = -1, retry_from_ = 0;
};

}  // namespace futar::proto
