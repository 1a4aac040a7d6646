// msa's end: fetches what Handover asks for, writes what it gives out, tells it what comes back.
#include "common/base/clock.h"
#include "common/base/point.h"
#include "common/log/log.h"
#include "proto/link/body_streams.h"
#include "proto/link/dialer.h"
#include "proto/link/handover.h"
#include "proto/link/link.h"

namespace futar::proto {

namespace {
constexpr int64_t commit_again_ms = 1000, load_again_ms = 1000, stop_poll_ms = 10;
}

struct SubmissionSender::Impl : std::enable_shared_from_this<Impl> {
  Impl(net::Loop& l, zmq::Context& context, LinkOptions o, SubmissionSource s);

  void up(const Welcome& welcome);
  void down();
  void received(Message message);
  void refused(const Later& later);
  void send_large(Handover::Wanted wanted);
  void answered(const std::vector<Range>& ranges);
  void pump();
  void tick();
  void close(int linger_ms);
  static Task<> load(std::shared_ptr<Impl> self, Handover::Load load);
  static Task<> commit(std::shared_ptr<Impl> self);
  static Task<> new_epoch(std::shared_ptr<Impl> self);

  net::Loop& loop;
  LinkOptions options;
  SubmissionSource source;
  Handover handover;
  Dialer dialer;
  Soon soon;
  std::shared_ptr<BodyStreams> streams;
  std::vector<Range> to_commit;
  int64_t epoch, told_below = 0;
  bool committing = false, renewing = false, stopping = false, closed = false;
};

SubmissionSender::Impl::Impl(net::Loop& l, zmq::Context& context, LinkOptions o, SubmissionSource s)
    : loop(l),
      options(std::move(o)),
      source(std::move(s)),
      dialer(loop, context, options,
             {[this] { return Hello{"msa", "", 0, epoch, source.confirmed_below()}; },
              [this](const Welcome& welcome) { up(welcome); }, [this] { down(); },
              [this](Message message, uint64_t) { received(std::move(message)); }, [this] { tick(); }}),
      soon(loop, [this] { pump(); }),
      epoch(source.epoch) {
  streams = std::make_shared<BodyStreams>(
      loop,
      BodyStreams::Events{source.read, [this](Chunk chunk) { handover.spent(dialer.send(std::move(chunk))); },
                          [this] { return handover.has_credit(); },
                          [this](int64_t sequence) { handover.touch(sequence, now_ms()); }});
}

void SubmissionSender::Impl::up(const Welcome&) {
  told_below = source.confirmed_below();
  handover.begin(told_below);
  soon.ask();
}

void SubmissionSender::Impl::down() {
  handover.end();
  streams->clear();
}

void SubmissionSender::Impl::received(Message message) {
  if (const auto* credit = std::get_if<Credit>(&message)) {
    handover.credit(credit->octets);
    if (credit->sequence) {
      handover.touch(credit->sequence, now_ms());
      streams->credit(credit->sequence, credit->octets);
    }
    streams->wake();
  } else if (const auto* accepted = std::get_if<Accepted>(&message)) {
    answered(accepted->ranges);
  } else if (const auto* have = std::get_if<Have>(&message)) {
    answered(ranges_of(have->sequences));
  } else if (const auto* want = std::get_if<Want>(&message)) {
    for (Handover::Wanted& wanted : handover.wanted(want->sequences)) send_large(std::move(wanted));
  } else if (const auto* later = std::get_if<Later>(&message)) {
    refused(*later);
  }
  soon.ask();
}

void SubmissionSender::Impl::send_large(Handover::Wanted wanted) {
  const spool::Body body =
      std::exchange(wanted.item.message.body, {wanted.item.message.body.size, nullptr, ""});
  Transfer head{epoch, told_below, {}};
  head.items.push_back(std::move(wanted.item));
  handover.spent(dialer.send(std::move(head)));
  streams->add(wanted.sequence, body);
}

void SubmissionSender::Impl::refused(const Later& later) {
  for (const int64_t sequence : later.sequences) streams->remove(sequence);
  handover.refused(later.sequences, now_ms());
  if (!later.reason.empty()) log::info("link {}: mta says later: {}", options.endpoint, later.reason);
  if (!later.new_epoch || std::exchange(renewing, true)) return;
  loop.spawn("link: new epoch", new_epoch(shared_from_this()));
}

Task<> SubmissionSender::Impl::new_epoch(std::shared_ptr<Impl> self) {
  auto made = co_await self->source.new_epoch();
  if (self->closed) co_return;
  if (made) {
    self->epoch = *made;
    self->dialer.begin_again(fmt::format("epoch {}", *made));
  } else {
    log::error("link: no new epoch: {}", made.error().text);  // the next Later asks again
  }
  self->renewing = false;
}

void SubmissionSender::Impl::answered(const std::vector<Range>& ranges) {
  for (const Range& range : handover.answered(ranges)) to_commit.push_back(range);
  if (to_commit.empty() || std::exchange(committing, true)) return;
  loop.spawn("link: handed over", commit(shared_from_this()));
}

// One commit at a time: what comes meanwhile goes into the next.
Task<> SubmissionSender::Impl::commit(std::shared_ptr<Impl> self) {
  while (!self->to_commit.empty() && !self->closed) {
    const std::vector<Range> ranges = std::exchange(self->to_commit, {});
    auto done = co_await self->source.handed_over(ranges);
    if (self->closed) break;
    if (done) {
      self->handover.committed(ranges);
      continue;
    }
    log::error("link: handed over, but not committed: {}", done.error().text);
    self->to_commit.insert(self->to_commit.end(), ranges.begin(), ranges.end());
    co_await self->loop.sleep(commit_again_ms);
  }
  self->committing = false;
}

void SubmissionSender::Impl::pump() {
  if (closed || !dialer.is_up()) return;
  while (true) {
    std::vector<OfferItem> offers = handover.next_offers(now_ms());
    if (offers.empty()) break;
    told_below = source.confirmed_below();
    point("link.before_offer");
    dialer.send(Offer{epoch, told_below, std::move(offers)});
    point("link.after_offer");
  }
  while (true) {
    std::vector<TransferItem> batch = handover.next_batch(now_ms());
    if (batch.empty()) break;
    told_below = source.confirmed_below();
    point("link.before_transfer");
    handover.spent(dialer.send(Transfer{epoch, told_below, std::move(batch)}));
    point("link.after_transfer");
  }
  if (stopping) return;
  if (auto next = handover.next_load()) loop.spawn("link: backlog", load(shared_from_this(), *next));
}

Task<> SubmissionSender::Impl::load(std::shared_ptr<Impl> self, Handover::Load load) {
  auto items = co_await self->source.load(load.after, load.limit);
  if (self->closed) co_return;
  if (items) {
    self->handover.loaded(load, *std::move(items));
  } else {
    log::error("link: the backlog cannot be read: {}", items.error().text);
    co_await self->loop.sleep(load_again_ms);
    if (self->closed) co_return;
    self->handover.loaded(load, {}, true);
  }
  self->soon.ask();
}

void SubmissionSender::Impl::tick() {
  if (!dialer.is_up()) return;
  if (handover.is_unanswered_since(now_ms() - options.answer_ms)) return dialer.begin_again("no answer");
  if (handover.wake(now_ms())) soon.ask();
  const int64_t below = source.confirmed_below();
  if (below == told_below) return;
  told_below = below;
  dialer.send(Offer{epoch, below, {}});
}

void SubmissionSender::Impl::close(int linger_ms) {
  if (std::exchange(closed, true)) return;
  streams->clear();
  dialer.close(linger_ms);
}

SubmissionSender::SubmissionSender(net::Loop& loop, zmq::Context& context, LinkOptions options,
                                   SubmissionSource source)
    : impl_(std::make_shared<Impl>(loop, context, std::move(options), std::move(source))) {}

// The memory stays for this turn of the loop: we may be called from one of our own events.
SubmissionSender::~SubmissionSender() {
  impl_->close(0);
  impl_->loop.post([impl = impl_] {});
}

Result<void> SubmissionSender::start() { return impl_->dialer.start(); }

void SubmissionSender::offer(TransferItem item) {
  if (impl_->stopping) return;
  impl_->handover.offer(std::move(item));
  impl_->soon.ask();
}

void SubmissionSender::begin_again(const std::string& why) {
  if (!impl_->stopping) impl_->dialer.begin_again(why);
}

LinkState SubmissionSender::state() const {
  const Dialer& dialer = impl_->dialer;
  if (!dialer.is_up()) return dialer.down();
  return {true, dialer.peer().instance, impl_->handover.credit_left(), impl_->handover.in_transfer(),
          dialer.since_ms()};
}

Task<> SubmissionSender::stop() {
  const auto impl = impl_;
  impl->stopping = true;
  const int64_t end = now_ms() + impl->options.stop_ms;
  while (!impl->closed && impl->handover.in_transfer() > 0 && now_ms() < end)
    co_await impl->loop.sleep(stop_poll_ms);
  impl->close(0);
}

}  // namespace futar::proto
