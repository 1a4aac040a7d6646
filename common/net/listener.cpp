#include "common/net/listener.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>
#include <unordered_map>

#include "common/base/clock.h"
#include "common/log/log.h"
#include "common/net/gate.h"
#include "common/net/proxy_header.h"
#include "common/net/socket.h"
#include "common/net/stream_group.h"
#include "common/net/tcp_stream.h"

namespace futar::net {

namespace asio = boost::asio;

namespace {

constexpr int64_t pause_after_error_ms = 100;
constexpr int64_t complaint_interval_ms = 60'000;

Fd open_spare() { return Fd(open("/dev/null", O_RDONLY | O_CLOEXEC)); }

// Whoever has one IPv6 address has its whole /64, so that is what the limit counts.
std::string client_key(const IpAddress& address) {
  return std::string(address.octets().substr(0, address.is_v4() ? 4 : 8));
}

}  // namespace

struct Listener::Impl : std::enable_shared_from_this<Impl> {
  Impl(Loop& its_loop, Fd bound, ListenerOptions its_options, Session its_session)
      : loop(its_loop),
        acceptor(loop.context(), bound.release()),
        options(std::move(its_options)),
        session(std::move(its_session)),
        group(std::make_shared<StreamGroup>(loop.context())),
        last_ended(loop) {}

  Loop& loop;
  asio::posix::stream_descriptor acceptor;
  ListenerOptions options;
  Session session;
  std::shared_ptr<StreamGroup> group;
  Gate last_ended;
  Fd spare = open_spare();  // given up for a moment to tell a client that descriptors have run out
  std::unordered_map<std::string, size_t> clients;
  size_t sessions = 0;
  uint64_t accepted = 0, refused = 0;
  int64_t may_complain_ms = 0;
  bool stopping = false;

  static Task<> accept_all(std::shared_ptr<Impl> impl);
  static Task<> run_session(std::shared_ptr<Impl> impl, std::string client, std::unique_ptr<Stream> stream);
  static Task<> run_proxied(std::shared_ptr<Impl> impl, std::unique_ptr<TcpStream> stream);
  void admit(Fd socket);
  Task<bool> take_proxy_header(TcpStream& stream);
  void refuse(Fd socket);
  void give_up_spare();
  void complain(const std::string& words);
  bool is_proxy(const IpAddress& address) const;
  bool is_over_limit(const IpAddress& client) const;
  void ended(const std::string& client);
  void leave();
};

Task<> Listener::Impl::accept_all(std::shared_ptr<Impl> impl) {
  while (!impl->stopping) {
    co_await impl->acceptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                       asio::as_tuple(asio::use_awaitable));
    if (impl->stopping) co_return;
    Fd socket(accept4(impl->acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    const int error = errno;
    if (socket.is_open()) {
      impl->admit(std::move(socket));
    } else if (error != EAGAIN && error != EINTR && error != ECONNABORTED) {
      impl->complain(fmt::format("cannot accept connections: {}", std::strerror(error)));
      if (error == EMFILE || error == ENFILE) impl->give_up_spare();
      co_await impl->loop.sleep(pause_after_error_ms);
    }
  }
}

void Listener::Impl::admit(Fd socket) {
  const IpAddress address = peer_endpoint(socket.get()).address;
  const bool proxied = is_proxy(address);
  if (sessions >= options.sessions || (!proxied && is_over_limit(address))) return refuse(std::move(socket));
  ++accepted;
  ++sessions;
  auto stream = std::make_unique<TcpStream>(loop.context(), group, std::move(socket));
  std::string name = "session of " + stream->peer().text();
  if (proxied) return loop.spawn(std::move(name), run_proxied(shared_from_this(), std::move(stream)));
  std::string client = client_key(address);
  ++clients[client];
  loop.spawn(std::move(name), run_session(shared_from_this(), std::move(client), std::move(stream)));
}

bool Listener::Impl::is_proxy(const IpAddress& address) const {
  return std::ranges::any_of(options.proxies, [&](const Network& one) { return one.contains(address); });
}

bool Listener::Impl::is_over_limit(const IpAddress& client) const {
  if (options.sessions_per_client == 0 || (options.unlimited && options.unlimited(client))) return false;
  const auto found = clients.find(client_key(client));
  return found != clients.end() && found->second >= options.sessions_per_client;
}

void Listener::Impl::refuse(Fd socket) {
  ++refused;
  // The send buffer of a new connection is empty: the reply goes out at once, or the peer has gone.
  send(socket.get(), options.over_limit_reply.data(), options.over_limit_reply.size(),
       MSG_NOSIGNAL | MSG_DONTWAIT);
}

void Listener::Impl::give_up_spare() {
  spare.reset();
  Fd socket(accept4(acceptor.native_handle(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (socket.is_open()) refuse(std::move(socket));
  spare = open_spare();
}

void Listener::Impl::complain(const std::string& words) {
  const int64_t now = system_clock().steady_ms();
  if (now < may_complain_ms) return;
  may_complain_ms = now + complaint_interval_ms;
  log::warning("{}", words);
}

// The proxy's own connections stay its own; of others it says whose they are.
Task<bool> Listener::Impl::take_proxy_header(TcpStream& stream) {
  stream.set_deadline(system_clock().steady_ms() + options.proxy_patience_ms);
  stream.set_idle(true);
  std::string fault;
  try {
    const auto header = co_await read_proxy_header(stream);
    stream.set_idle(false);
    if (header && !header->is_own) stream.stand_for(header->client, header->server);
    if (header) co_return true;
    fault = header.error().text;
  } catch (const StreamClosed& closed) {
    if (closed.reason == StreamClosed::Reason::deadline) fault = "it sends no PROXY header";
  }
  if (!fault.empty()) complain(fmt::format("connection of proxy {} closed: {}", stream.peer().text(), fault));
  co_return false;
}

Task<> Listener::Impl::run_proxied(std::shared_ptr<Impl> impl, std::unique_ptr<TcpStream> stream) {
  if (!co_await impl->take_proxy_header(*stream)) co_return impl->leave();
  const IpAddress address = stream->peer().address;
  if (impl->is_over_limit(address)) {
    ++impl->refused;
    try {
      co_await stream->write(impl->options.over_limit_reply);
    } catch (const StreamClosed&) {
      // It was a courtesy.
    }
    co_return impl->leave();
  }
  std::string client = client_key(address);
  ++impl->clients[client];
  co_await run_session(impl, std::move(client), std::move(stream));
}

Task<> Listener::Impl::run_session(std::shared_ptr<Impl> impl, std::string client,
                                   std::unique_ptr<Stream> stream) {
  struct Leave {
    Impl& impl;
    const std::string& client;
    ~Leave() { impl.ended(client); }
  } leave{*impl, client};
  co_await impl->session(std::move(stream));
}

void Listener::Impl::ended(const std::string& client) {
  const auto found = clients.find(client);
  if (--found->second == 0) clients.erase(found);
  leave();
}

void Listener::Impl::leave() {
  if (--sessions == 0) last_ended.open();
}

Listener::Listener(Loop& loop, Fd bound, ListenerOptions options, Session session)
    : impl_(std::make_shared<Impl>(loop, std::move(bound), std::move(options), std::move(session))) {}

Listener::~Listener() {
  impl_->stopping = true;
  boost::system::error_code ignored;
  impl_->acceptor.close(ignored);
  impl_->group->close_all();
}

void Listener::start() { impl_->loop.spawn("listener", Impl::accept_all(impl_)); }

Task<> Listener::stop(int64_t grace_ms) {
  const auto impl = impl_;
  impl->stopping = true;
  boost::system::error_code ignored;
  impl->acceptor.close(ignored);
  impl->group->shut_down();
  impl->last_ended.reset();
  if (impl->sessions > 0) co_await impl->last_ended.wait_for(grace_ms);
  impl->group->close_all();
}

size_t Listener::sessions() const { return impl_->sessions; }
uint64_t Listener::accepted() const { return impl_->accepted; }
uint64_t Listener::refused() const { return impl_->refused; }

size_t sessions(const std::vector<std::unique_ptr<Listener>>& listeners) {
  size_t count = 0;
  for (const auto& listener : listeners) count += listener->sessions();
  return count;
}

}  // namespace futar::net
