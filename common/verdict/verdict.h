// All that was found out about where a message comes from. A value: who asks is mta/inbound.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/arc/verifier.h"
#include "common/dkim/verifier.h"
#include "common/dmarc/evaluate.h"
#include "common/net/address.h"
#include "common/smtp/address.h"
#include "common/spf/spf.h"

namespace futar::verdict {

/// Whether the client's address has a name that leads back to it (RFC 8601 §2.7.3, §3).
struct Iprev {
  bool confirmed = false;
  std::string name;  ///< "" if none
};

/// The name in HELO (RFC 5321 §4.1.4).
struct Hello {
  std::string name, oddity;  ///< in words, "it is our own name"; "" when nothing is odd
};

/// What is absent was not looked at.
struct Verdict {
  net::IpAddress client;  ///< who is judged: the one that the trusted forwarder names, if there is one
  std::string forwarder;  ///< the address of the one that mail came through; "" if none
  std::string untraced;   ///< why nobody knows who the client is, as "came from ..."; "" if one does
  smtp::Address sender;   ///< of MAIL
  std::optional<Iprev> iprev;
  std::optional<Hello> hello;
  std::optional<spf::Verdict> helo, mail_from;
  std::optional<std::vector<dkim::Verdict>> dkim;  ///< empty: not signed
  std::optional<dmarc::Evaluation> dmarc;
  std::optional<arc::Verdict> arc;
  std::string voucher;  ///< the trusted sealer that says that From was proven (voucher.h); "" if none

  bool is_vouched() const { return !voucher.empty() && arc && arc->result == arc::Outcome::pass; }
};

/// For whom SPF and DKIM speak, as DMARC wants to know it (RFC 7489 §3.1): SPF of the HELO counts only for a
/// null reverse-path, which it then stands in for.
std::vector<dmarc::Identifier> identifiers(const Verdict& verdict);

}  // namespace futar::verdict
