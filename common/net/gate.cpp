#include "common/net/gate.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace futar::net {

namespace asio = boost::asio;

// A timer that never fires is Asio's cheapest thing to wait for and cancel. The state outlives a waiter whose gate
// was destroyed in the meantime.
struct Gate::Impl {
  explicit Impl(Loop& loop) : timer(loop.context()) {}
  asio::steady_timer timer;
  bool open = false;
};

Gate::Gate(Loop& loop) : impl_(std::make_unique<Impl>(loop)) {}
Gate::~Gate() = default;

void Gate::open() {
  impl_->open = true;
  impl_->timer.cancel();
}

void Gate::reset() { impl_->open = false; }
bool Gate::is_open() const { return impl_->open; }

Task<> Gate::wait() {
  if (impl_->open) co_return;
  impl_->timer.expires_at(asio::steady_timer::time_point::max());
  co_await impl_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
}

Task<bool> Gate::wait_for(int64_t ms) {
  if (impl_->open) co_return true;
  impl_->timer.expires_after(std::chrono::milliseconds(ms));
  auto [error] = co_await impl_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  co_return impl_->open || static_cast<bool>(error);
}

}  // namespace futar::net
