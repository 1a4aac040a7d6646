#include "mta/outbound/outlook.h"

#include <fmt/format.h>

#include <algorithm>

namespace futar::mta {
namespace {

using smtp_client::TlsUse;

bool is_skipped(const Hop& hop) { return hop.plan && hop.plan->skip; }

std::string_view use_words(TlsUse use) {
  switch (use) {
    case TlsUse::none:
      return "none";
    case TlsUse::opportunistic:
      return "opportunistic";
    case TlsUse::required:
      return "required";
    case TlsUse::implicit:
      return "from the first octet";
  }
  return "";
}

}  // namespace

std::vector<std::string> problems(const Outlook& outlook) {
  std::vector<std::string> problems;
  if (outlook.hops.empty() && outlook.state == HostList::State::never)
    problems.push_back(fmt::format("{} {}; mail for it is returned", outlook.status, outlook.reason));
  else if (outlook.hops.empty() && outlook.complete)
    problems.push_back(
        fmt::format("{} {}; mail for it waits and is tried again", outlook.status, outlook.reason));
  if (!outlook.hops.empty() && std::ranges::all_of(outlook.hops, is_skipped))
    problems.push_back("none of its hosts may be used now; mail for it waits and is tried again");
  if (!outlook.trouble.empty())
    problems.push_back(
        fmt::format("an MTA-STS policy is announced, but could not be fetched: {}", outlook.trouble));
  if (!outlook.complete) problems.push_back("some answers have not come yet: ask again in a moment");
  return problems;
}

std::string tls_words(const Hop& hop) {
  if (!hop.plan) return "not known yet";
  return fmt::format("{}: {}", hop.plan->skip ? "not used" : use_words(hop.plan->use), hop.plan->why);
}

std::string_view dnssec_words(const Outlook& outlook, const Hop& hop) {
  if (hop.host.name.starts_with('[')) return "";
  const bool mx = hop.host.mx_secure || !outlook.by_mx;
  if (mx && hop.host.address_secure) return "signed";
  if (!outlook.by_mx) return "not signed";
  return mx ? "address not signed" : hop.host.address_secure ? "MX not signed" : "not signed";
}

}  // namespace futar::mta
