#include "common/net/read_watch.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

namespace futar::net {

using boost::asio::posix::stream_descriptor;

// The pending wait shares the state, so that it may end after the watch has gone.
struct ReadWatch::Impl : std::enable_shared_from_this<Impl> {
  Impl(Loop& loop, int fd, std::function<void()> f)
      : descriptor(loop.context(), fd), on_readable(std::move(f)) {}

  void wait() {
    descriptor.async_wait(stream_descriptor::wait_read,
                          [self = shared_from_this()](boost::system::error_code error) {
                            if (error || self->stopped) return;
                            self->on_readable();
                            if (!self->stopped) self->wait();
                          });
  }

  stream_descriptor descriptor;
  std::function<void()> on_readable;
  bool stopped = false;
};

ReadWatch::ReadWatch(Loop& loop, int fd, std::function<void()> on_readable)
    : impl_(std::make_shared<Impl>(loop, fd, std::move(on_readable))) {
  impl_->wait();
}

ReadWatch::~ReadWatch() {
  impl_->stopped = true;
  impl_->descriptor.cancel();
  impl_->descriptor.release();
}

}  // namespace futar::net
