#include "common/net/gate.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace futar::net {

namespace asio = boost::asio;

// A timer that never fires is Asio's cheapest thing to wait for and cancel. The waiter shares the state, so
// that it may be resumed after the gate has gone.
struct Gate::Impl {
  explicit Impl(Loop& loop) : timer(loop.context()) {}
  asio::steady_timer timer;
  bool open = false;
  uint32_t openings = 0;  // a waiter that was let go must see it even if reset() came before it ran
};

Gate::Gate(Loop& loop) : impl_(std::make_shared<Impl>(loop)) {}
Gate::~Gate() { impl_->timer.cancel(); }

void Gate::open() {
  impl_->open = true;
  ++impl_->openings;
  impl_->timer.cancel();
}

void Gate::reset() { impl_->open = false; }
bool Gate::is_open() const { return impl_->open; }

Task<> Gate::wait() {
  if (impl_->open) co_return;
  const auto impl = impl_;
  impl->timer.expires_at(asio::steady_timer::time_point::max());
  co_await impl->timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

Task<bool> Gate::wait_for(int64_t ms) {
  if (impl_->open) co_return true;
  const auto impl = impl_;
  const uint32_t before = impl->openings;
  impl->timer.expires_after(std::chrono::milliseconds(ms));
  co_await impl->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return impl->openings != before;
}

}  // namespace futar::net
