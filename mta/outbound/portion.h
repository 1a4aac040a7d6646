// How much of a message's envelope a server takes in one transaction (RFC 9422). Pure.
#pragma once
#include <vector>

#include "common/smtp_client/peer_offer.h"
#include "mta/queue/remote.h"

namespace futar::mta {

/// Leaves in `recipients`, in order, what goes in one transaction: at least one. Returns the rest.
std::vector<RemoteRecipient> split_off(std::vector<RemoteRecipient>& recipients,
                                       const smtp_client::PeerOffer& offer);

}  // namespace futar::mta
