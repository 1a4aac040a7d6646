// mta's end of the delivery link: batches what send() gave in one turn, streams large bodies that are wanted,
// and knows which rows have no outcome yet.
#include <deque>
#include <map>

#include "common/base/clock.h"
#include "common/base/point.h"
#include "common/log/log.h"
#include "proto/codec/codec.h"
#include "proto/link/body_streams.h"
#include "proto/link/handover.h"
#include "proto/link/host.h"
#include "proto/link/link.h"

namespace futar::proto {

namespace {

constexpr int64_t stop_poll_ms = 10;
constexpr uint64_t item_overhead = 128, recipient_overhead = 64;

uint64_t cost_of(const DeliverItem& item) {
  uint64_t octets = item_overhead + item.prefix.size() + item.header.size();
  if (!is_large(item.body)) octets += item.body.size;
  for (const DeliverRecipient& recipient : item.recipients)
    octets += recipient_overhead + recipient.address.local.size() + recipient.address.domain.size();
  return octets;
}

/// A body that mda has not wanted yet, or that is being streamed; named by its first row.
struct Large {
  spool::Body body;
  std::vector<int64_t> rows;
};

}  // namespace

struct DeliverySender::Impl : std::enable_shared_from_this<Impl> {
  Impl(net::Loop& l, zmq::Context& context, LinkOptions o, DeliverySource s);

  void up(const std::string& peer, const Hello& hello);
  void down();
  void received(Message message);
  void credited(const Credit& returned);
  void outcomes(std::vector<OutcomeItem> items);
  void wanted(const Want& want);
  void touch(int64_t first_row, int64_t ms);
  bool ready() const { return !stopping && host.is_up(peer) && credit > static_cast<int64_t>(in_hand); }
  void send(DeliverItem item);
  void flush();
  void send_batch(std::vector<DeliverItem> batch);
  void tick();
  void close(int linger_ms);

  net::Loop& loop;
  LinkOptions options;
  DeliverySource source;
  Host host;
  Soon soon;
  std::shared_ptr<BodyStreams> streams;
  std::string peer;
  int64_t credit = 0;
  uint64_t in_hand = 0;
  std::deque<DeliverItem> waiting;
  std::map<int64_t, int64_t>
      rows;  // without outcome -> since when an answer is awaited, -1 = waits for its turn
  std::map<int64_t, Large> large;  // by first row
  int64_t told_below = 0;
  bool was_ready = false, stopping = false, closed = false;
};

DeliverySender::Impl::Impl(net::Loop& l, zmq::Context& context, LinkOptions o, DeliverySource s)
    : loop(l),
      options(std::move(o)),
      source(std::move(s)),
      host(loop, context, options, "mda", true,
           {[this] { return Welcome{"", 0, source.epoch, source.confirmed_below()}; },
            [this](const std::string& instance, const Hello& hello) { up(instance, hello); },
            [this](const std::string&) { down(); },
            [this](const std::string&, Message message, uint64_t) { received(std::move(message)); },
            [this] { return Message(Offer{source.epoch, told_below = source.confirmed_below(), {}}); },
            [this] { tick(); }}),
      soon(loop, [this] { flush(); }) {
  streams = std::make_shared<BodyStreams>(
      loop, BodyStreams::Events{
                source.read,
                [this](Chunk chunk) { credit -= static_cast<int64_t>(host.send(peer, std::move(chunk))); },
                [this] { return credit > 0; }, [this](int64_t sequence) { touch(sequence, now_ms()); }});
}

void DeliverySender::Impl::up(const std::string& instance, const Hello&) {
  peer = instance;
  credit = credit_window;
  was_ready = true;
  source.up();
}

void DeliverySender::Impl::down() {
  peer.clear();
  credit = 0;
  in_hand = 0;
  waiting.clear();
  rows.clear();
  large.clear();
  streams->clear();
  was_ready = false;
  source.down();
}

void DeliverySender::Impl::send(DeliverItem item) {
  if (!host.is_up(peer) || stopping) {
    // The caller did not ask ready(): its rows wait again, as all others do.
    loop.post([self = shared_from_this()] {
      if (!self->closed) self->source.down();
    });
    return;
  }
  for (const DeliverRecipient& recipient : item.recipients) rows[recipient.row] = -1;
  in_hand += cost_of(item);
  was_ready = ready();
  waiting.push_back(std::move(item));
  soon.ask();
}

void DeliverySender::Impl::flush() {
  if (closed) return;
  while (!waiting.empty() && credit > 0) {
    std::vector<DeliverItem> batch;
    uint64_t octets = 0;
    while (!waiting.empty() && batch.size() < batch_messages) {
      const uint64_t next = cost_of(waiting.front());
      const bool alone = is_large(waiting.front().body);
      if (!batch.empty() && (alone || octets + next > batch_octets)) break;
      octets += next;
      in_hand -= std::min(in_hand, next);
      batch.push_back(std::move(waiting.front()));
      waiting.pop_front();
      if (alone) break;
    }
    send_batch(std::move(batch));
  }
  if (!was_ready && ready()) {
    was_ready = true;
    if (source.ready) source.ready();
  }
}

void DeliverySender::Impl::send_batch(std::vector<DeliverItem> batch) {
  for (DeliverItem& item : batch) {
    const bool in_chunks = is_large(item.body);
    std::vector<int64_t> item_rows;
    for (const DeliverRecipient& recipient : item.recipients) {
      rows[recipient.row] = now_ms();
      item_rows.push_back(recipient.row);
    }
    if (!in_chunks) continue;
    const int64_t first = item_rows.front();  // before the move: the right side of = is evaluated first
    spool::Body body = std::exchange(item.body, {item.body.size, nullptr, ""});
    large[first] = {std::move(body), std::move(item_rows)};
  }
  told_below = source.confirmed_below();
  point("link.before_deliver");
  credit -= static_cast<int64_t>(host.send(peer, Deliver{source.epoch, told_below, std::move(batch)}));
  point("link.after_deliver");
}

void DeliverySender::Impl::received(Message message) {
  if (const auto* returned = std::get_if<Credit>(&message)) return credited(*returned);
  if (auto* outcome = std::get_if<Outcome>(&message)) return outcomes(std::move(outcome->items));
  if (const auto* want = std::get_if<Want>(&message)) return wanted(*want);
  if (auto* mailboxes = std::get_if<MailboxState>(&message)) return source.mailboxes(std::move(*mailboxes));
  host.damaged(fmt::format("{} from mda", kind_name(message)));
}

void DeliverySender::Impl::credited(const Credit& returned) {
  const auto spent = static_cast<uint64_t>(static_cast<int64_t>(credit_window) - credit);
  credit += static_cast<int64_t>(std::min(returned.octets, spent));
  if (returned.sequence) {
    touch(returned.sequence, now_ms());
    streams->credit(returned.sequence, returned.octets);
  }
  streams->wake();
  soon.ask();
}

// Also for rows that we do not wait for (a late answer of an earlier conversation): it is true all the same.
void DeliverySender::Impl::outcomes(std::vector<OutcomeItem> items) {
  for (const OutcomeItem& item : items) {
    rows.erase(item.row);
    if (large.erase(item.row)) streams->remove(item.row);
  }
  point("link.outcome");
  source.outcomes(std::move(items));
  soon.ask();
}

void DeliverySender::Impl::wanted(const Want& want) {
  for (const int64_t row : want.sequences) {
    const auto found = large.find(row);
    if (found == large.end()) {
      // A head that was said twice, and answered the first time: mda must not wait for this body, which keeps
      // the id in use for the message's other recipients.
      credit -= static_cast<int64_t>(host.send(peer, Chunk{row, 0, true, ""}));
      continue;
    }
    touch(row, -1);  // its turn may be far: large_in_transfer
    streams->add(row, found->second.body);
  }
}

void DeliverySender::Impl::touch(int64_t first_row, int64_t ms) {
  const auto found = large.find(first_row);
  if (found == large.end()) return;
  for (const int64_t row : found->second.rows)
    if (const auto at = rows.find(row); at != rows.end()) at->second = ms;
}

void DeliverySender::Impl::tick() {
  const int64_t limit = now_ms() - options.answer_ms;
  const bool unanswered =
      std::ranges::any_of(rows, [limit](const auto& row) { return row.second >= 0 && row.second <= limit; });
  if (unanswered) host.begin_again(peer, "no answer");
}

void DeliverySender::Impl::close(int linger_ms) {
  if (std::exchange(closed, true)) return;
  streams->clear();
  host.close(linger_ms);
}

DeliverySender::DeliverySender(net::Loop& loop, zmq::Context& context, LinkOptions options,
                               DeliverySource source)
    : impl_(std::make_shared<Impl>(loop, context, std::move(options), std::move(source))) {}

// The memory stays for this turn of the loop: we may be called from one of our own events.
DeliverySender::~DeliverySender() {
  impl_->close(0);
  impl_->loop.post([impl = impl_] {});
}

Result<void> DeliverySender::start() { return impl_->host.start(); }
bool DeliverySender::ready() const { return impl_->ready(); }
void DeliverySender::send(DeliverItem item) { impl_->send(std::move(item)); }

LinkState DeliverySender::state() const {
  if (!impl_->host.is_up(impl_->peer)) return {};
  const uint64_t credit = impl_->credit > 0 ? static_cast<uint64_t>(impl_->credit) : 0;
  return {true, impl_->peer, credit, impl_->rows.size(), impl_->host.since_ms()};
}

Task<> DeliverySender::stop() {
  const auto impl = impl_;
  impl->stopping = true;
  const int64_t end = now_ms() + impl->options.stop_ms;
  while (!impl->closed && !impl->rows.empty() && now_ms() < end) co_await impl->loop.sleep(stop_poll_ms);
  impl->close(0);
}

}  // namespace futar::proto
