#include "mda/from_mta/delivery.h"

#include <deque>
#include <set>

#include <fmt/format.h>

#include "common/log/log.h"
#include "common/net/gate.h"
#include "mda/from_mta/adopt.h"
#include "mda/from_mta/round.h"

namespace futar::mda {
namespace {

constexpr int64_t look_ms = 5'000;  // at full mailboxes: a user who made room waits no longer for new mail
constexpr int64_t forget_ms = 600'000;
constexpr size_t accounts_a_step = 200;  // of reopen_directory(): between steps the loop serves others

/// What may be under way only once: a recipient of a message, and a row.
std::vector<std::string> keys_of(const Take& take) {
  std::vector<std::string> keys;
  for (const auto& item : take.deliver.items)
    for (const auto& recipient : item.recipients) {
      keys.push_back(fmt::format("{}{}", item.id.blob(), recipient.address.text()));
      keys.push_back(fmt::format("{}/{}/{}", take.sender.instance, take.sender.epoch, recipient.row));
    }
  return keys;
}

size_t recipients_of(const Take& take) {
  size_t n = 0;
  for (const auto& item : take.deliver.items) n += item.recipients.size();
  return n;
}

/// A take in the queue, and the coroutine that waits for its outcomes.
struct Waiting {
  Waiting(net::Loop& loop, Sender sender, proto::Deliver deliver)
      : take{std::move(sender), std::move(deliver)}, answered(loop) {}
  Take take;
  net::Gate answered;
};

}  // namespace

struct Delivery::Impl {
  DeliveryOptions options;
  std::string instance;
  Recovered recovered;
  std::unique_ptr<MailStore> mail;
  std::unique_ptr<spool::Folder> spool;
  std::unique_ptr<Residents> residents;
  std::unique_ptr<Ledger> ledger;
  std::function<void(proto::MailboxState)> push;
  FullMailboxes full{[this](const std::string& account, bool is) {
    if (push) push({.complete = false, .items = {{account, is}}});
  }};
  Workshop shop;

  std::deque<Waiting*> queue;
  std::multiset<std::string> keys;  ///< of all that is under way
  std::vector<net::Gate*>
      repeats;  ///< takes that wait for a round to end, because it holds one of their keys
  std::map<Sender, int64_t> confirmed;  ///< not written yet: it is only needed before something is forgotten
  size_t rounds = 0, under_way = 0, bodies = 0;
  bool gathering = false;  ///< the youngest round has not taken its recipients yet
  int64_t began_ms;        ///< when the round before it did; by the steady clock
  bool stopping = false, paused = false;
  net::Gate full_round, idle, calm, stop_housekeeping, housekeeping_ended;

  Impl(net::Loop& loop, net::Workers& workers, const Clock& clock, DeliveryOptions o,
       std::unique_ptr<MailStore> m, std::unique_ptr<spool::Folder> s, std::unique_ptr<Residents> r,
       std::unique_ptr<Ledger> l, std::function<void(Error)> broken)
      : options(std::move(o)),
        mail(std::move(m)),
        spool(std::move(s)),
        residents(std::move(r)),
        ledger(std::move(l)),
        shop{.loop = loop,
             .workers = workers,
             .clock = clock,
             .hostname = options.hostname,
             .junk = options.junk,
             .mail = *mail,
             .ledger = *ledger,
             .spool = *spool,
             .residents = *residents,
             .full = full,
             .broken = std::move(broken)},
        began_ms(clock.steady_ms() - options.gather_ms),
        full_round(loop),
        idle(loop),
        calm(loop),
        stop_housekeeping(loop),
        housekeeping_ended(loop) {
    housekeeping_ended.open();
  }

  Task<std::vector<proto::OutcomeItem>> take(std::string from, proto::Deliver deliver);
  Task<> wait_for_repeats(const std::vector<std::string>& mine);
  void start_rounds();
  Task<> gather();
  std::vector<Waiting*> next_in_queue();
  Task<> run_round();
  Task<> keep_house();
  Task<> look_at_full();
  Task<> write_confirmed();
  Task<Result<size_t>> reopen_directory();
  Task<Result<size_t>> lay_ready(spool::Snapshot& snapshot);
};

// ---- takes and rounds
// ------------------------------------------------------------------------------------------

Task<std::vector<proto::OutcomeItem>> Delivery::Impl::take(std::string from, proto::Deliver deliver) {
  Waiting waiting(shop.loop, {std::move(from), deliver.epoch}, std::move(deliver));
  const auto mine = keys_of(waiting.take);
  co_await wait_for_repeats(mine);
  if (stopping) co_return std::vector<proto::OutcomeItem>();
  keys.insert(mine.begin(), mine.end());
  under_way += recipients_of(waiting.take);
  queue.push_back(&waiting);
  if (queue.size() >= options.round_size) full_round.open();
  start_rounds();
  co_await waiting.answered.wait();

  for (const std::string& key : mine) keys.erase(keys.find(key));
  under_way -= recipients_of(waiting.take);
  for (net::Gate* repeat : std::exchange(repeats, {})) repeat->open();
  for (const auto& item : waiting.take.deliver.items)
    if (item.body.is_file()) spool->remove(item.body.file);
  co_return std::move(waiting.take.outcomes);
}

// After a broken link mta sends again what is still being delivered here; the ledger can answer it only
// afterwards.
Task<> Delivery::Impl::wait_for_repeats(const std::vector<std::string>& mine) {
  while (std::ranges::any_of(mine, [this](const auto& key) { return keys.contains(key); })) {
    net::Gate gate(shop.loop);
    repeats.push_back(&gate);
    co_await gate.wait();
  }
}

void Delivery::Impl::start_rounds() {
  if (paused || gathering || queue.empty() || rounds >= options.rounds) return;
  ++rounds;
  gathering = true;
  shop.loop.spawn("delivery", run_round());
}

/// Waits until the last round began long enough ago or a full one is there. A message that comes alone does
/// not wait.
Task<> Delivery::Impl::gather() {
  const int64_t rest = began_ms + options.gather_ms - shop.clock.steady_ms();
  full_round.reset();
  if (rest > 0 && queue.size() < options.round_size) co_await full_round.wait_for(rest);
  began_ms = shop.clock.steady_ms();
}

std::vector<Waiting*> Delivery::Impl::next_in_queue() {
  std::vector<Waiting*> next;
  for (size_t n = 0; !queue.empty() && n < options.round_size; queue.pop_front()) {
    next.push_back(queue.front());
    n += recipients_of(queue.front()->take);
  }
  return next;
}

Task<> Delivery::Impl::run_round() {
  co_await gather();
  const std::vector<Waiting*> waiting = next_in_queue();
  gathering = false;
  start_rounds();
  std::vector<Take*> takes;
  for (Waiting* one : waiting) takes.push_back(&one->take);
  Round round(shop, std::move(takes));
  co_await round.run();
  ++shop.counters.rounds;
  for (Waiting* one : waiting) one->answered.open();
  --rounds;
  start_rounds();
  if (rounds != 0) co_return;
  idle.open();
  calm.open();
}

// Between two rounds no file is on its way: each intent of the copy has its file in a mailbox.
Task<Result<size_t>> Delivery::Impl::lay_ready(spool::Snapshot& snapshot) {
  if (std::exchange(paused, true)) co_return fail(Error::temporary("another backup is being made"));
  while (rounds != 0) {
    calm.reset();
    co_await calm.wait();
  }
  const auto go_on = [this] {
    if (std::exchange(paused, false)) start_rounds();
  };
  const auto made = co_await snapshot.make(ledger->audit_reader(), go_on);
  go_on();
  co_return made;
}

// ---- housekeeping
// ----------------------------------------------------------------------------------------------

Task<> Delivery::Impl::keep_house() {
  int64_t forget_at = 0;
  while (!co_await stop_housekeeping.wait_for(look_ms)) {
    co_await look_at_full();
    co_await write_confirmed();
    if (shop.clock.steady_ms() < forget_at) continue;
    forget_at = shop.clock.steady_ms() + forget_ms;
    if (const auto gone = co_await ledger->forget(shop.clock.wall_ms() - options.keep_ms); !gone)
      log::warning("ledger: {}", gone.error().text);
  }
  housekeeping_ended.open();
}

Task<> Delivery::Impl::write_confirmed() {
  for (const auto& [sender, below] : std::exchange(confirmed, {})) {
    const auto key = co_await ledger->sender_key(sender);
    if (key) std::ignore = co_await ledger->confirm(*key, below);  // mta says it again
  }
}

namespace {

struct Account {
  std::string address;
  uint64_t quota = 0;
  bool made = false;  ///< its Maildir was missing
  Result<Usage> usage = Usage{};
};

/// Makes the Maildir where asked, and brings maildirsize up to date with the quota. On a worker.
Result<Usage> tend(const MailStore& mail, Account& account, bool make, int64_t wall_ms) {
  if (make) account.made = TRY(mail.make_mailbox(account.address));
  const auto mailbox = TRY(mail.open_mailbox(account.address));
  if (!mailbox) return Usage{};
  if (account.quota != 0) return mailbox_usage(*mailbox, account.quota, account.quota / 16, wall_ms);
  TRY(drop_quota(*mailbox));
  return Usage{};
}

Task<> tend_all(Workshop& shop, std::vector<Account>& accounts, bool make) {
  co_await shop.workers.run([&] {
    for (Account& account : accounts) account.usage = tend(shop.mail, account, make, shop.clock.wall_ms());
  });
  for (const Account& account : accounts) {
    if (account.usage)
      shop.full.set(account.address, is_full(account.quota, *account.usage));
    else
      log::warning("mailbox of {}: {}", account.address, account.usage.error().text);
  }
}

}  // namespace

Task<> Delivery::Impl::look_at_full() {
  std::vector<Account> accounts;
  for (const auto& address : full.accounts()) accounts.push_back({address, residents->quota_of(address)});
  if (!accounts.empty()) co_await tend_all(shop, accounts, false);
}

Task<Result<size_t>> Delivery::Impl::reopen_directory() {
  CO_TRY(residents->reopen());
  const auto addresses = residents->accounts();
  size_t made = 0;
  for (size_t i = 0; i < addresses.size();) {
    std::vector<Account> accounts;
    for (; i < addresses.size() && accounts.size() < accounts_a_step; ++i)
      accounts.push_back({addresses[i], residents->quota_of(addresses[i])});
    co_await tend_all(shop, accounts, true);
    for (const Account& account : accounts) made += account.made;
  }
  co_return made;
}

// ---- the public face
// -------------------------------------------------------------------------------------------

Result<std::unique_ptr<Delivery>> Delivery::open(net::Loop& loop, net::Workers& workers, const Clock& clock,
                                                 DeliveryOptions options, std::function<void(Error)> broken) {
  auto mail = TRY(MailStore::open(options.mailboxes));
  auto database = TRY(ledger::open(options.state_folder + "/mda.db"));
  const std::string instance = TRY(ledger::instance(*database));
  TRY(store::adopt_restored(*database, options.state_folder,
                            [&](store::Database& books, const store::Restored& restored) {
                              return adopt_delivered(books, options.mailboxes, restored);
                            }));
  const Recovered recovered = TRY(recover(*database, *mail));
  auto spool = TRY(spool::Folder::open(options.state_folder + "/spool", loop, workers));
  TRY(spool->sweep([](std::string_view) { return false; }));  // bodies of unanswered recipients come again
  auto residents = TRY(Residents::open(options.published_folder, options.subaddress, options.quota));
  auto book = std::make_unique<Ledger>(loop, std::move(database), broken);
  auto impl =
      std::make_unique<Impl>(loop, workers, clock, std::move(options), std::move(mail), std::move(spool),
                             std::move(residents), std::move(book), std::move(broken));
  impl->instance = instance;
  impl->recovered = recovered;
  return std::unique_ptr<Delivery>(new Delivery(std::move(impl)));
}

Delivery::Delivery(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Delivery::~Delivery() = default;

proto::DeliverySink Delivery::sink() {
  Impl* impl = impl_.get();
  return {
      .take = [impl](std::string from,
                     proto::Deliver deliver) { return impl->take(std::move(from), std::move(deliver)); },
      // Two recipients of one message may be under way in two transfers: the id alone is no file name.
      .begin_body =
          [impl](const MessageId& id) {
            return impl->spool->begin(fmt::format("{}.{}", id.text(), ++impl->bodies));
          },
      .confirmed =
          [impl](std::string from, int64_t epoch, int64_t below) {
            int64_t& noted = impl->confirmed[{std::move(from), epoch}];
            noted = std::max(noted, below);
          },
      .mailboxes = [impl] { return impl->full.all(); },
  };
}

void Delivery::on_mailbox_change(std::function<void(proto::MailboxState)> push) {
  impl_->push = std::move(push);
}

void Delivery::start() {
  impl_->housekeeping_ended.reset();
  impl_->shop.loop.spawn("housekeeping", impl_->keep_house());
}

Task<Result<size_t>> Delivery::reopen_directory() { return impl_->reopen_directory(); }

Task<Result<size_t>> Delivery::lay_ready(spool::Snapshot& snapshot) { return impl_->lay_ready(snapshot); }

Task<Result<Ledger::Erased>> Delivery::erase(std::string address) {
  co_await impl_->write_confirmed();
  co_return co_await impl_->ledger->erase(std::move(address));
}

Task<> Delivery::stop() {
  impl_->stopping = true;
  impl_->stop_housekeeping.open();
  co_await impl_->housekeeping_ended.wait();
  co_await impl_->write_confirmed();
  while (impl_->rounds != 0) {
    impl_->idle.reset();
    co_await impl_->idle.wait();
  }
}

const std::string& Delivery::instance() const { return impl_->instance; }
const Recovered& Delivery::recovered() const { return impl_->recovered; }
const Counters& Delivery::counters() const { return impl_->shop.counters; }
store::WriterStatistics Delivery::ledger_statistics() const { return impl_->ledger->statistics(); }
size_t Delivery::under_way() const { return impl_->under_way; }
Ledger& Delivery::ledger() { return *impl_->ledger; }

}  // namespace futar::mda
