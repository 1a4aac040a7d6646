// mda's end: gives batches to the sink, assembles large bodies, answers outcomes in batches.
#include <list>
#include <map>
#include <set>

#include "common/base/clock.h"
#include "common/base/point.h"
#include "common/log/log.h"
#include "proto/codec/codec.h"
#include "proto/link/assemblies.h"
#include "proto/link/dialer.h"
#include "proto/link/link.h"

namespace futar::proto {

namespace {

constexpr int64_t stop_poll_ms = 10;
constexpr int linger_ms = 200;
constexpr size_t outcomes_a_message = 512;

std::vector<int64_t> rows_of(const Deliver& deliver) {
  std::vector<int64_t> rows;
  for (const DeliverItem& item : deliver.items)
    for (const DeliverRecipient& recipient : item.recipients) rows.push_back(recipient.row);
  return rows;
}

OutcomeItem try_again(int64_t row, std::string reason) {
  OutcomeItem outcome;
  outcome.row = row;
  outcome.reason = std::move(reason);
  outcome.status = "4.3.0";
  return outcome;
}

}  // namespace

struct DeliveryReceiver::Impl : std::enable_shared_from_this<Impl> {
  Impl(net::Loop& l, zmq::Context& context, LinkOptions o, DeliverySink s);

  void up(const Welcome& welcome);
  void down();
  void received(Message message, uint64_t octets);
  void confirm(int64_t epoch, int64_t below);
  void delivered(Deliver deliver, uint64_t octets);
  bool is_new(const DeliverRecipient& recipient) const;
  void want_large(Deliver head);
  void body_ended(int64_t row, Result<std::shared_ptr<Arrived>> body);
  void start_take(Deliver deliver, uint64_t octets, std::shared_ptr<Arrived> arrived);
  void flush();
  void close(int linger);
  static Task<> take(std::shared_ptr<Impl> self, Deliver deliver, uint64_t octets,
                     std::shared_ptr<Arrived> arrived);

  net::Loop& loop;
  LinkOptions options;
  DeliverySink sink;
  Dialer dialer;
  Soon soon, want_soon;
  std::shared_ptr<Assemblies> assemblies;
  uint64_t conversation = 0;
  std::string mta;
  int64_t epoch = 0, confirmed_below = 0;
  std::set<int64_t> taking;          // rows: the sink has them, or their body comes in
  std::map<int64_t, Deliver> large;  // by first row, one item each: the body comes in
  std::list<Deliver> waiting;        // the same, until no other body of that id is in use
  uint64_t unreturned = 0, credit = 0;
  std::vector<OutcomeItem> outcomes;
  bool stopping = false, closed = false;
};

DeliveryReceiver::Impl::Impl(net::Loop& l, zmq::Context& context, LinkOptions o, DeliverySink s)
    : loop(l),
      options(std::move(o)),
      sink(std::move(s)),
      dialer(loop, context, options,
             {[] { return Hello{"mda", "", 0}; }, [this](const Welcome& welcome) { up(welcome); },
              [this] { down(); },
              [this](Message message, uint64_t octets) { received(std::move(message), octets); }, [] {}}),
      soon(loop, [this] { flush(); }),
      want_soon(loop, [this] {
        for (Deliver& head : std::exchange(waiting, {})) want_large(std::move(head));
      }) {
  assemblies = std::make_shared<Assemblies>(
      loop, Assemblies::Events{[this](int64_t row, uint64_t octets) {
                                 unreturned -= std::min(octets, unreturned);
                                 dialer.send(Credit{octets, row});
                               },
                               [this](int64_t row, Result<std::shared_ptr<Arrived>> body) {
                                 body_ended(row, std::move(body));
                               },
                               [this] { want_soon.ask(); }});
}

void DeliveryReceiver::Impl::up(const Welcome& welcome) {
  ++conversation;
  unreturned = credit = 0;
  confirmed_below = 0;  // a restored queue confirms less than it did
  mta = welcome.instance;
  epoch = welcome.epoch;
  confirm(welcome.epoch, welcome.confirmed_below);
  MailboxState all = sink.mailboxes();
  all.complete = true;
  dialer.send(std::move(all));
}

void DeliveryReceiver::Impl::down() {
  ++conversation;
  assemblies->clear();
  const auto forget = [this](const Deliver& head) {
    for (const int64_t row : rows_of(head)) taking.erase(row);
  };
  for (const auto& [row, head] : std::exchange(large, {})) forget(head);
  for (const Deliver& head : std::exchange(waiting, {})) forget(head);
}

void DeliveryReceiver::Impl::received(Message message, uint64_t octets) {
  if (stopping) return;
  if (const auto* offer = std::get_if<Offer>(&message)) return confirm(offer->epoch, offer->confirmed_below);
  unreturned += octets;
  // A sender stops within a batch of its credit; twice the window is one that does not count.
  if (unreturned > 2 * credit_window) return dialer.begin_again("mta sends beyond its credit");
  if (auto* deliver = std::get_if<Deliver>(&message)) return delivered(std::move(*deliver), octets);
  if (auto* chunk = std::get_if<Chunk>(&message)) return assemblies->chunk(std::move(*chunk), octets);
  log::warning("link {}: {} from mta", options.endpoint, kind_name(message));
}

void DeliveryReceiver::Impl::confirm(int64_t of_epoch, int64_t below) {
  if (of_epoch != epoch || below <= confirmed_below) return;
  confirmed_below = below;
  sink.confirmed(mta, epoch, below);
}

// Not a repeat: of one that is being taken (it is answered then), or of one that mta has an outcome for (the
// ledger may have forgotten it, and would deliver it a second time).
bool DeliveryReceiver::Impl::is_new(const DeliverRecipient& recipient) const {
  return recipient.row >= confirmed_below && !taking.contains(recipient.row);
}

void DeliveryReceiver::Impl::delivered(Deliver deliver, uint64_t octets) {
  Deliver whole{deliver.epoch, deliver.confirmed_below, {}};
  confirm(deliver.epoch, deliver.confirmed_below);
  for (DeliverItem& item : deliver.items) {
    std::erase_if(item.recipients, [this](const DeliverRecipient& recipient) { return !is_new(recipient); });
    if (deliver.epoch != epoch || item.recipients.empty()) continue;
    for (const DeliverRecipient& recipient : item.recipients) taking.insert(recipient.row);
    if (item.body.bytes) {
      whole.items.push_back(std::move(item));
      continue;
    }
    Deliver head{deliver.epoch, deliver.confirmed_below, {}};
    head.items.push_back(std::move(item));
    want_large(std::move(head));
  }
  if (!whole.items.empty()) return start_take(std::move(whole), octets, nullptr);
  unreturned -= std::min(octets, unreturned);
  credit += octets;
  soon.ask();
}

void DeliveryReceiver::Impl::want_large(Deliver head) {
  const DeliverItem& item = head.items.front();
  if (assemblies->is_in_use(item.id)) {
    waiting.push_back(std::move(head));
    return;
  }
  const int64_t row = item.recipients.front().row;
  assemblies->begin(row, item.id, item.body.size, sink.begin_body(item.id));
  large.emplace(row, std::move(head));
  dialer.send(Want{{row}});
}

void DeliveryReceiver::Impl::body_ended(int64_t row, Result<std::shared_ptr<Arrived>> body) {
  auto found = large.extract(row);
  if (!found) return;
  Deliver deliver = std::move(found.mapped());
  if (body) {
    deliver.items.front().body = (*body)->body;
    return start_take(std::move(deliver), 0, *std::move(body));
  }
  for (const int64_t each : rows_of(deliver)) {
    taking.erase(each);
    outcomes.push_back(try_again(each, "the body did not arrive whole: " + body.error().text));
  }
  soon.ask();
}

void DeliveryReceiver::Impl::start_take(Deliver deliver, uint64_t octets, std::shared_ptr<Arrived> arrived) {
  loop.spawn("link: deliver", take(shared_from_this(), std::move(deliver), octets, std::move(arrived)));
}

Task<> DeliveryReceiver::Impl::take(std::shared_ptr<Impl> self, Deliver deliver, uint64_t octets,
                                    std::shared_ptr<Arrived> arrived) {
  const std::vector<int64_t> rows = rows_of(deliver);
  const uint64_t conversation = self->conversation;
  std::vector<OutcomeItem> outcomes;
  std::string flaw = "no outcome";
  try {
    outcomes = co_await self->sink.take(self->mta, std::move(deliver));
  } catch (const std::exception& e) {
    flaw = e.what();
    log::error("link: {}", flaw);
  }
  for (const int64_t row : rows) self->taking.erase(row);
  if (self->closed) co_return;
  arrived.reset();
  if (self->conversation == conversation) {
    self->unreturned -= std::min(octets, self->unreturned);
    self->credit += octets;
  }
  std::set<int64_t> unanswered(rows.begin(), rows.end());
  for (OutcomeItem& outcome : outcomes) {
    unanswered.erase(outcome.row);
    self->outcomes.push_back(std::move(outcome));
  }
  for (const int64_t row : unanswered) self->outcomes.push_back(try_again(row, flaw));
  self->soon.ask();
}

// Credit first: when mta hears an outcome, it already knows whether it may send more.
void DeliveryReceiver::Impl::flush() {
  if (const uint64_t octets = std::exchange(credit, 0)) dialer.send(Credit{octets});
  std::vector<OutcomeItem> all = std::exchange(outcomes, {});
  if (all.empty()) return;
  point("link.before_outcome");
  for (size_t at = 0; at < all.size(); at += outcomes_a_message) {
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(at);
    const auto last = first + static_cast<std::ptrdiff_t>(std::min(outcomes_a_message, all.size() - at));
    dialer.send(Outcome{{std::move_iterator(first), std::move_iterator(last)}});
  }
  point("link.after_outcome");
}

void DeliveryReceiver::Impl::close(int linger) {
  if (std::exchange(closed, true)) return;
  assemblies->close();
  dialer.close(linger);
}

DeliveryReceiver::DeliveryReceiver(net::Loop& loop, zmq::Context& context, LinkOptions options,
                                   DeliverySink sink)
    : impl_(std::make_shared<Impl>(loop, context, std::move(options), std::move(sink))) {}

// The memory stays for this turn of the loop: we may be called from one of our own events.
DeliveryReceiver::~DeliveryReceiver() {
  impl_->close(0);
  impl_->loop.post([impl = impl_] {});
}

Result<void> DeliveryReceiver::start() { return impl_->dialer.start(); }

void DeliveryReceiver::push(MailboxState changes) { impl_->dialer.send(std::move(changes)); }

LinkState DeliveryReceiver::state() const {
  const Dialer& dialer = impl_->dialer;
  if (!dialer.is_up()) return dialer.down();
  const uint64_t credit = credit_window - std::min<uint64_t>(impl_->unreturned, credit_window);
  return {true, dialer.peer().instance, credit, impl_->taking.size(), dialer.since_ms()};
}

Task<> DeliveryReceiver::stop() {
  const auto impl = impl_;
  impl->stopping = true;
  impl->down();  // half a body is not finished
  const int64_t end = now_ms() + impl->options.stop_ms;
  while (!impl->closed && !impl->taking.empty() && now_ms() < end) co_await impl->loop.sleep(stop_poll_ms);
  if (!impl->closed) impl->flush();
  impl->close(linger_ms);
}

}  // namespace futar::proto
