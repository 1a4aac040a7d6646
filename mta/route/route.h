// Where a recipient goes. Pure: the directory's answer and the config in, a route out.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/directory/directory.h"
#include "common/smtp/address.h"
#include "mta/route/url.h"

namespace futar::mta {

/// mta.remote: what happens to mail for domains that are not ours.
enum class Remote { direct, hold, capture };

struct Route {
  enum class Kind {
    mda,      ///< a mailbox or alias of ours: over the link
    remote,   ///< another mail server: `destination`
    hold,     ///< stays, shown to the operator; `destination` once it is released
    refused,  ///< nobody here of that name (5.1.1), no domain (5.1.2), no bounce to a return path (5.7.1)
  };
  Kind kind = Kind::mda;
  smtp::Address address;  ///< RCPT TO: mda's (capture: captured@domain), or the other server's
  std::string mailbox;    ///< account + detail that will receive it; "" when an alias decides
  std::string prefix;     ///< header fields for this destination alone ("X-Original-To: ...\r\n")
  std::string reason;     ///< in words, for events and `futar route`
  /// Of `remote` and `hold`, the key under which recipients share connections: a domain (A-labels, lower
  /// case), an address literal "[192.0.2.1]", or the text of a HostUrl, which alone has "://" in it. Else "".
  std::string destination = {};
  std::string status = {};  ///< of `refused`, its enhanced status code
};

/// Keys of mta.routes and mta.sender_routes: "remote.example", "*.remote.example" or ".remote.example" (what
/// is below it, not itself), "*"; for senders also whole addresses. Lower case, A-labels.
using RouteTable = std::map<std::string, HostUrl>;

/// Opens a return address that we made when we forwarded a message (mta/srs): where its bounce goes. An
/// error: forged or expired.
using OpenReturnPath = std::function<Result<smtp::Address>(const smtp::Address&)>;

struct RouteRules {
  Remote remote = Remote::direct;
  std::optional<HostUrl> smart_host = {};
  RouteTable routes = {};
  RouteTable sender_routes = {};
  OpenReturnPath open_return_path = {};  ///< not set: such addresses are ordinary ones
};

/// A table of the config as a RouteTable; the error names the entry.
Result<RouteTable> parse_routes(const std::map<std::string, std::string>& table);

/// `sender` decides which domain captures: its own if local, else the first. Order: who lives here;
/// mta.remote; routes by the recipient's domain; by sender; the smart host; the DNS.
Route route(const RouteRules& rules, const directory::Directory& directory, const smtp::Address& sender,
            const smtp::Address& recipient);

}  // namespace futar::mta
