#include "common/net/loop.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <csignal>
#include <exception>

#include "common/log/log.h"
#include "common/net/stream.h"
#include "common/net/stream_group.h"

namespace futar::net {

namespace asio = boost::asio;

struct Loop::Impl {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(context);
  std::shared_ptr<StreamGroup> connections = std::make_shared<StreamGroup>(context);
  size_t running = 0;
};

Loop::Loop() : impl_(std::make_unique<Impl>()) {
  signal(SIGPIPE,
         SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL: a peer that has gone must not end the process
}

Loop::~Loop() = default;

void Loop::run() {
  impl_->context.run();
  impl_->context.restart();
}

void Loop::stop() { impl_->context.stop(); }
asio::io_context& Loop::context() { return impl_->context; }
const std::shared_ptr<StreamGroup>& Loop::connections() { return impl_->connections; }
size_t Loop::running() const { return impl_->running; }

void Loop::post(std::move_only_function<void()> f) { asio::post(impl_->context, std::move(f)); }

void Loop::spawn(std::string name, Task<> task) {
  ++impl_->running;
  asio::co_spawn(impl_->context, std::move(task), [this, name = std::move(name)](std::exception_ptr thrown) {
    --impl_->running;
    if (!thrown) return;
    try {
      std::rethrow_exception(thrown);
    } catch (const StreamClosed& closed) {
      log::info("{}: {}", name, closed.text);
    } catch (const std::exception& e) {
      log::error("{}: {}", name, e.what());
    }
  });
}

Task<> Loop::sleep(int64_t ms) {
  asio::steady_timer timer(impl_->context, std::chrono::milliseconds(ms));
  co_await timer.async_wait(asio::use_awaitable);
}

}  // namespace futar::net
