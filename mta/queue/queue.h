// The queue of mta while it runs: what is in flight, what waits, who is woken. What is true stands in mta.db;
// this object holds only what it would read again after a kill.
#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/base/histogram.h"
#include "common/event/event.h"
#include "common/message/report.h"
#include "common/net/gate.h"
#include "common/net/workers.h"
#include "common/spool/body.h"
#include "common/spool/message_store.h"
#include "common/store/writer.h"
#include "mta/queue/conclude.h"
#include "mta/queue/operator.h"
#include "mta/queue/plan.h"
#include "mta/queue/queue_store.h"
#include "mta/schedule/schedule.h"
#include "mta/sign/mail_signer.h"

namespace futar::mta {

struct QueueOptions {
  std::string host;  ///< our name, in DSNs and EHLO
  RetryRules retry;
  RouteRules route;
  int64_t delivery_epoch = 1;         ///< of the recipient rows toward mda
  size_t flights = 4096;              ///< recipients in flight at most
  uint64_t pending_octets = 8 << 20;  ///< content in memory that the link has not yet taken
  /// The log: called on the io thread with the events of a step, after its commit.
  std::function<void(const MessageId&, const std::vector<event::Event>&)> logged =
      [](const MessageId&, const std::vector<event::Event>&) {};
};

/// The way to mda, given by mta/to_mda.
struct Outlet {
  std::function<bool()> ready;
  std::function<void(proto::DeliverItem)> send;
};

struct QueueCounts {
  uint64_t accepted = 0, delivered = 0, relayed = 0, doubtful = 0, deferred = 0, bounced = 0,
           outcomes_ignored = 0, rows_set_aside = 0;
  Histogram commit_times;    ///< of mail from outside: end of its content to the durable commit
  Histogram delivery_times;  ///< from acceptance to delivered or relayed, a recipient each
};

class Queue {
 public:
  using DirectoryNow = std::function<const directory::Directory&()>;

  Queue(net::Loop& loop, net::Workers& workers, store::Writer& writer, store::Reader& reader,
        spool::Folder& spool, const Clock& clock, QueueOptions options, DirectoryNow directory);

  void set_outlet(Outlet outlet) { outlet_ = std::move(outlet); }
  /// Signs what msa hands over, what our own networks give us and what is written here; it must outlive the
  /// queue. Without one nothing is signed.
  void set_signer(const MailSigner& signer) { signer_ = &signer; }
  void start();  ///< the coroutines that load what is due, write DSNs and watch the clock
  void stop();

  /// Takes a message; durable when it returns without an error. Its recipients are on their way then.
  /// `author`: whom we sign for; nobody when it comes from outside.
  Task<Result<void>> accept(spool::Message message, std::vector<event::Event> events,
                            std::optional<Author> author = std::nullopt);

  /// A message of a batch from msa.
  struct FromMsa {
    int64_t sequence = 0;
    spool::Message message;
  };
  /// Messages and *seen* in one transaction. The answer for each: no = taken now, same = was here before,
  /// other_id.
  Task<Result<std::vector<Seen>>> take(std::string instance, int64_t epoch, std::vector<FromMsa> batch);
  /// The same question without taking.
  Task<Result<std::vector<Seen>>> known(std::string instance, int64_t epoch,
                                        std::vector<std::pair<int64_t, MessageId>> items);

  /// What an instance of msa has handed over below this sequence it will not offer again.
  struct Confirmed {
    int64_t epoch = 0, below = 0;
  };
  void confirm(std::string instance, Confirmed up_to) { confirmed_[std::move(instance)] = up_to; }
  std::map<std::string, Confirmed> confirmed() const { return confirmed_; }

  void link_up();
  void link_down();
  void outcomes(std::vector<proto::OutcomeItem> items);
  /// All recipient rows below are terminal, as committed: mda's ledger may forget them.
  int64_t confirmed_below() const { return confirmed_below_; }
  void forget_files(const std::vector<std::string>& names);  ///< bodies whose rows are gone
  void wake();  ///< something became due (operator, new directory)

  // ---- for mta/queue/remote_queue ----
  Conclusions nothing_concluded() const { return {clock_.wall_ms(), jumps_.last_jump_wall_ms()}; }
  using Work = std::function<Result<void>(store::Database&, Conclusions&)>;
  /// One transaction of ends, with their events; settled when it is durable. Permanent: something is damaged.
  Task<Result<void>> commit(Work work);
  /// What has been committed: counted, told, cleaned up after.
  void settle(const Conclusions& conclusions);
  /// Mail for another server was stored.
  void when_remote(std::function<void()> arrived) { remote_arrived_ = std::move(arrived); }

  const QueueCounts& counts() const { return counts_; }
  size_t in_flight() const { return flights_.size(); }
  const QueueOptions& options() const { return options_; }
  const Clock& clock() const { return clock_; }
  spool::Folder& bodies() { return spool_; }

 private:
  struct Flight {
    int64_t message = 0;
    std::shared_ptr<const Facts> facts;
  };
  struct Launch;
  struct Answered;

  bool slot_free() const;
  PlanInput plan_input(const smtp::Address& sender, const std::string& hold_reason) const;
  void launch(const spool::Message& message, int64_t key, const std::vector<Recipient>& recipients);
  void pump();
  Task<> load_what_is_due();
  Task<size_t> load_once();
  Task<> apply(std::vector<proto::OutcomeItem> items);
  Task<Result<void>> recall(std::shared_ptr<std::vector<Answered>> batch);
  void plan_children(Answered& one) const;
  Task<Result<void>> store_outcomes(std::shared_ptr<std::vector<Answered>> batch);
  /// `damage`: why it could not be stored as it is.
  Result<void> apply_one(store::Database& database, Conclusions& all, const Answered& one,
                         const Error* damage) const;
  Result<void> add_children(store::Database& database, Conclusions& all,
                            const std::vector<NewRecipient>& planned, const Recipient& parent) const;
  Task<> write_dsns();
  Task<size_t> write_dsns_once();
  /// One kind for one recipient: told by the DSN, or suppressed by a rule.
  struct DsnTold {
    int64_t row = 0;
    uint8_t bit = 0;
    std::string recipient;
    message::Action action = message::Action::failed;
    std::string rule;  ///< "" = told
  };
  static event::Event event_of(const DsnTold& told, const MessageId& notice, int64_t now_ms);
  Task<bool> store_dsn(int64_t key, spool::Message original, std::vector<message::ReportedRecipient> reports,
                       std::vector<DsnTold> told);
  Task<> watch_clock();
  void expire_outlived();

  net::Loop& loop_;
  net::Workers& workers_;
  store::Writer& writer_;
  store::Reader& reader_;
  spool::Folder& spool_;
  const Clock& clock_;
  QueueOptions options_;
  DirectoryNow directory_;
  Outlet outlet_;
  const MailSigner* signer_ = nullptr;
  std::function<void()> remote_arrived_ = [] {};
  QueueCounts counts_;
  JumpDetector jumps_;

  bool link_is_up_ = false;
  bool stopping_ = false;
  bool backlog_ = true;                          ///< mta.db may hold what is due
  std::unordered_map<int64_t, Flight> flights_;  ///< by recipient row
  std::deque<proto::DeliverItem> pending_;
  uint64_t pending_octets_ = 0;
  int64_t outlived_looked_ms_ = 0;  ///< steady time of the last look for what has outlived its time
  int64_t confirmed_below_ = 0;     ///< as of the last look into mta.db
  std::map<std::string, Confirmed> confirmed_;  ///< by instance, as of its last word
  net::Gate due_gate_, dsn_gate_, clock_gate_;
};

}  // namespace futar::mta
