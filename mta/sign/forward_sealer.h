// Seals mail from outside that an alias sends on (ARC, RFC 8617): what was found when it came, in our name.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "common/arc/sealer.h"
#include "mta/sign/mail_signer.h"

namespace futar::mta {

/// What mta/inbound found, read back from the Authentication-Results that it put on top of the header; none
/// for mail that was not judged, or did not come from outside.
std::optional<arc::Ingress> found_at_ingress(std::string_view header, std::string_view authserv_id);

class ForwardSealer {
 public:
  ForwardSealer(const Keyring& keyring, net::Workers& workers, const spool::Folder& spool, const Clock& clock,
                std::string authserv_id)
      : keyring_(keyring),
        workers_(workers),
        spool_(spool),
        clock_(clock),
        authserv_id_(std::move(authserv_id)) {}

  /// The set to put on top, for the `forwarder`, a domain of ours. None: there is nothing to say, no key that
  /// the DNS shows, or a chain that takes no more. An error is one of our disk.
  Task<Result<std::optional<Signature>>> seal(std::string header, spool::Body body,
                                              std::string forwarder) const;

 private:
  const Keyring& keyring_;
  net::Workers& workers_;
  const spool::Folder& spool_;
  const Clock& clock_;
  std::string authserv_id_;
};

}  // namespace futar::mta
