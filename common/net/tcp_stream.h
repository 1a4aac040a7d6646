// A Stream over a non-blocking socket (TCP or UNIX), with TLS on the same descriptor once it is started.
// Internal to net: others see Stream.
#pragma once
#include <boost/asio/posix/stream_descriptor.hpp>
#include <limits>
#include <memory>
#include <optional>
#include <string>

#include "common/base/file.h"
#include "common/net/stream.h"
#include "common/net/stream_group.h"
#include "common/net/tls_session.h"

namespace futar::net {

class TcpStream final : public Stream, public GroupHook {
 public:
  TcpStream(boost::asio::io_context& context, std::shared_ptr<StreamGroup> group, Fd socket);
  ~TcpStream() override;

  Task<size_t> read(char* buffer, size_t size) override;
  Task<> write(std::string_view octets) override;
  void set_deadline(int64_t steady_ms) override { deadline_ = steady_ms; }
  void set_idle(bool idle) override { idle_ = idle; }
  Task<> start_tls(TlsContext& context) override;
  Task<> start_tls_client(TlsContext& context, TlsExpectation expectation) override;
  const std::optional<TlsInfo>& tls() const override { return tls_info_; }
  std::string channel_binding() const override { return tls_ ? tls_->channel_binding() : ""; }
  const Endpoint& peer() const override { return peer_; }
  const Endpoint& local() const override { return local_; }
  std::optional<uint32_t> peer_uid() const override;
  void close() override;

  /// After connect(2) said EINPROGRESS: returns the errno that the connection ended in, 0 = connected.
  Task<int> finish_connect();
  int64_t deadline() const { return deadline_; }
  bool is_idle() const { return idle_; }
  /// Lets a waiting operation look again at deadline, shutdown and close.
  void wake();
  /// Whose connection a proxy passes on; the socket's own ends are the proxy's and ours.
  void stand_for(const Endpoint& peer, const Endpoint& local) {
    peer_ = peer;
    local_ = local;
  }

 private:
  Task<> wait_for(Attempt::Wait direction);
  Task<> handshake(TlsSession session);
  void check_open() const;

  boost::asio::posix::stream_descriptor descriptor_;
  std::shared_ptr<StreamGroup> group_;
  std::optional<TlsSession> tls_;
  std::optional<TlsInfo> tls_info_;
  Endpoint peer_, local_;
  int64_t deadline_ = std::numeric_limits<int64_t>::max();
  uint8_t reads_without_wait_ = 0;
  bool idle_ = false;
  bool closed_ = false;
};

}  // namespace futar::net
