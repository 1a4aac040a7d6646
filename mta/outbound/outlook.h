// What would happen to mail for a destination: its hosts in the order to try them, what each must prove, what
// is wrong; for the way itself and for people. Pure; Way fills it in.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "mta/outbound/hosts.h"
#include "mta/outbound/tls_policy.h"

namespace futar::mta {

struct Hop {
  Host host;
  uint16_t port = 25;
  std::optional<TlsPlan> plan = {};  ///< none: not known yet
};

struct Outlook {
  HostList::State state = HostList::State::later;
  std::vector<Hop> hops = {};  ///< the best first
  std::string reason = {}, status = {};
  std::string trouble = {};  ///< why an announced MTA-STS policy could not be fetched
  bool by_mx = true;         ///< false: the config names the host
  bool complete = false;     ///< false: some answers have not come yet
};

/// What keeps mail back or returns it, each as a sentence: "5.1.10 nobody.example does not receive mail (null
/// MX); mail for it is returned".
std::vector<std::string> problems(const Outlook& outlook);
/// "required: DANE: 1 TLSA record of mx1.remote.example", "opportunistic: not verified", "not used: ..."
std::string tls_words(const Hop& hop);
/// What of the DNS is proven: "signed", "address not signed", "MX not signed", "not signed"; "" where no DNS
/// was asked.
std::string_view dnssec_words(const Outlook& outlook, const Hop& hop);

}  // namespace futar::mta
