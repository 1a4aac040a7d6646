#include "common/zmq/context.h"

#include <zmq.h>

#include <stdexcept>

#include "common/zmq/context_impl.h"

namespace futar::zmq {

Context::Context(net::Loop& loop) : impl_(std::make_unique<Impl>(loop)) {
  impl_->context = zmq_ctx_new();
  if (!impl_->context) throw std::runtime_error("zmq_ctx_new failed");
}

Context::~Context() {
  impl_->zap.reset();
  while (zmq_ctx_term(impl_->context) != 0 && zmq_errno() == EINTR) {
  }
}

void* Context::get() const { return impl_->context; }

}  // namespace futar::zmq
