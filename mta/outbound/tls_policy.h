// What a host must prove before it gets mail: config, DANE (RFC 7672) and MTA-STS (RFC 8461) weighed. Pure;
// TlsPolicies (policies.h) fetches what is weighed.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/net/stream.h"
#include "common/smtp_client/session.h"
#include "mta/outbound/hosts.h"
#include "mta/outbound/mta_sts.h"

namespace futar::mta {

/// mta.tls_policy of a destination. `verify` trusts the MX name that the DNS gave; `dane_only` does not need
/// to.
enum class TlsWish : uint8_t { opportunistic, require, verify, dane_only };
std::optional<TlsWish> tls_wish(std::string_view word);  ///< "dane-only"

/// TLSA records of one host, as the DNS gave them.
struct DaneState {
  enum class Kind : uint8_t {
    off,       ///< no validator, or MX or address insecure: DANE does not apply
    none,      ///< absent
    usable,    ///< records that can be checked
    unusable,  ///< records, none of them usable: TLS required, not authenticated (RFC 7672 §2.1.1)
    failed,    ///< bogus or SERVFAIL: this host may not be used now (§2.1.2)
  };
  Kind kind = Kind::off;
  std::vector<net::TlsaRecord> records = {};  ///< usable: those that can be checked
  std::string why = {};                       ///< why it is off or failed
  std::string base = {};                      ///< the name whose records they are: SNI (§2.2.2)
};

/// What to do with one host.
struct TlsPlan {
  bool skip = false;  ///< not this host, now
  smtp_client::TlsUse use = smtp_client::TlsUse::opportunistic;
  net::TlsExpectation expectation = {};
  bool clear_after_failure = false;  ///< a failed handshake may be followed by a connection in clear
  std::string why =
      {};  ///< for the trace: "DANE: 2 TLSA records", "MTA-STS policy of remote.example", "not verified"
  std::string policy_type = "no-policy-found";  ///< for reports (RFC 8460 §4.2): or "tlsa", "sts"
};

/// `domain` is the next hop, in A-label form: what stands behind the @, or the host itself if the config
/// names it.
TlsPlan weigh(TlsWish wish, const DaneState& dane, const std::optional<StsPolicy>& sts, const Host& host,
              const std::string& domain);

/// A host that the config names by URL. Where the URL asks for TLS the certificate must be that of the host,
/// since a password may follow; unless `wish` says less, or the host is this machine.
TlsPlan weigh_url(std::optional<TlsWish> wish, const DaneState& dane, const Host& host,
                  smtp_client::TlsUse use);

/// RFC 8460 §4.3 for what opening a session showed: "" = nothing about TLS, "success",
/// "certificate-expired"...
std::string_view report_result(const smtp_client::Observation& opened, bool encrypted);

}  // namespace futar::mta
