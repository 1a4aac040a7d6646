// A ZeroMQ socket's descriptor in the event loop.
#pragma once
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>

#include "common/net/loop.h"

namespace futar::zmq {

/// Calls `drain` on the io thread whenever the socket may have something to read. ZMQ_FD is an edge and only
/// a hint: drain receives until EAGAIN, then ZMQ_EVENTS is looked at, and only then the descriptor is waited
/// for.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  /// drain returns true when it stopped before EAGAIN, to let others have a turn.
  Watch(net::Loop& loop, void* socket, std::function<bool()> drain);
  void start();
  /// To be called after each send, which may have swallowed the edge: drains in the next turn of the loop.
  void poke();
  /// Before zmq_close. drain is not called again, even when it is what called stop().
  void stop();

 private:
  void wait();
  void run();
  bool has_input() const;

  net::Loop& loop_;
  void* socket_;
  std::function<bool()> drain_;
  boost::asio::posix::stream_descriptor descriptor_;
  bool waiting_ = false, poked_ = false, stopped_ = false;
};

}  // namespace futar::zmq
