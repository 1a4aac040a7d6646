#include "common/net/tcp_stream.h"

#include <fmt/format.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <cstring>

#include "common/base/clock.h"
#include "common/net/loop.h"
#include "common/net/socket.h"

namespace futar::net {

namespace asio = boost::asio;
using Reason = StreamClosed::Reason;

namespace {

// A peer whose octets are always there already must not keep the loop from the others.
constexpr uint8_t reads_until_yield = 16;
constexpr size_t drained_at_close = 256 * 1024;

Attempt outcome(ssize_t moved, Attempt::Wait if_blocked) {
  if (moved >= 0) return {Attempt::Wait::none, static_cast<size_t>(moved)};
  if (errno == EINTR || errno == EAGAIN) return {if_blocked};
  throw StreamClosed{Reason::reset, fmt::format("connection lost: {}", std::strerror(errno))};
}

Attempt receive(int fd, char* buffer, size_t size) {
  const Attempt attempt = outcome(recv(fd, buffer, size, 0), Attempt::Wait::readable);
  if (attempt.wait == Attempt::Wait::none && attempt.moved == 0)
    throw StreamClosed{Reason::peer_closed, "peer closed the connection"};
  return attempt;
}

Attempt send_some(int fd, std::string_view octets) {
  return outcome(send(fd, octets.data(), octets.size(), MSG_NOSIGNAL), Attempt::Wait::writable);
}

// Octets left unread would make the kernel answer with a reset, which can overtake our last reply.
void discard_input(int fd) {
  char buffer[4096];
  for (size_t total = 0; total < drained_at_close;) {
    const ssize_t moved = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (moved <= 0) return;
    total += static_cast<size_t>(moved);
  }
}

}  // namespace

TcpStream::TcpStream(asio::io_context& context, std::shared_ptr<StreamGroup> group, Fd socket)
    : descriptor_(context, socket.release()), group_(std::move(group)) {
  peer_ = peer_endpoint(descriptor_.native_handle());
  local_ = own_endpoint(descriptor_.native_handle());
  if (!local_.address.octets().empty()) set_no_delay(descriptor_.native_handle());
  group_->add(*this);
}

TcpStream::~TcpStream() { close(); }

void TcpStream::check_open() const {
  if (closed_) throw StreamClosed{Reason::shutdown, "connection closed by us"};
  if (system_clock().steady_ms() >= deadline_) throw StreamClosed{Reason::deadline, "timeout"};
}

void TcpStream::wake() {
  boost::system::error_code ignored;
  descriptor_.cancel(ignored);
}

Task<> TcpStream::wait_for(Attempt::Wait direction) {
  const auto kind = direction == Attempt::Wait::readable ? asio::posix::stream_descriptor::wait_read
                                                         : asio::posix::stream_descriptor::wait_write;
  reads_without_wait_ = 0;
  // Whatever ends the wait, the caller tries again and finds out.
  co_await descriptor_.async_wait(kind, asio::as_tuple(asio::use_awaitable));
}

Task<size_t> TcpStream::read(char* buffer, size_t size) {
  if (++reads_without_wait_ >= reads_until_yield) {
    reads_without_wait_ = 0;
    co_await asio::post(descriptor_.get_executor(), asio::use_awaitable);
  }
  while (true) {
    check_open();
    if (idle_ && group_->is_shutting_down()) throw StreamClosed{Reason::shutdown, "shutting down"};
    const Attempt attempt =
        tls_ ? tls_->read(buffer, size) : receive(descriptor_.native_handle(), buffer, size);
    if (attempt.wait == Attempt::Wait::none) co_return attempt.moved;
    co_await wait_for(attempt.wait);
  }
}

Task<> TcpStream::write(std::string_view octets) {
  while (!octets.empty()) {
    check_open();
    const Attempt attempt = tls_ ? tls_->write(octets) : send_some(descriptor_.native_handle(), octets);
    octets.remove_prefix(attempt.moved);
    if (attempt.wait != Attempt::Wait::none) co_await wait_for(attempt.wait);
  }
}

Task<> TcpStream::handshake(TlsSession session) {
  tls_ = std::move(session);
  while (true) {
    check_open();
    const Attempt attempt = tls_->handshake();
    if (attempt.wait == Attempt::Wait::none) break;
    co_await wait_for(attempt.wait);
  }
  tls_info_ = tls_->info();
}

Task<> TcpStream::start_tls(TlsContext& context) {
  check_open();
  return handshake(TlsSession::server(context, descriptor_.native_handle()));
}

Task<> TcpStream::start_tls_client(TlsContext& context, TlsExpectation expectation) {
  check_open();
  return handshake(
      TlsSession::client(context, descriptor_.native_handle(), peer_.text(), std::move(expectation)));
}

std::optional<uint32_t> TcpStream::peer_uid() const {
  return unix_peer_uid(const_cast<asio::posix::stream_descriptor&>(descriptor_).native_handle());
}

void TcpStream::close() {
  if (std::exchange(closed_, true)) return;
  const int fd = descriptor_.native_handle();
  if (tls_) tls_->close_notify();
  shutdown(fd, SHUT_WR);
  discard_input(fd);
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

Task<int> TcpStream::finish_connect() {
  check_open();
  co_await wait_for(Attempt::Wait::writable);
  check_open();
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(descriptor_.native_handle(), SOL_SOCKET, SO_ERROR, &error, &size);
  peer_ = peer_endpoint(descriptor_.native_handle());
  local_ = own_endpoint(descriptor_.native_handle());
  co_return error;
}

namespace {

Task<Result<std::unique_ptr<Stream>>> connect_socket(Loop& loop, SocketAddress address, std::string name,
                                                     int64_t deadline) {
  Fd socket = CO_TRY(open_socket(address));
  int error = connect(socket.get(), address.get(), address.size) == 0 ? 0 : errno;
  auto stream = std::make_unique<TcpStream>(loop.context(), loop.connections(), std::move(socket));
  stream->set_deadline(deadline);
  try {
    if (error == EINPROGRESS) error = co_await stream->finish_connect();
  } catch (const StreamClosed& closed) {
    co_return fail(Error::temporary(fmt::format("connect {}: {}", name, closed.text)));
  }
  if (error != 0) co_return fail(Error::temporary(fmt::format("connect {}: {}", name, std::strerror(error))));
  co_return stream;
}

}  // namespace

Task<Result<std::unique_ptr<Stream>>> connect_tcp(Loop& loop, Endpoint remote, int64_t deadline) {
  return connect_socket(loop, to_kernel(remote), remote.text(), deadline);
}

Task<Result<std::unique_ptr<Stream>>> connect_unix(Loop& loop, std::string path, int64_t deadline) {
  const SocketAddress address = CO_TRY(to_kernel(path));
  co_return co_await connect_socket(loop, address, path, deadline);
}

}  // namespace futar::net
