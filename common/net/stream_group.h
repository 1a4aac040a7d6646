// The streams of one listener, or those that we opened: one sweep a second checks all their deadlines, and a
// shutdown reaches them all. Internal to net.
#pragma once
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>
#include <memory>

namespace futar::net {

class TcpStream;

/// A stream leaves the list of its group when it is destroyed.
using GroupHook =
    boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

class StreamGroup : public std::enable_shared_from_this<StreamGroup> {
 public:
  explicit StreamGroup(boost::asio::io_context& context);
  ~StreamGroup();
  void add(TcpStream& stream);
  void shut_down();  ///< ends the reads of idle streams, now and from now on
  void close_all();
  bool is_shutting_down() const { return shutting_down_; }

 private:
  void arm();
  void sweep();

  struct List;
  std::unique_ptr<List> streams_;
  boost::asio::steady_timer timer_;
  bool armed_ = false;
  bool shutting_down_ = false;
};

}  // namespace futar::net
