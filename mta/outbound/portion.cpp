#include "mta/outbound/portion.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"

namespace futar::mta {

std::vector<RemoteRecipient> split_off(std::vector<RemoteRecipient>& recipients,
                                       const smtp_client::PeerOffer& offer) {
  if (recipients.size() <= std::min(offer.max_recipients, offer.max_domains)) return {};
  std::vector<RemoteRecipient> now, rest;
  std::set<std::string> domains;
  for (RemoteRecipient& recipient : recipients) {
    const std::string domain = ascii_lower(recipient.address.domain);
    const bool fits =
        now.size() < offer.max_recipients && (domains.contains(domain) || domains.size() < offer.max_domains);
    if (fits) domains.insert(domain);
    (fits ? now : rest).push_back(std::move(recipient));
  }
  recipients = std::move(now);
  return rest;
}

}  // namespace futar::mta
