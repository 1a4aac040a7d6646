// What the agents say to each other over the link: the contract. Values only; codec/ writes, link/ sends
// them.
//
// submission: msa (DEALER, connects) -> mta (ROUTER)     delivery: mda (DEALER, connects) <- mta (ROUTER)
//
// clang-format off
//   kind          from -> to          means                                        answered by
//   Hello         msa, mda -> mta     here I am: role, instance, start, epoch      Welcome
//   Welcome       mta -> msa, mda     welcome; this is who I am                    -
//   Credit        receiver -> sender  so many octets have been written             -
//   Offer         sender -> receiver  these sequences I have (large, resumption)   Want, Have, Later
//   Want          receiver -> sender  send these                                   Transfer or Deliver, Chunk
//   Have          receiver -> sender  these I hold or held                         -
//   Later         receiver -> sender  not now (reason); or your epoch is used up   Offer, later
//                 mta -> msa, mda     without sequences: your Hello is refused, or say it again
//   Transfer      msa -> mta          messages with content                        Accepted, Later
//   Deliver       mta -> mda          recipients with the content of their message Outcome
//   Chunk         sender -> receiver  a piece of a large body                      -
//   Accepted      mta -> msa          committed: these sequences                   -
//   Outcome       mda -> mta          what became of each recipient                -
//   MailboxState  mda -> mta          full and suspended mailboxes                 -
//   Directory     mta -> msa, mda     published files for far agents               -
// clang-format on
//
// Toward mta the sequence is the message's key in msa.db, toward mda the recipient's row id in mta.db: both
// AUTOINCREMENT, never reused. A frame list is [head as JSON][content]...; unknown keys in the head are
// ignored, unknown kinds and trailing frames are refused.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "common/base/ids.h"
#include "common/message/envelope.h"
#include "common/spool/message_store.h"

namespace futar::proto {

constexpr int version = 1;
constexpr size_t credit_window = 8u << 20;  ///< octets of bodies under way on a link
constexpr size_t eager_limit = 64u * 1024;  ///< larger bodies are offered first, and sent in chunks
constexpr size_t chunk_size = 64u * 1024;
constexpr size_t batch_messages = 64;
constexpr size_t batch_octets = 256u * 1024;
constexpr size_t large_in_transfer = 4;

/// Sequences first..last, both included.
struct Range {
  int64_t first = 0, last = 0;
  bool operator==(const Range&) const = default;
};

struct Hello {
  std::string role;             ///< "msa" or "mda"; the endpoint fixes it, this confirms it
  std::string instance;         ///< id of the state folder, made with the database
  int64_t started_ms = 0;       ///< start stamp: a newer one on the same folder replaces the connection
  int64_t epoch = 1;            ///< of the sender's sequence (msa)
  int64_t confirmed_below = 0;  ///< all sequences below are done at the sender; the receiver forgets them
  int protocol = version;
  int64_t session = 1;      ///< counts the Hellos of a start; a new one forgets what was under way
  std::string folder = {};  ///< where the state folder lies, "HOST:DEVICE:INODE"; "" from the release before
};

struct Welcome {
  std::string instance;
  int64_t started_ms = 0;
  int64_t epoch = 1;            ///< of mta's recipient rows, toward mda
  int64_t confirmed_below = 0;  ///< toward mda: terminal outcomes below are committed at mta
  int protocol = version;
  int64_t session = 1;  ///< of the Hello that it answers
};

/// Octets of Transfer, Deliver and Chunk messages (all their frames) that the receiver has done with.
struct Credit {
  uint64_t octets = 0;
  int64_t sequence = 0;  ///< not 0: they were chunks of this body
};

struct OfferItem {
  int64_t sequence = 0;
  MessageId id;
  uint64_t size = 0;
};
struct Offer {
  int64_t epoch = 1, confirmed_below = 0;
  std::vector<OfferItem> items;
};
struct Want {
  std::vector<int64_t> sequences;
};
struct Have {
  std::vector<int64_t> sequences;
};
struct Later {
  std::vector<int64_t> sequences;
  std::string reason;
  bool new_epoch = false;  ///< the sequence is known with another id: the sender must start a new epoch
  bool say_hello = false;  ///< no sequences: I do not know you, or what you said was damaged; begin again
};

struct TransferItem {
  int64_t sequence = 0;
  spool::Message message;  ///< body.bytes set when size <= eager_limit, else chunks follow
};
struct Transfer {
  int64_t epoch = 1, confirmed_below = 0;
  std::vector<TransferItem> items;
};

struct Chunk {
  int64_t sequence = 0;
  uint64_t offset = 0;
  bool last = false;  ///< before the body's end: it is broken off
  std::string octets;
};

struct Accepted {
  std::vector<Range> ranges;
};

/// One recipient of a message on its way to a mailbox.
struct DeliverRecipient {
  int64_t row = 0;        ///< the sequence toward mda
  smtp::Address address;  ///< as it stands in the envelope (Delivered-To)
  std::string orcpt;
  int depth = 0;                      ///< expansions above it; at most 10
  std::vector<std::string> ancestry;  ///< addresses it was expanded from, to cut loops
  bool ask_only = false;  ///< an operator wants to end it: say what became of it, put nothing new anywhere
};
struct DeliverItem {
  MessageId id;
  smtp::Address reverse_path;
  bool smtputf8 = false;
  bool junk = false;   ///< into the Junk folder
  std::string prefix;  ///< fields for this destination alone, before the header
  std::string header;
  spool::Body body;  ///< bytes set when size <= eager_limit
  std::vector<DeliverRecipient> recipients;
};
struct Deliver {
  int64_t epoch = 1, confirmed_below = 0;
  std::vector<DeliverItem> items;
};

enum class OutcomeState : uint8_t { delivered, expanded, later, failed, discarded };
struct OutcomeItem {
  int64_t row = 0;
  OutcomeState state = OutcomeState::later;
  std::string reason;                ///< for people: "put into INBOX", "mailbox full"
  std::string status;                ///< enhanced status code: "2.0.0", "4.2.2", "5.1.1"
  std::string folder, file;          ///< delivered: where
  std::vector<std::string> targets;  ///< expanded: addresses
  bool resumed = false;              ///< answered from the ledger, nothing was done again
};
struct Outcome {
  std::vector<OutcomeItem> items;
};

struct MailboxStateItem {
  std::string account;
  bool full = false;
};
struct MailboxState {
  bool complete = false;  ///< replaces all that was known (after Hello)
  std::vector<MailboxStateItem> items;
};

struct Directory {
  uint64_t generation = 0;
  std::string name;  ///< "addresses.db"
  std::string octets;
};

using Message = std::variant<Hello, Welcome, Credit, Offer, Want, Have, Later, Transfer, Chunk, Accepted,
                             Deliver, Outcome, MailboxState, Directory>;

}  // namespace futar::proto
