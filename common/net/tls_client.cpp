#include "common/net/tls_client.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/x509v3.h>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/crypto/digest.h"
#include "common/net/openssl.h"
#include "common/net/tls_context.h"

namespace futar::net {

using Proof = TlsExpectation::Proof;
using Reason = StreamClosed::Reason;

void SessionCache::keep(const std::string& key, Entry entry) {
  forget(key);
  entries_.emplace_front(key, std::move(entry));
  by_key_[key] = entries_.begin();
  if (by_key_.size() <= most) return;
  by_key_.erase(entries_.back().first);
  entries_.pop_back();
}

std::optional<SessionCache::Entry> SessionCache::find(const std::string& key, int64_t now_ms) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return std::nullopt;
  if (now_ms - found->second->second.made_ms >= longest_ms) {
    forget(key);
    return std::nullopt;
  }
  entries_.splice(entries_.begin(), entries_, found->second);
  return found->second->second;
}

void SessionCache::forget(const std::string& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

void SessionCache::clear() {
  by_key_.clear();
  entries_.clear();
}

namespace {

constexpr uint8_t dane_ta = 2, dane_ee = 3;

// Each field behind its length: no two expectations give the same octets.
std::string digest(const std::string& peer, const TlsExpectation& expectation) {
  std::string octets;
  const auto add = [&](std::string_view field) { octets += fmt::format("{}:{}", field.size(), field); };
  add(peer);
  add(std::to_string(static_cast<int>(expectation.proof)));
  add(expectation.sni);
  add(std::to_string(expectation.names.size()));
  for (const std::string& name : expectation.names) add(name);
  for (const TlsaRecord& record : expectation.tlsa)
    add(fmt::format("{} {} {} {}", record.usage, record.selector, record.matching, record.data));
  return crypto::sha256(octets);
}

std::string names_of(const X509* certificate) {
  using NamesPtr = Owned<GENERAL_NAMES, GENERAL_NAMES_free>;
  const NamesPtr names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  std::string text;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()) && text.size() < 200; ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_DNS) continue;
    const auto* octets = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    text += text.empty() ? "" : ", ";
    text += printable({octets, static_cast<size_t>(ASN1_STRING_length(name->d.dNSName))}, 255);
  }
  return text.empty() ? "no host" : text;
}

std::string day_of(const ASN1_TIME* time) {
  std::tm tm{};
  if (ASN1_TIME_to_tm(time, &tm) != 1) return "an unknown day";
  return fmt::format("{:04}-{:02}-{:02}", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday);
}

std::string refusal_in_words(X509_STORE_CTX* chain, const TlsExpectation& expectation) {
  const int error = X509_STORE_CTX_get_error(chain);
  const int depth = X509_STORE_CTX_get_error_depth(chain);
  const X509* leaf = X509_STORE_CTX_get0_cert(chain);
  const X509* at_fault = depth > 0 ? X509_STORE_CTX_get_current_cert(chain) : leaf;
  const std::string host = expectation.names.empty() ? expectation.sni : expectation.names.front();
  const std::string whose = fmt::format("certificate {} {}", depth > 0 ? "of an authority of" : "of", host);
  switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return fmt::format("{} expired on {}", whose, at_fault ? day_of(X509_get0_notAfter(at_fault)) : "?");
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return fmt::format("{} is valid only from {}", whose,
                         at_fault ? day_of(X509_get0_notBefore(at_fault)) : "?");
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format("name mismatch: certificate is for {}, expected {}", leaf ? names_of(leaf) : "?",
                         fmt::join(expectation.names, " or "));
    case X509_V_ERR_DANE_NO_MATCH:
      return fmt::format("no TLSA record matches the certificate of {}", host);
    default:
      return fmt::format("{} is not trusted: {}", whose, X509_verify_cert_error_string(error));
  }
}

bool fits(const TlsaRecord& record) {
  const auto* octets = reinterpret_cast<const unsigned char*>(record.data.data());
  const auto size = static_cast<long>(record.data.size());
  const unsigned char* end = octets;
  switch (record.matching) {
    case 0:  // the whole certificate or key
      if (record.selector == 0) return CertificatePtr(d2i_X509(nullptr, &end, size)) && end == octets + size;
      return KeyPtr(d2i_PUBKEY(nullptr, &end, size)) && end == octets + size;
    case 1:
      return size == 32;
    case 2:
      return size == 64;
    default:
      return false;
  }
}

}  // namespace

bool is_usable(const TlsaRecord& record) {
  if (record.usage != dane_ta && record.usage != dane_ee) return false;
  const bool usable = record.selector <= 1 && fits(record);
  ERR_clear_error();
  return usable;
}

void prepare_client(SSL_CTX* context) {
  SSL_CTX_dane_enable(context);
  SSL_CTX_set_cert_verify_callback(context, TlsClient::verify, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, TlsClient::keep_session);
}

TlsClient::TlsClient(std::shared_ptr<SessionCache> sessions, const std::string& peer,
                     TlsExpectation expectation)
    : sessions_(std::move(sessions)),
      expectation_(std::move(expectation)),
      key_(digest(peer, expectation_)) {}

void TlsClient::prepare(SSL* ssl) {
  SSL_set_app_data(ssl, this);
  // An address is no server name (RFC 6066 §3).
  if (!expectation_.sni.empty() && !IpAddress::parse(expectation_.sni))
    SSL_set_tlsext_host_name(ssl, expectation_.sni.c_str());
  if (expectation_.proof == Proof::none) {
    // Who does not verify may be deceived whatever the key sizes are; refusing weak ones would only lead to
    // clear text.
    SSL_set_security_level(ssl, 0);
    SSL_set_verify(ssl, SSL_VERIFY_NONE, nullptr);
  } else {
    SSL_set_verify(ssl, SSL_VERIFY_PEER, nullptr);
    if (expectation_.proof == Proof::dane) expect_tlsa(ssl);
    expect_names(ssl);
  }
  if (const auto entry = sessions_->find(key_, system_clock().steady_ms())) {
    SSL_set_session(ssl, entry->session.get());
    offered_proof_ = entry->proven_by;
    offered_made_ms_ = entry->made_ms;
  }
}

void TlsClient::expect_names(SSL* ssl) {
  if (expectation_.names.empty())
    throw StreamClosed{Reason::tls_failed, "no name is known that the certificate must bear"};
  X509_VERIFY_PARAM* wanted = SSL_get0_param(ssl);
  unsigned flags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS;
  // RFC 8461 §4.2 wants the name among the alternative names; RFC 7672 §3.2.2 lets the common name stand in.
  if (expectation_.proof == Proof::pkix) flags |= X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  X509_VERIFY_PARAM_set_hostflags(wanted, flags);
  X509_VERIFY_PARAM_set1_host(wanted, nullptr, 0);
  bool set = true;
  for (const std::string& name : expectation_.names)
    set =
        set && (IpAddress::parse(name) ? X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str())
                                       : X509_VERIFY_PARAM_add1_host(wanted, name.c_str(), name.size())) == 1;
  if (!set) throw StreamClosed{Reason::tls_failed, "a name that the certificate must bear is malformed"};
}

void TlsClient::expect_tlsa(SSL* ssl) {
  bool one_usable = false;
  if (SSL_dane_enable(ssl, nullptr) == 1) {
    SSL_dane_set_flags(ssl, DANE_FLAG_NO_DANE_EE_NAMECHECKS);
    for (const TlsaRecord& record : expectation_.tlsa)
      one_usable |=
          is_usable(record) && SSL_dane_tlsa_add(ssl, record.usage, record.selector, record.matching,
                                                 reinterpret_cast<const unsigned char*>(record.data.data()),
                                                 record.data.size()) == 1;
  }
  ERR_clear_error();
  if (!one_usable) throw StreamClosed{Reason::tls_failed, "no TLSA record is usable"};
}

std::string TlsClient::proven_by(SSL* ssl) const {
  if (SSL_session_reused(ssl) == 1) return offered_proof_;
  if (expectation_.proof == Proof::none) return "";
  if (expectation_.proof == Proof::pkix) return "PKIX";
  uint8_t usage = 0;
  if (SSL_get0_dane_tlsa(ssl, &usage, nullptr, nullptr, nullptr, nullptr) < 0) return "";
  return usage == dane_ee ? "DANE-EE" : "DANE-TA";
}

void TlsClient::forget_session() { sessions_->forget(key_); }

int TlsClient::verify(X509_STORE_CTX* chain, void*) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
  auto* client = static_cast<TlsClient*>(SSL_get_app_data(ssl));
  if (client->expectation_.proof == Proof::none) return 1;  // building a chain nobody asks for costs CPU
  if (X509_verify_cert(chain) == 1) return 1;
  client->refusal_ = refusal_in_words(chain, client->expectation_);
  return 0;
}

int TlsClient::keep_session(SSL* ssl, SSL_SESSION* session) {
  auto* client = static_cast<TlsClient*>(SSL_get_app_data(ssl));
  const bool resumed =
      SSL_session_reused(ssl) == 1;  // then it is as old as the one in which something was proved
  client->sessions_->keep(client->key_,
                          {.session = {session, SSL_SESSION_free},
                           .proven_by = client->proven_by(ssl),
                           .made_ms = resumed ? client->offered_made_ms_ : system_clock().steady_ms()});
  return 1;  // the reference is ours now
}

}  // namespace futar::net
