// The way to a destination: which hosts, what each must prove, and a session with the first that takes mail.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/dns/resolver.h"
#include "common/net/loop.h"
#include "common/net/tls_context.h"
#include "common/net/workers.h"
#include "common/smtp_client/session.h"
#include "mta/outbound/hosts.h"
#include "mta/outbound/outcome.h"
#include "mta/outbound/outlook.h"
#include "mta/outbound/policies.h"

namespace futar::mta {

/// One address of one host, and what it must prove there.
struct Candidate {
  std::string host;  ///< its name
  net::Endpoint endpoint;
  TlsPlan plan;
  std::string text() const;  ///< "mx1.remote.example[192.0.2.25]:25", as events keep it
};

/// Either candidates in the order to try them, or why there are none.
struct Candidates {
  HostList::State state = HostList::State::found;
  std::vector<Candidate> all;
  std::string reason, status;
};

struct WayOptions {
  std::string hello;
  HostRules hosts;
  std::string smart_host;                       ///< text of its URL; only it gets the login
  std::string smart_host_user;                  ///< "" = no login
  std::function<Result<std::string>()> secret;  ///< read anew for each session
  bool oauth = false;                           ///< the secret is an access token
  using Connect = Task<Result<std::unique_ptr<net::Stream>>>(net::Loop&, net::Endpoint, int64_t deadline);
  std::function<Connect> connect = net::connect_tcp;  ///< a test has servers of its own
};

class Way {
 public:
  Way(net::Loop& loop, dns::Resolver& resolver, TlsPolicies& policies, net::TlsContext& tls,
      net::Workers& workers, const Clock& clock, WayOptions options);

  /// `destination`: a domain, an address literal, or a URL (mta/route).
  Task<Candidates> find(std::string destination);
  /// The same for people, as far as it is known after so long; what comes later is remembered for the next
  /// time.
  Task<Outlook> outlook(std::string destination, int64_t limit_ms);
  /// Our IPv6 address has a name in the DNS that leads back to it (mta.ip = "auto").
  void allow_ipv6() { options_.hosts.ipv6 = true; }
  struct Opened {
    std::unique_ptr<smtp_client::Session> session;  ///< null: see observation
    smtp_client::Observation observation;
  };
  /// Connects and opens. Where the plan allows it, a failed handshake is followed by a connection in clear.
  Task<Opened> open(Candidate candidate, std::string destination);

 private:
  Task<> look(std::string destination, std::shared_ptr<Outlook> outlook);
  Task<> look_by_mx(const std::string& domain, Outlook& outlook);
  Task<> look_by_url(const std::string& text, Outlook& outlook);
  Task<Opened> open_once(const Candidate& candidate, smtp_client::Options options);
  Result<std::optional<smtp_client::Login>> login_for(const std::string& destination) const;

  net::Loop& loop_;
  dns::Resolver& resolver_;
  TlsPolicies& policies_;
  net::TlsContext& tls_;
  net::Workers& workers_;
  const Clock& clock_;
  WayOptions options_;
  std::mt19937 random_;
};

}  // namespace futar::mta
