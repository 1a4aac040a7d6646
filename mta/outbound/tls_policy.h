// What a host must prove before it gets mail: config, DANE (RFC 7672) and MTA-STS (RFC 8461) weighed. The weighing is
// pure (weigh); TlsPolicies fetches what it needs.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/dns/resolver.h"
#include "common/net/stream.h"
#include "common/smtp_client/session.h"
#include "mta/outbound/hosts.h"
#include "mta/outbound/mta_sts.h"

namespace futar::mta {

/// mta.tls_policy of a destination.
enum class TlsWish : uint8_t { opportunistic, require, verify, dane_only };

/// TLSA records of one host, as the DNS gave them.
struct DaneState {
  enum class Kind : uint8_t {
    off,       ///< no validator, or MX or address insecure: DANE does not apply
    none,      ///< securely absent
    usable,    ///< records that can be checked
    unusable,  ///< records, none of them usable: TLS required, not authenticated (RFC 7672 §2.1.1)
    failed,    ///< bogus or SERVFAIL: this host may not be used now (§2.1.2)
  };
  Kind kind = Kind::off;
  std::vector<net::TlsaRecord> records;
  std::string why;
};

/// What to do with one host.
struct TlsPlan {
  bool skip = false;  ///< not this host, now
  smtp_client::TlsUse use = smtp_client::TlsUse::opportunistic;
  net::TlsExpectation expectation;
  bool clear_after_failure = false;  ///< a failed handshake may be followed by a connection in clear
  std::string why;  ///< for the trace: "DANE: 2 TLSA records", "MTA-STS policy of remote.example", "not verified"
};

TlsPlan weigh(TlsWish wish, const DaneState& dane, const std::optional<StsPolicy>& sts, const Host& host,
              const std::string& domain);

}  // namespace futar::mta
