// What a client demands of a server, laid upon an SSL, and the sessions that may be resumed under the same
// demand. Internal to net.
#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/net/stream.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;
struct x509_store_ctx_st;

namespace futar::net {

/// Sessions of a client, the least recently used leave first. What a session proved was proved when it was
/// made, so none is older than an hour: a certificate that expired since, or a TLSA record that changed, is
/// seen then.
class SessionCache {
 public:
  struct Entry {
    std::shared_ptr<ssl_session_st> session;
    std::string proven_by;
    int64_t made_ms = 0;
  };
  static constexpr size_t most = 1024;
  static constexpr int64_t longest_ms = 3'600'000;

  void keep(const std::string& key, Entry entry);
  std::optional<Entry> find(const std::string& key, int64_t now_ms);
  void forget(const std::string& key);
  void clear();
  size_t size() const { return by_key_.size(); }

 private:
  std::list<std::pair<std::string, Entry>> entries_;  ///< the most recently used first
  std::unordered_map<std::string, decltype(entries_)::iterator> by_key_;
};

/// The settings that all client connections share.
void prepare_client(ssl_ctx_st* context);

/// One client connection. It must live as long as its SSL, which calls it back: for the certificate, and for
/// each ticket the server sends.
class TlsClient {
 public:
  TlsClient(std::shared_ptr<SessionCache> sessions, const std::string& peer, TlsExpectation expectation);
  void prepare(ssl_st* ssl);  ///< throws StreamClosed
  /// Why the certificate was refused, in words; "" when that was not the trouble.
  const std::string& refusal() const { return refusal_; }
  std::string proven_by(ssl_st* ssl) const;
  void forget_session();

 private:
  friend void prepare_client(ssl_ctx_st* context);
  static int verify(x509_store_ctx_st* chain, void*);
  static int keep_session(ssl_st* ssl, ssl_session_st* session);
  void expect_names(ssl_st* ssl);
  void expect_tlsa(ssl_st* ssl);

  std::shared_ptr<SessionCache> sessions_;
  TlsExpectation expectation_;
  std::string key_;
  std::string offered_proof_;    ///< what the session that we offered had proved,
  int64_t offered_made_ms_ = 0;  ///< and when
  std::string refusal_;
};

}  // namespace futar::net
