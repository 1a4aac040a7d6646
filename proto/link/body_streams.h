// Large bodies on their way out: a few at a time, in interleaved chunks, so that small mail passes between
// them.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "common/base/async.h"
#include "common/net/gate.h"
#include "common/net/loop.h"
#include "proto/messages.h"

namespace futar::proto {

class BodyStreams : public std::enable_shared_from_this<BodyStreams> {
 public:
  struct Events {
    std::function<Task<Result<std::string>>(const spool::Body& body, uint64_t offset, size_t limit)> read;
    std::function<void(Chunk)> send;
    std::function<bool()> has_credit;
    std::function<void(int64_t sequence)> started;  ///< its first chunk follows
  };
  BodyStreams(net::Loop& loop, Events events) : loop_(loop), events_(std::move(events)) {}

  void add(int64_t sequence, spool::Body body);
  void credit(int64_t sequence, uint64_t octets);  ///< of one body's chunks
  void wake();                                     ///< credit came back
  void remove(int64_t sequence);
  void clear();

 private:
  struct Stream;
  void start_waiting();
  void start(std::shared_ptr<Stream> stream);
  void end(const std::shared_ptr<Stream>& stream);
  static Task<> run(std::shared_ptr<BodyStreams> self, std::shared_ptr<Stream> stream);

  net::Loop& loop_;
  Events events_;
  std::map<int64_t, std::shared_ptr<Stream>> streams_;
  std::deque<std::shared_ptr<Stream>> waiting_;  // over batch_octets, beyond large_in_transfer
  size_t large_ = 0;                             // running ones over batch_octets
};

}  // namespace futar::proto
