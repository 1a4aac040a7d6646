#include "common/net/stream_group.h"

#include <boost/asio/io_context.hpp>

#include "common/base/clock.h"
#include "common/net/tcp_stream.h"

namespace futar::net {

struct StreamGroup::List : boost::intrusive::list<TcpStream, boost::intrusive::constant_time_size<false>> {};

StreamGroup::StreamGroup(boost::asio::io_context& context)
    : streams_(std::make_unique<List>()), timer_(context) {}
StreamGroup::~StreamGroup() = default;

void StreamGroup::add(TcpStream& stream) {
  streams_->push_back(stream);
  if (!armed_) arm();
}

void StreamGroup::arm() {
  armed_ = true;
  timer_.expires_after(std::chrono::seconds(1));
  timer_.async_wait([weak = weak_from_this()](boost::system::error_code) {
    if (const auto group = weak.lock()) group->sweep();
  });
}

void StreamGroup::sweep() {
  armed_ = false;
  if (streams_->empty()) return;
  const int64_t now = system_clock().steady_ms();
  for (TcpStream& stream : *streams_)
    if (stream.deadline() <= now) stream.wake();
  arm();
}

void StreamGroup::shut_down() {
  shutting_down_ = true;
  for (TcpStream& stream : *streams_)
    if (stream.is_idle()) stream.wake();
}

void StreamGroup::close_all() {
  for (TcpStream& stream : *streams_) stream.close();
}

}  // namespace futar::net
