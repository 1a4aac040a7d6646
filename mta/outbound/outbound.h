// Mail for other servers: which destinations are due, lanes of sessions to each, what became of every
// recipient.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>

#include "common/base/async.h"
#include "common/net/gate.h"
#include "common/net/loop.h"
#include "common/spool/body.h"
#include "mta/egress/egress.h"
#include "mta/outbound/failure.h"
#include "mta/outbound/site.h"
#include "mta/outbound/way.h"
#include "mta/queue/remote_queue.h"

namespace futar::mta {

struct OutboundOptions {
  std::map<std::string, int64_t> spacing_ms;  ///< mta.rate: time between two messages, by destination
  Egress* egress = nullptr;                   ///< looks at mail before its first attempt
  size_t lanes = 1000;                        ///< in all: most of them wait for a host to answer
  size_t lanes_per_destination = 20;
  uint64_t octets = 32u << 20;  ///< of contents in memory, in all
  int64_t idle_ms = 2000;       ///< how long a session is kept for more mail
  /// The reverse-path of mail that an alias sends on (mta/srs).
  std::function<smtp::Address(const smtp::Address& reverse_path, const std::string& forwarder)> forwarded =
      [](const smtp::Address& reverse_path, const std::string&) { return reverse_path; };
};

class Outbound {
 public:
  Outbound(net::Loop& loop, RemoteQueue& queue, Way& way, spool::Folder& spool, const Clock& clock,
           OutboundOptions options);
  void start();
  /// No new sessions; running transactions end, or are cut off after the grace time: then their recipients
  /// are tried again after the start.
  Task<> stop(int64_t grace_ms);

  size_t lanes() const { return lanes_; }

 private:
  /// How serving a destination by one session ended.
  struct Served {
    enum class End : uint8_t {
      drained,    ///< nothing is left to do there
      reconnect,  ///< the session is over, the host is as good as before
      next_host,  ///< see judgement
    };
    End end = End::drained;
    smtp_client::Observation observation;
    bool progress = false;  ///< the host took or judged mail
  };
  Task<> dispatch();
  void serve(const Destination& destination);
  void add_lane(const std::shared_ptr<Site>& site);
  Task<> lane(std::shared_ptr<Site> site);
  Task<std::optional<Failure>> try_hosts(std::shared_ptr<Site> site, const Candidates& candidates);
  Task<> give_up(Site& site, Failure failure);
  Task<> give_back(Site& site);
  void conclude(std::vector<RemoteOutcome> outcomes);
  Task<> conclude_counted(std::vector<RemoteOutcome> outcomes);

  Task<Served> talk(std::shared_ptr<Site> site, smtp_client::Session& session, const Candidate& candidate);
  Task<bool> more_comes(Site& site);
  Task<bool> fetch(Site& site);
  Task<> send(Site& site, smtp_client::Session& session, const Candidate& candidate, Served& served);
  void settle(Site& site, Site::Pending pending, const std::vector<smtp_client::RecipientResult>& results,
              Circumstances circumstances, std::string tls, const Candidate& candidate, Served& served);
  Task<> look_at(Site& site, Site::Pending& pending);
  Task<> look_beside(Outgoing mail, int64_t row);
  void it_answered(Site& site);
  smtp::Address return_path_of(const RemoteItem& item) const;  ///< that of SRS when it was forwarded
  smtp_client::Transaction transaction_of(const RemoteItem& item) const;
  Task<Result<std::string>> read_piece(std::shared_ptr<const std::string> head, spool::Body body,
                                       uint64_t offset) const;

  net::Loop& loop_;
  RemoteQueue& queue_;
  Way& way_;
  spool::Folder& spool_;
  const Clock& clock_;
  OutboundOptions options_;
  std::unordered_map<int64_t, std::shared_ptr<Site>> sites_;
  std::unordered_set<int64_t> ended_;  ///< sites, since the last look began: what it saw of them is old
  size_t lanes_ = 0;
  size_t sending_ = 0;     ///< transactions that run
  size_t concluding_ = 0;  ///< outcomes on their way to the disk
  uint64_t octets_ = 0;    ///< of pending contents
  bool stopping_ = false;
  net::Gate wake_;
};

}  // namespace futar::mta
