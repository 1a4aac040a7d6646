// What is promised about TLS at a destination, fetched: TLSA records by DNS, MTA-STS policies by DNS and
// HTTPS, cached in memory and in mta.db. The weighing is tls_policy.h.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/dns/resolver.h"
#include "common/net/gate.h"
#include "common/net/loop.h"
#include "common/net/tls_context.h"
#include "common/store/writer.h"
#include "mta/outbound/sts_store.h"
#include "mta/outbound/tls_policy.h"

namespace futar::mta {

struct PolicyOptions {
  std::map<std::string, TlsWish> wishes = {};  ///< mta.tls_policy: by domain or host; "*" = all others
  uint16_t smtp_port = 25;                     ///< of MX hosts, as TLSA names have it
  uint16_t https_port = 443;
};

struct DomainPolicy {
  TlsWish wish = TlsWish::opportunistic;
  std::optional<StsPolicy> sts = {};  ///< valid now, enforce or testing
  std::string trouble = {};  ///< why no MTA-STS policy could be fetched, though the DNS announces one
};

class TlsPolicies {
 public:
  TlsPolicies(net::Loop& loop, dns::Resolver& resolver, net::TlsContext& tls, store::Writer& writer,
              store::Reader& reader, const Clock& clock, PolicyOptions options);

  /// `domain` in A-label form, or an address literal. A valid policy that is at hand is given at once and
  /// looked after in the background; else the answer takes up to a minute.
  Task<DomainPolicy> of_domain(std::string domain);
  /// For one MX host of the domain: asks for its TLSA records.
  Task<TlsPlan> plan(DomainPolicy policy, Host host, std::string domain);
  /// For a host that the config names by URL.
  Task<TlsPlan> plan_for_url(Host host, smtp_client::TlsUse use, uint16_t port);

  /// Counts how a session began (RFC 8460); on the disk within a minute of the next one, or by flush().
  void note(const std::string& domain, const TlsPlan& plan, const smtp_client::Observation& opened,
            bool encrypted);
  Task<> flush();

 private:
  struct Entry {
    std::optional<StsPolicy> policy = {};  ///< any mode, perhaps expired
    bool loaded = false;                   ///< from the disk
    bool looking = false;                  ///< a coroutine asks DNS and host now
    int64_t looked_ms = 0;                 ///< steady; 0 = not yet
    int64_t failed_ms = 0;                 ///< steady, of the last failed fetch; 0 = none
    std::string trouble = {};
    std::vector<std::shared_ptr<net::Gate>> waiters = {};
  };
  std::optional<TlsWish> wish_for(const std::string& domain) const;
  bool is_valid(const Entry& entry) const;
  Task<> load(std::string domain, std::shared_ptr<Entry> entry);
  Task<> look(std::string domain, std::shared_ptr<Entry> entry);
  Task<> look_once(const std::string& domain, Entry& entry);
  Task<Result<StsPolicy>> fetch(const std::string& domain, int64_t deadline);
  Task<std::vector<net::IpAddress>> addresses_of(const std::string& host);
  Task<DaneState> dane_of(const Host& host, uint16_t port);
  std::shared_ptr<Entry> entry_of(const std::string& domain);

  net::Loop& loop_;
  dns::Resolver& resolver_;
  net::TlsContext& tls_;
  store::Writer& writer_;
  store::Reader& reader_;
  const Clock& clock_;
  PolicyOptions options_;
  std::unordered_map<std::string, std::shared_ptr<Entry>> entries_;
  TlsResults results_;
  int64_t flushed_ms_ = 0;
};

}  // namespace futar::mta
