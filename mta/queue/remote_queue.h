// The queue as mta/outbound sees it: destinations that are due, the mail at one of them, what became of it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/store/writer.h"
#include "mta/queue/queue.h"
#include "mta/queue/remote.h"
#include "mta/sign/forward_sealer.h"

namespace futar::mta {

class RemoteQueue {
 public:
  RemoteQueue(net::Loop& loop, Queue& queue, store::Reader& reader)
      : loop_(loop), queue_(queue), reader_(reader) {}

  /// Not in back-off and with recipients that are due.
  Task<std::vector<Destination>> due(size_t limit);
  /// Recipients that are due there, in flight from now on, with their messages: so many at most, and no more
  /// messages once their contents in memory exceed `octets`.
  Task<std::vector<RemoteItem>> take(int64_t destination, size_t recipients, uint64_t octets);
  /// Makes the outcomes of recipients in flight durable. Returns only when that is done, or the agent stops.
  Task<> conclude(std::vector<RemoteOutcome> outcomes);
  /// Nobody at the destination took mail: the same outcome for each recipient that is due there;
  /// `destination` as it stands from now on.
  Task<> conclude_all(Destination destination, RemoteOutcome outcome);
  Task<> save(Destination destination);
  /// Into the trace of the recipient's message.
  Task<> note(int64_t row, event::Event event);
  /// mta.remote forbids sending: what waits for other servers is held.
  Task<> hold_all(std::string reason);

  /// Seals what an alias sends on; it must outlive the queue. Without one nothing is sealed.
  void set_sealer(const ForwardSealer& sealer) { sealer_ = &sealer; }
  Queue& queue() { return queue_; }
  const Queue& queue() const { return queue_; }
  void stop() { stopping_ = true; }

 private:
  /// Tries again until it is done, unless something is damaged: that is reported, and an Error.
  Task<Result<void>> commit(Queue::Work work);
  Task<> seal(int64_t message, RemoteItem& item);
  /// Of recipients in the state `from`; `damage` is why they could not be stored as they are.
  Task<> store_outcomes(std::vector<RemoteOutcome> outcomes, State from, std::optional<Error> damage);

  net::Loop& loop_;
  Queue& queue_;
  store::Reader& reader_;
  const ForwardSealer* sealer_ = nullptr;
  bool stopping_ = false;
};

}  // namespace futar::mta
