#include "common/net/tls_session.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include "common/base/text.h"
#include "common/net/openssl.h"
#include "common/net/tls_client.h"
#include "common/net/tls_context.h"

namespace futar::net {

using Reason = StreamClosed::Reason;

void TlsSession::Release::operator()(ssl_st* ssl) const { SSL_free(ssl); }
TlsSession::TlsSession(ssl_st* ssl) : ssl_(ssl) {}
TlsSession::TlsSession(TlsSession&&) noexcept = default;
TlsSession& TlsSession::operator=(TlsSession&&) noexcept = default;
TlsSession::~TlsSession() = default;

TlsSession TlsSession::server(const TlsContext& context, int fd) {
  TlsSession session(SSL_new(context.get()));
  SSL_set_fd(session.ssl_.get(), fd);
  SSL_set_accept_state(session.ssl_.get());
  return session;
}

TlsSession TlsSession::client(const TlsContext& context, int fd, const std::string& peer,
                              TlsExpectation expectation) {
  TlsSession session(SSL_new(context.get()));
  SSL_set_fd(session.ssl_.get(), fd);
  SSL_set_connect_state(session.ssl_.get());
  session.client_ = std::make_unique<TlsClient>(context.sessions(), peer, std::move(expectation));
  session.client_->prepare(session.ssl_.get());
  return session;
}

Attempt TlsSession::outcome(int returned, size_t moved) {
  const int system_error = errno;
  switch (SSL_get_error(ssl_.get(), returned)) {
    case SSL_ERROR_NONE:
      return {Attempt::Wait::none, moved};
    case SSL_ERROR_WANT_READ:
      return {Attempt::Wait::readable};
    case SSL_ERROR_WANT_WRITE:
      return {Attempt::Wait::writable};
    case SSL_ERROR_ZERO_RETURN:
      throw StreamClosed{Reason::peer_closed, "peer closed the TLS connection"};
    case SSL_ERROR_SYSCALL:
      broken_ = true;
      ERR_clear_error();
      if (system_error == 0) throw StreamClosed{Reason::peer_closed, "peer closed the connection"};
      throw StreamClosed{Reason::reset, fmt::format("connection lost: {}", std::strerror(system_error))};
    default: {
      broken_ = true;
      const auto code = ERR_peek_error();
      const std::string text = openssl_error();
      if (ERR_GET_REASON(code) == SSL_R_UNEXPECTED_EOF_WHILE_READING)
        throw StreamClosed{Reason::peer_closed, "peer closed the connection"};
      if (client_) client_->forget_session();
      if (client_ && !client_->refusal().empty()) throw StreamClosed{Reason::tls_failed, client_->refusal()};
      throw StreamClosed{Reason::tls_failed, fmt::format("TLS failed: {}", text)};
    }
  }
}

Attempt TlsSession::handshake() {
  ERR_clear_error();
  errno = 0;
  return outcome(SSL_do_handshake(ssl_.get()), 0);
}

Attempt TlsSession::read(char* buffer, size_t size) {
  ERR_clear_error();
  errno = 0;
  size_t moved = 0;
  const int returned = SSL_read_ex(ssl_.get(), buffer, size, &moved);
  return outcome(returned, moved);
}

Attempt TlsSession::write(std::string_view octets) {
  ERR_clear_error();
  errno = 0;
  size_t moved = 0;
  const int returned = SSL_write_ex(ssl_.get(), octets.data(), octets.size(), &moved);
  return outcome(returned, moved);
}

void TlsSession::close_notify() {
  if (broken_ || !SSL_is_init_finished(ssl_.get())) return;
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

TlsInfo TlsSession::info() const {
  TlsInfo info;
  info.version = SSL_get_version(ssl_.get());
  info.cipher = SSL_get_cipher_name(ssl_.get());
  if (const char* name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name))
    info.sni = printable(name, 255);
  info.resumed = SSL_session_reused(ssl_.get()) == 1;
  if (client_) info.proven_by = client_->proven_by(ssl_.get());
  return info;
}

std::string TlsSession::channel_binding() const {
  // RFC 9266 §2. Below TLS 1.3 it is only unique with an extended master secret: we offer none there.
  constexpr std::string_view label = "EXPORTER-Channel-Binding";
  if (SSL_version(ssl_.get()) < TLS1_3_VERSION) return "";
  std::string octets(32, '\0');
  const int made = SSL_export_keying_material(ssl_.get(), reinterpret_cast<unsigned char*>(octets.data()),
                                              octets.size(), label.data(), label.size(), nullptr, 0, 1);
  return made == 1 ? octets : "";
}

}  // namespace futar::net
