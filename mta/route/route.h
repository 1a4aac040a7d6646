// Where a recipient goes. Pure: the directory's answer and the config in, a route out.
#pragma once
#include <string>
#include <vector>

#include "common/directory/directory.h"
#include "common/smtp/address.h"

namespace futar::mta {

/// mta.remote: what happens to mail for domains that are not ours.
enum class Remote { direct, hold, capture };

struct Route {
  enum class Kind {
    mda,      ///< a mailbox or alias of ours: over the link
    hold,     ///< stays, shown to the operator
    refused,  ///< ours, but nobody of that name
  };
  Kind kind = Kind::mda;
  smtp::Address address;  ///< what mda is asked to deliver to (capture: captured@domain)
  std::string mailbox;    ///< account + detail that will receive it; "" when an alias decides
  std::string prefix;     ///< header fields for this destination alone ("X-Original-To: ...\r\n")
  std::string reason;     ///< in words, for events and `futar route`
};

struct RouteRules {
  Remote remote = Remote::direct;
};

/// `sender` decides which domain captures: its own if local, else the first.
Route route(const RouteRules& rules, const directory::Directory& directory, const smtp::Address& sender,
            const smtp::Address& recipient);

}  // namespace futar::mta
