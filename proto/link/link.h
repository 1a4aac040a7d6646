// Moving messages between agents so that none is lost and none is taken twice: the four ends of the two
// links. The sockets, credit, heartbeats, resumption and repeats live here; what is durable is the agents'
// business, which they do in the functions they give. All runs on the io thread.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/base/result.h"
#include "common/net/loop.h"
#include "common/spool/body.h"
#include "common/zmq/context.h"
#include "proto/messages.h"

namespace futar::proto {

struct LinkOptions {
  std::string endpoint;  ///< "ipc:///run/futar/submission" or "tcp://host:port"
  std::string instance;  ///< of this agent's state folder
  int64_t started_ms = 0;
  std::string folder;                   ///< where the state folder lies (Hello::folder)
  std::optional<zmq::CurveKeys> curve;  ///< tcp only; without it tcp is refused
  int64_t answer_ms = 120'000;  ///< unanswered so long (ZeroMQ loses nothing while connected): begin again
  int64_t stop_ms = 5'000;      ///< how long stop() waits for answers
};

struct LinkState {
  bool up = false;
  std::string peer;          ///< instance; several msas: joined by ", "
  uint64_t credit = 0;       ///< octets the peer still takes; at a receiver: that we still take
  uint64_t in_transfer = 0;  ///< messages or recipients sent and not answered
  int64_t since_ms = 0;
  std::string refused = {};  ///< at a dialing end that is down: the peer's reason; "" when it gave none
};

// ---- submission: msa sends

/// What msa gives to its end.
struct SubmissionSource {
  /// The backlog: up to `limit` messages with key > after that are still spooled, in order, bodies up to
  /// eager_limit loaded. From the reader thread.
  std::function<Task<Result<std::vector<TransferItem>>>(int64_t after, size_t limit)> load;
  /// A piece of a large body.
  std::function<Task<Result<std::string>>(const spool::Body& body, uint64_t offset, size_t limit)> read;
  /// mta has these: commit "handed over". Durable when it returns.
  std::function<Task<Result<void>>(std::vector<Range>)> handed_over;
  /// mta says: I know this sequence with another id. Commit and return a new epoch.
  std::function<Task<Result<int64_t>>()> new_epoch;
  int64_t epoch = 1;
  /// All keys below are handed over (durably).
  std::function<int64_t()> confirmed_below;
};

class SubmissionSender {
 public:
  SubmissionSender(net::Loop& loop, zmq::Context& context, LinkOptions options, SubmissionSource source);
  ~SubmissionSender();
  Result<void> start();
  /// A message that was just committed: sent at once while the link is up and credit lasts, else found again
  /// by load(). Keys must come in the order of their commits.
  void offer(TransferItem item);
  /// Says Hello anew, so that the backlog is loaded from confirmed_below() on: rows came back below it.
  void begin_again(const std::string& why);
  LinkState state() const;
  Task<> stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// ---- submission: mta receives

struct SubmissionSink {
  /// Which of these are known (seen or held)? For Offer. The answer for each item: want, have, or epoch
  /// mismatch.
  enum class Known { want, have, taken, other_id };
  std::function<Task<Result<std::vector<Known>>>(std::string instance, Offer offer)> known;
  /// Takes whole messages: commits message and *seen* in one transaction. For each: taken = durable now, have
  /// = it was there before, want = not taken, Later; other_id = Later with a new epoch. An error means Later
  /// for all. Several calls may run at once, never two with the same sequence; answers may come in any order.
  std::function<Task<Result<std::vector<Known>>>(std::string instance, Transfer transfer)> take;
  /// A writer for a large body (name = id). The link keeps the file when take() answered `taken`, else
  /// discards it; there are never two writers of one id at once.
  std::function<spool::BodyWriter(const MessageId&)> begin_body;
  /// The sender has confirmed: everything below may be forgotten.
  std::function<void(std::string instance, int64_t epoch, int64_t below)> confirmed;
};

class SubmissionReceiver {
 public:
  SubmissionReceiver(net::Loop& loop, zmq::Context& context, LinkOptions options, SubmissionSink sink);
  ~SubmissionReceiver();
  Result<void> start();
  LinkState state() const;
  Task<> stop();  ///< takes no more, finishes what was taken

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// ---- delivery: mta sends

struct DeliverySource {
  /// The link came up: mta may call send() for what waits.
  std::function<void()> up;
  /// Optional: ready() was false for want of credit and is true again.
  std::function<void()> ready;
  std::function<void()> down;  ///< all rows without an outcome wait on the link again
  std::function<void(std::vector<OutcomeItem>)> outcomes;
  std::function<void(MailboxState)> mailboxes;
  std::function<Task<Result<std::string>>(const spool::Body& body, uint64_t offset, size_t limit)> read;
  int64_t epoch = 1;
  std::function<int64_t()> confirmed_below;
};

class DeliverySender {
 public:
  DeliverySender(net::Loop& loop, zmq::Context& context, LinkOptions options, DeliverySource source);
  ~DeliverySender();
  Result<void> start();
  /// True when send() may be called: link up and credit left.
  bool ready() const;
  /// Sends a message's recipients. The outcome of each row comes by `outcomes`, or `down` says that it waits
  /// again.
  void send(DeliverItem item);
  LinkState state() const;
  Task<> stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

// ---- delivery: mda receives

struct DeliverySink {
  /// Delivers whole items (large bodies are complete) as one batch, returns the outcome of each row. Several
  /// calls may run at once, never two with the same row.
  std::function<Task<std::vector<OutcomeItem>>(std::string instance, Deliver deliver)> take;
  /// A writer for a large body; its file is discarded when take() has returned.
  std::function<spool::BodyWriter(const MessageId&)> begin_body;
  /// mta has committed the terminal outcomes of all rows below: the ledger may forget them.
  std::function<void(std::string instance, int64_t epoch, int64_t below)> confirmed;
  /// All mailbox states, sent after each Welcome.
  std::function<MailboxState()> mailboxes;
};

class DeliveryReceiver {
 public:
  DeliveryReceiver(net::Loop& loop, zmq::Context& context, LinkOptions options, DeliverySink sink);
  ~DeliveryReceiver();
  Result<void> start();
  void push(MailboxState changes);
  LinkState state() const;
  Task<> stop();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace futar::proto
