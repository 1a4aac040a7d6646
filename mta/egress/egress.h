// Our outgoing mail seen as its receiver will see it, before it goes: asked once for a domain, then known for
// a while.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/dns/resolver.h"
#include "common/net/gate.h"
#include "common/spf/evaluator.h"
#include "common/spool/body.h"
#include "mta/egress/findings.h"

namespace futar::mta {

enum class EgressMode : uint8_t { off, warn, hold };

struct EgressOptions {
  EgressMode mode = EgressMode::warn;
  std::string hostname;                           ///< by which we greet, and whose addresses we send from
  bool ipv4 = true, ipv6 = true;                  ///< families by which mail leaves
  int64_t good_ms = 3'600'000, bad_ms = 300'000;  ///< how long an answer counts
  std::function<bool(const std::string& domain)> is_ours;
  KeyRecordOf key_record;
  std::function<std::vector<net::IpAddress>()> machine;  ///< addresses, where the DNS has none of ours
};

/// A message as it goes out.
struct Outgoing {
  smtp::Address reverse_path;
  std::string header;  ///< with all fields that go on top
  spool::Body body;
  std::string destination;  ///< a domain, or the URL of a smart host
  bool look_again = false;  ///< what is known does not count
};

class Egress {
 public:
  /// `libspf2` may be null. All of it outlives the checks.
  Egress(net::Loop& loop, dns::Resolver& resolver, spool::Folder& spool, const Clock& clock,
         spf::AsyncEvaluator* libspf2, EgressOptions options);

  EgressMode mode() const { return options_.mode; }
  /// None: nothing of it is ours, or the disk did not give the message.
  Task<std::optional<EgressReport>> check(Outgoing message);
  /// `futar reload`: the next message of each domain is looked at anew.
  void forget() { known_.clear(); }

  /// As of the last look at each domain, for status.
  std::vector<EgressProblem> problems() const;
  void allow_ipv6() { options_.ipv6 = true; }
  uint64_t checked() const { return checked_; }
  uint64_t failed() const { return failed_; }  ///< messages whose report was one

 private:
  struct Known {
    std::string about;  ///< the domains and the smart host of the question, without the keys
    std::optional<EgressReport> report;
    int64_t until_ms = 0;  ///< steady
    bool asking = false;
    std::vector<std::shared_ptr<net::Gate>> waiting;
  };
  struct Case;
  Task<std::optional<EgressReport>> look(std::shared_ptr<Case> message);
  void forget_older(const std::shared_ptr<Known>& answered);
  Task<> find_senders(Case& message);
  Task<> judge_spf(Case& message, EgressFindings& findings);
  Task<> see_as_libspf2(Case& message, EgressFindings& findings);
  Task<Result<void>> judge_dkim(Case& message, EgressFindings& findings);
  Task<> judge_dmarc(Case& message, EgressFindings& findings);

  net::Loop& loop_;
  dns::Resolver& resolver_;
  spool::Folder& spool_;
  const Clock& clock_;
  spf::AsyncEvaluator* libspf2_;
  EgressOptions options_;
  std::map<std::string, std::shared_ptr<Known>> known_;
  uint64_t checked_ = 0, failed_ = 0;
};

}  // namespace futar::mta
