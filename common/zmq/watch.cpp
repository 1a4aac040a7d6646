#include "common/zmq/watch.h"

#include <zmq.h>

#include <boost/asio/io_context.hpp>

namespace futar::zmq {

namespace {
int descriptor_of(void* socket) {
  int fd = -1;
  size_t size = sizeof fd;
  zmq_getsockopt(socket, ZMQ_FD, &fd, &size);
  return fd;
}
}  // namespace

Watch::Watch(net::Loop& loop, void* socket, std::function<bool()> drain)
    : loop_(loop),
      socket_(socket),
      drain_(std::move(drain)),
      descriptor_(loop.context(), descriptor_of(socket)) {}

void Watch::start() { poke(); }

void Watch::poke() {
  if (poked_ || stopped_) return;
  poked_ = true;
  loop_.post([self = shared_from_this()] {
    self->poked_ = false;
    self->run();
  });
}

void Watch::stop() {
  if (stopped_) return;
  stopped_ = true;
  descriptor_.cancel();
  descriptor_.release();  // ZeroMQ closes it
}

bool Watch::has_input() const {
  int events = 0;
  size_t size = sizeof events;
  return zmq_getsockopt(socket_, ZMQ_EVENTS, &events, &size) == 0 && (events & ZMQ_POLLIN);
}

void Watch::run() {
  if (stopped_) return;
  const bool more = drain_();
  if (stopped_) return;
  if (more || has_input()) return poke();
  if (!waiting_) wait();
}

// Readable also announces that a send has become possible: ZMQ_FD is never waited for to be writable.
void Watch::wait() {
  waiting_ = true;
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                         [self = shared_from_this()](boost::system::error_code error) {
                           self->waiting_ = false;
                           if (!error) self->run();
                         });
}

}  // namespace futar::zmq
