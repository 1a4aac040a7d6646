// The binding end of a link: who has said Hello, over which connection, and whether it is still there.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "proto/codec/codec.h"
#include "proto/link/link.h"
#include "proto/link/timing.h"

namespace futar::proto {

class Host {
 public:
  /// Called on the io thread, none after close(). Peers are named by their instance.
  struct Events {
    std::function<Welcome()> welcome;  ///< epoch and confirmed-below; the Host fills in the rest
    std::function<void(const std::string& peer, const Hello&)> up;
    std::function<void(const std::string& peer)> down;
    std::function<void(const std::string& peer, Message, uint64_t octets)> received;  ///< between up and down
    std::function<Message()>
        probe;                   ///< something harmless: a router learns that a peer is gone by sending to it
    std::function<void()> tick;  ///< each half second
  };
  /// `role` of those who may connect; `only_one`: a second instance is refused while the first is there.
  Host(net::Loop& loop, zmq::Context& context, LinkOptions options, std::string role, bool only_one,
       Events events);
  Result<void> start();
  /// Returns the octets sent; 0 when the peer is gone, and what was to be sent too.
  uint64_t send(const std::string& peer, Message message);
  /// Ends the conversation; the peer begins it again.
  void begin_again(const std::string& peer, const std::string& why);
  void damaged(const std::string& what) { damage_.count(what); }
  bool is_up(const std::string& peer) const { return peers_.contains(peer); }
  std::string peers() const;  ///< joined by ", "
  int64_t since_ms() const { return since_ms_; }
  void close(int linger_ms);

 private:
  struct Peer {
    std::string route;
    Hello hello;
  };
  void received(const std::string& route, Frames frames);
  void said_hello(const std::string& route, Hello hello);
  void welcome(const std::string& route, Hello hello, bool again);
  void ask_for_hello(const std::string& route, const std::string& why);
  void ask_again();
  bool is_there(const std::string& peer);
  void probe_all();
  void drop(const std::string& peer);
  const std::string* peer_of(const std::string& route) const;

  net::Loop& loop_;
  zmq::Context& context_;
  LinkOptions options_;
  std::string role_;
  bool only_one_, closed_ = false;
  Events events_;
  std::unique_ptr<zmq::Socket> socket_;
  std::unique_ptr<Ticker> ticker_;
  std::unique_ptr<Soon> probe_soon_;
  Damage damage_;
  std::map<std::string, Peer> peers_;             // by instance
  std::map<std::string, std::string> instances_;  // by route
  struct Asked {
    std::string why;
    int64_t ms = 0;
  };
  std::map<std::string, Asked> asked_;  // by route: has to say Hello and has not yet
  int64_t since_ms_ = 0;
};

}  // namespace futar::proto
