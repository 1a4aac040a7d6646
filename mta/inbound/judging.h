// Where a message comes from, found out while its session goes on: SPF and the client's name from MAIL on,
// DKIM, ARC and the policy of whoever From names at the dot. What follows is common/verdict's.
#pragma once
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "common/arc/verifier.h"
#include "common/base/clock.h"
#include "common/dmarc/check.h"
#include "common/dns/resolver.h"
#include "common/net/gate.h"
#include "common/spf/engines.h"
#include "common/spool/body.h"
#include "common/verdict/verdict.h"

namespace futar::mta {

/// What all judgings share. All of it outlives the loop's run.
struct Judges {
  net::Loop& loop;
  dns::Resolver& resolver;
  spool::Folder& spool;
  const Clock& clock;
  spf::Engines& spf;
  bool dmarc = true;          ///< false: From's policy is not asked for
  int64_t limit_ms = 25'000;  ///< from the dot on; whoever does not answer by then gives a temperror
  std::mt19937 random{std::random_device{}()};
};

/// One transaction. Its questions may end after it: they keep it alive.
class Judging : public std::enable_shared_from_this<Judging> {
 public:
  /// `request`: client, HELO, sender and our name. `untraced`: why the client is unknown, as "came from ...";
  /// then its name and SPF are not asked for.
  Judging(Judges& judges, spf::Request request, std::string untraced = "");

  /// Asks the DNS in the background. finish() does it otherwise.
  void start();
  /// At the dot, once. `header` as it came. An error is one of our disk.
  Task<Result<verdict::Verdict>> finish(const std::string& header, const spool::Body& body);

 private:
  using Self = std::shared_ptr<Judging>;
  void spawn(Task<> part);
  static Task<> ask_name(Self self);
  static Task<> ask_spf(Self self);
  static Task<> ask_policies(Self self);
  static Task<> ask_keys(Self self);
  static Task<> ask_seal_keys(Self self);
  Task<Result<void>> read(const spool::Body& body);
  verdict::Verdict conclude();

  Judges& judges_;
  spf::Request request_;
  std::string untraced_;
  bool started_ = false;
  size_t open_ = 0;  ///< parts that have not ended
  net::Gate done_;
  std::optional<verdict::Iprev> iprev_;
  std::optional<verdict::Hello> hello_;
  std::optional<spf::Verdict> helo_;
  spf::Verdict mail_from_;
  dmarc::Authors authors_;
  std::vector<dmarc::Discovery> policies_;  ///< of the authors
  std::optional<dkim::Verifier> dkim_;
  std::optional<arc::Verifier> arc_;
};

/// Whether the reverse-path is who sent it, so that a DSN there tells no stranger (design §5): SPF passed for
/// its domain, or DKIM for one of the same organisation.
bool proves_sender(const verdict::Verdict& verdict);

}  // namespace futar::mta
