#include "common/net/tls_context.h"

#include <fmt/format.h>

#include <ctime>
#include <functional>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/net/openssl.h"
#include "common/net/tls_client.h"

namespace futar::net {

std::string openssl_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = code ? ERR_reason_error_string(code) : nullptr;
  return reason ? reason : code ? fmt::format("error {:x}", code) : "";
}

struct TlsContext::Impl {
  std::function<Result<SslContextPtr>()> make;
  SslContextPtr context;
  std::shared_ptr<SessionCache> sessions;
};

TlsContext::TlsContext() : impl_(std::make_unique<Impl>()) {}
TlsContext::~TlsContext() = default;
ssl_ctx_st* TlsContext::get() const { return impl_->context.get(); }
const std::shared_ptr<SessionCache>& TlsContext::sessions() const { return impl_->sessions; }

namespace {

Error tls_error(std::string_view what) {
  return Error::permanent(fmt::format("{}: {}", what, openssl_error()));
}

// ALPACA: a browser that was led here speaks "h2" or "http/1.1" and must not get a handshake (RFC 7301 §3.2).
int choose_alpn(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                unsigned offered_size, void*) {
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_size);
  while (!rest.empty()) {
    const std::string_view name = rest.substr(1, static_cast<unsigned char>(rest[0]));
    if (name == "smtp") {
      *chosen = reinterpret_cast<const unsigned char*>(name.data());
      *chosen_size = static_cast<unsigned char>(name.size());
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min(rest.size(), 1 + name.size()));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

SslContextPtr common_context(const SSL_METHOD* method) {
  SslContextPtr context(SSL_CTX_new(method));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  // RELEASE_BUFFERS: an idle connection holds no 16 KiB record buffers. MOVING_WRITE_BUFFER: a write that had
  // to wait goes on from the caller's octets, which need not stay at one address.
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  return context;
}

Result<SslContextPtr> server_context(const std::string& certificate_file, const std::string& key_file) {
  auto context = common_context(TLS_server_method());
  SSL_CTX_set_options(context.get(), SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Sessions live in the client's ticket, sealed with a key that dies with this context; nothing is kept
  // here.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_alpn_select_cb(context.get(), choose_alpn, nullptr);
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1)
    return fail(tls_error(certificate_file));
  if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1)
    return fail(tls_error(key_file));
  if (SSL_CTX_check_private_key(context.get()) != 1)
    return fail(tls_error(fmt::format("{} does not belong to {}", key_file, certificate_file)));
  return context;
}

Result<SslContextPtr> client_context(const std::string& trusted_file) {
  auto context = common_context(TLS_client_method());
  if (!trusted_file.empty() && SSL_CTX_load_verify_file(context.get(), trusted_file.c_str()) != 1)
    return fail(tls_error(trusted_file));
  prepare_client(context.get());
  return context;
}

}  // namespace

Result<std::shared_ptr<TlsContext>> TlsContext::server(const std::string& certificate_file,
                                                       const std::string& key_file) {
  std::shared_ptr<TlsContext> tls(new TlsContext);
  tls->impl_->make = [=] { return server_context(certificate_file, key_file); };
  TRY(tls->reload());
  return tls;
}

Result<std::shared_ptr<TlsContext>> TlsContext::client(const std::string& trusted_file) {
  std::shared_ptr<TlsContext> tls(new TlsContext);
  tls->impl_->make = [=] { return client_context(trusted_file); };
  tls->impl_->sessions = std::make_shared<SessionCache>();
  TRY(tls->reload());
  return tls;
}

Result<void> TlsContext::reload() {
  impl_->context = TRY(impl_->make());  // running handshakes hold the old one
  if (impl_->sessions) impl_->sessions->clear();
  return {};
}

std::string TlsContext::certificate_sha256() const {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  const X509* certificate = SSL_CTX_get0_certificate(get());
  if (!certificate || X509_digest(certificate, EVP_sha256(), digest, &size) != 1) return "";
  return hex({reinterpret_cast<const char*>(digest), size});
}

int64_t TlsContext::not_after_wall_ms() const {
  std::tm tm{};
  const X509* certificate = SSL_CTX_get0_certificate(get());
  if (!certificate || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &tm) != 1) return 0;
  return static_cast<int64_t>(timegm(&tm)) * 1000;
}

}  // namespace futar::net
