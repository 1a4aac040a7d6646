// The connecting end of a link: dials, says Hello until it is welcomed, and again whenever the conversation
// broke.
#pragma once
#include <functional>
#include <memory>

#include "proto/codec/codec.h"
#include "proto/link/link.h"
#include "proto/link/timing.h"

namespace futar::proto {

class Dialer {
 public:
  /// Called on the io thread, none after close().
  struct Events {
    std::function<Hello()> hello;  ///< role, epoch and confirmed-below; the Dialer fills in the rest
    std::function<void(const Welcome&)> up;
    std::function<void()> down;
    std::function<void(Message, uint64_t octets)> received;  ///< between up and down
    std::function<void()> tick;                              ///< each half second
  };

  Dialer(net::Loop& loop, zmq::Context& context, LinkOptions options, Events events);
  Result<void> start();
  /// Returns the octets sent; 0 when the link is down, and what was to be sent is gone.
  uint64_t send(Message message);
  /// Ends the conversation and says Hello again.
  void begin_again(const std::string& why);
  bool is_up() const { return welcomed_; }
  const Welcome& peer() const { return welcome_; }
  int64_t since_ms() const { return since_ms_; }
  LinkState down() const;  ///< while the link is down
  void close(int linger_ms);

 private:
  void connected();
  void disconnected();
  void received(Frames frames);
  void welcomed(Welcome welcome);
  void refused(const Later& later);
  void say_hello();
  void drop();
  void tick();

  net::Loop& loop_;
  zmq::Context& context_;
  LinkOptions options_;
  Events events_;
  std::unique_ptr<zmq::Socket> socket_;
  std::unique_ptr<Ticker> ticker_;
  Damage damage_;
  bool connected_ = false, welcomed_ = false, closed_ = false;
  int64_t session_ = 0, hello_ms_ = 0, since_ms_ = 0;
  Welcome welcome_;
  std::string refused_;  ///< why our Hello was refused; "" when it was not
};

/// Octets of all frames: what credit counts, the same at both ends.
uint64_t octets_of(const Frames& frames);
uint64_t octets_of(const std::vector<Part>& parts);

}  // namespace futar::proto
