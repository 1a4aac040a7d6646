// mta's end of the submission link: asks the sink what it knows, gives it what came, and answers in batches.
#include <map>
#include <set>

#include "common/base/clock.h"
#include "common/base/point.h"
#include "common/log/log.h"
#include "proto/codec/codec.h"
#include "proto/link/assemblies.h"
#include "proto/link/handover.h"
#include "proto/link/host.h"
#include "proto/link/link.h"

namespace futar::proto {

namespace {

constexpr int64_t stop_poll_ms = 10;
constexpr int linger_ms = 200;
using Known = SubmissionSink::Known;

/// What is to be said to a sender at the end of this turn.
struct Answers {
  uint64_t credit = 0;
  std::vector<int64_t> accepted, want, have, later, other_id;
  std::string reason;
};

/// One msa. Lives on while a take() runs, also when its link is down.
struct Sender {
  std::string instance;
  uint64_t conversation = 0;
  int64_t epoch = 0, confirmed_below = 0;
  std::set<int64_t> taking;           // the sink has them, or their chunks come in
  std::map<int64_t, Transfer> large;  // one item each: heads whose body comes in
  std::shared_ptr<Assemblies> assemblies;
  uint64_t unreturned = 0;  // octets received and not given back as credit
  Answers answers;
};

}  // namespace

struct SubmissionReceiver::Impl : std::enable_shared_from_this<Impl> {
  Impl(net::Loop& l, zmq::Context& context, LinkOptions o, SubmissionSink s);

  Sender& sender_of(const std::string& peer);
  void up(const std::string& peer, const Hello& hello);
  void down(const std::string& peer);
  void received(const std::string& peer, Message message, uint64_t octets);
  void offered(Sender& sender, Offer offer);
  void transferred(Sender& sender, Transfer transfer, uint64_t octets);
  void begin_large(Sender& sender, Transfer head);
  void body_ended(Sender& sender, int64_t sequence, Result<std::shared_ptr<Arrived>> body);
  void confirm(Sender& sender, int64_t epoch, int64_t below);
  void give_back(Sender& sender, uint64_t octets);
  void flush();
  void flush(Sender& sender);
  void close(int linger);
  bool is_taking() const;
  static Task<> ask_known(std::shared_ptr<Impl> self, std::shared_ptr<Sender> sender, Offer offer);
  static Task<> take(std::shared_ptr<Impl> self, std::shared_ptr<Sender> sender, Transfer transfer,
                     uint64_t octets, std::shared_ptr<Arrived> arrived);

  net::Loop& loop;
  LinkOptions options;
  SubmissionSink sink;
  Host host;
  Soon soon;
  std::map<std::string, std::shared_ptr<Sender>> senders;
  bool stopping = false, closed = false;
};

SubmissionReceiver::Impl::Impl(net::Loop& l, zmq::Context& context, LinkOptions o, SubmissionSink s)
    : loop(l),
      options(std::move(o)),
      sink(std::move(s)),
      host(
          loop, context, options, "msa", false,
          {[] { return Welcome{}; }, [this](const std::string& peer, const Hello& hello) { up(peer, hello); },
           [this](const std::string& peer) { down(peer); },
           [this](const std::string& peer, Message message, uint64_t octets) {
             received(peer, std::move(message), octets);
           },
           [] { return Message(Credit{}); }, [] {}}),
      soon(loop, [this] { flush(); }) {}

Sender& SubmissionReceiver::Impl::sender_of(const std::string& peer) {
  std::shared_ptr<Sender>& sender = senders[peer];
  if (sender) return *sender;
  sender = std::make_shared<Sender>();
  sender->instance = peer;
  sender->assemblies = std::make_shared<Assemblies>(
      loop,
      Assemblies::Events{[this, s = sender.get()](int64_t sequence, uint64_t octets) {
                           s->unreturned -= std::min(octets, s->unreturned);
                           host.send(s->instance, Credit{octets, sequence});
                         },
                         [this, s = sender.get()](int64_t sequence, Result<std::shared_ptr<Arrived>> body) {
                           body_ended(*s, sequence, std::move(body));
                         },
                         [] {}});
  return *sender;
}

void SubmissionReceiver::Impl::up(const std::string& peer, const Hello& hello) {
  Sender& sender = sender_of(peer);
  ++sender.conversation;
  sender.unreturned = 0;
  sender.epoch = sender.confirmed_below = 0;  // a restored spool confirms less than it did
  confirm(sender, hello.epoch, hello.confirmed_below);
}

void SubmissionReceiver::Impl::down(const std::string& peer) {
  Sender& sender = sender_of(peer);
  ++sender.conversation;
  sender.assemblies->clear();
  for (const auto& [sequence, head] : sender.large) sender.taking.erase(sequence);
  sender.large.clear();
  sender.answers = {};
  soon.ask();
}

void SubmissionReceiver::Impl::received(const std::string& peer, Message message, uint64_t octets) {
  if (stopping) return;
  Sender& sender = sender_of(peer);
  if (auto* offer = std::get_if<Offer>(&message)) return offered(sender, std::move(*offer));
  sender.unreturned += octets;
  // A sender stops within a batch of its credit; twice the window is one that does not count.
  if (sender.unreturned > 2 * credit_window) return host.begin_again(peer, "sends beyond its credit");
  if (auto* transfer = std::get_if<Transfer>(&message))
    return transferred(sender, std::move(*transfer), octets);
  if (auto* chunk = std::get_if<Chunk>(&message)) return sender.assemblies->chunk(std::move(*chunk), octets);
  host.damaged(fmt::format("{} from msa", kind_name(message)));
}

void SubmissionReceiver::Impl::confirm(Sender& sender, int64_t epoch, int64_t below) {
  if (epoch == sender.epoch && below <= sender.confirmed_below) return;
  sender.epoch = epoch;
  sender.confirmed_below = below;
  sink.confirmed(sender.instance, epoch, below);
}

// Those that are being taken are answered when that is done. What is confirmed is answered here: the sink may
// have forgotten it, and would take it a second time.
void SubmissionReceiver::Impl::offered(Sender& sender, Offer offer) {
  if (offer.epoch != sender.epoch) return;
  confirm(sender, offer.epoch, offer.confirmed_below);
  std::erase_if(offer.items, [&](const OfferItem& item) {
    if (sender.taking.contains(item.sequence)) return true;
    if (item.sequence >= sender.confirmed_below) return false;
    sender.answers.have.push_back(item.sequence);
    return true;
  });
  soon.ask();
  if (!offer.items.empty())
    loop.spawn("link: offer", ask_known(shared_from_this(), senders[sender.instance], std::move(offer)));
}

Task<> SubmissionReceiver::Impl::ask_known(std::shared_ptr<Impl> self, std::shared_ptr<Sender> sender,
                                           Offer offer) {
  const uint64_t conversation = sender->conversation;
  auto known = co_await guarded(self->sink.known(sender->instance, offer));
  if (self->closed || sender->conversation != conversation) co_return;
  Answers& answers = sender->answers;
  for (size_t i = 0; i < offer.items.size(); ++i) {
    const OfferItem& item = offer.items[i];
    const bool answered = known && i < known->size();
    if (answered && (*known)[i] == Known::have) {
      answers.have.push_back(item.sequence);
    } else if (answered && (*known)[i] == Known::other_id) {
      answers.other_id.push_back(item.sequence);
    } else if (answered && !sender->assemblies->is_in_use(item.id)) {
      answers.want.push_back(item.sequence);
    } else {
      answers.later.push_back(item.sequence);
      answers.reason = known ? "an earlier copy is still being written" : known.error().text;
    }
  }
  self->soon.ask();
}

void SubmissionReceiver::Impl::transferred(Sender& sender, Transfer transfer, uint64_t octets) {
  if (transfer.epoch != sender.epoch) return give_back(sender, octets);  // a late repeat
  confirm(sender, transfer.epoch, transfer.confirmed_below);
  Transfer whole{transfer.epoch, transfer.confirmed_below, {}};
  for (TransferItem& item : transfer.items) {
    if (sender.taking.contains(item.sequence)) continue;
    if (item.sequence < sender.confirmed_below) {
      sender.answers.accepted.push_back(item.sequence);
      continue;
    }
    if (item.message.body.bytes) {
      sender.taking.insert(item.sequence);
      whole.items.push_back(std::move(item));
      continue;
    }
    Transfer head{transfer.epoch, transfer.confirmed_below, {}};
    head.items.push_back(std::move(item));
    begin_large(sender, std::move(head));
  }
  if (whole.items.empty()) return give_back(sender, octets);
  loop.spawn("link: take",
             take(shared_from_this(), senders[sender.instance], std::move(whole), octets, nullptr));
}

void SubmissionReceiver::Impl::begin_large(Sender& sender, Transfer head) {
  const TransferItem& item = head.items.front();
  const int64_t sequence = item.sequence;
  if (sender.assemblies->is_in_use(item.message.id)) {
    sender.answers.later.push_back(sequence);
    sender.answers.reason = "an earlier copy is still being written";
    return soon.ask();
  }
  sender.taking.insert(sequence);
  sender.assemblies->begin(sequence, item.message.id, item.message.body.size,
                           sink.begin_body(item.message.id));
  sender.large.emplace(sequence, std::move(head));
}

void SubmissionReceiver::Impl::body_ended(Sender& sender, int64_t sequence,
                                          Result<std::shared_ptr<Arrived>> body) {
  auto found = sender.large.extract(sequence);
  if (!found) return;
  if (!body) {
    sender.taking.erase(sequence);
    sender.answers.later.push_back(sequence);
    sender.answers.reason = body.error().text;
    return soon.ask();
  }
  Transfer transfer = std::move(found.mapped());
  transfer.items.front().message.body = (*body)->body;
  loop.spawn("link: take",
             take(shared_from_this(), senders[sender.instance], std::move(transfer), 0, *std::move(body)));
}

Task<> SubmissionReceiver::Impl::take(std::shared_ptr<Impl> self, std::shared_ptr<Sender> sender,
                                      Transfer transfer, uint64_t octets, std::shared_ptr<Arrived> arrived) {
  std::vector<int64_t> sequences;
  for (const TransferItem& item : transfer.items) sequences.push_back(item.sequence);
  const uint64_t conversation = sender->conversation;
  auto taken = co_await guarded(self->sink.take(sender->instance, std::move(transfer)));
  if (arrived && taken && !taken->empty() && taken->front() == Known::taken) arrived->writer.keep();
  for (const int64_t sequence : sequences) sender->taking.erase(sequence);
  if (self->closed) co_return;
  point("link.taken");
  // Also in a later conversation, in which they may have been offered again: but its epoch is another.
  const bool is_same = sender->conversation == conversation;
  Answers& answers = sender->answers;
  for (size_t i = 0; i < sequences.size(); ++i) {
    const bool answered = taken && i < taken->size();
    if (answered && ((*taken)[i] == Known::taken || (*taken)[i] == Known::have)) {
      answers.accepted.push_back(sequences[i]);
    } else if (answered && (*taken)[i] == Known::other_id && is_same) {
      answers.other_id.push_back(sequences[i]);
    } else {
      answers.later.push_back(sequences[i]);
      answers.reason = taken ? "not taken" : taken.error().text;
    }
  }
  if (is_same) self->give_back(*sender, octets);
  self->soon.ask();
}

void SubmissionReceiver::Impl::give_back(Sender& sender, uint64_t octets) {
  sender.unreturned -= std::min(octets, sender.unreturned);
  sender.answers.credit += octets;
  soon.ask();
}

void SubmissionReceiver::Impl::flush() {
  for (auto at = senders.begin(); at != senders.end();) {
    Sender& sender = *at->second;
    flush(sender);
    const bool gone = !host.is_up(sender.instance) && sender.taking.empty();
    if (gone) sender.assemblies->close();
    at = gone ? senders.erase(at) : std::next(at);
  }
}

void SubmissionReceiver::Impl::flush(Sender& sender) {
  Answers answers = std::exchange(sender.answers, {});
  const auto say = [&](Message message) { host.send(sender.instance, std::move(message)); };
  if (answers.credit) say(Credit{answers.credit});
  if (!answers.accepted.empty()) {
    point("link.before_accepted");
    say(Accepted{ranges_of(std::move(answers.accepted))});
    point("link.after_accepted");
  }
  if (!answers.have.empty()) say(Have{std::move(answers.have)});
  if (!answers.want.empty()) say(Want{std::move(answers.want)});
  if (!answers.later.empty()) say(Later{std::move(answers.later), std::move(answers.reason)});
  if (!answers.other_id.empty()) say(Later{std::move(answers.other_id), "known with another id", true});
}

bool SubmissionReceiver::Impl::is_taking() const {
  return std::ranges::any_of(senders, [](const auto& each) { return !each.second->taking.empty(); });
}

void SubmissionReceiver::Impl::close(int linger) {
  if (std::exchange(closed, true)) return;
  for (const auto& [instance, sender] : senders) sender->assemblies->close();
  host.close(linger);
}

SubmissionReceiver::SubmissionReceiver(net::Loop& loop, zmq::Context& context, LinkOptions options,
                                       SubmissionSink sink)
    : impl_(std::make_shared<Impl>(loop, context, std::move(options), std::move(sink))) {}

// The memory stays for this turn of the loop: we may be called from one of our own events.
SubmissionReceiver::~SubmissionReceiver() {
  impl_->close(0);
  impl_->loop.post([impl = impl_] {});
}

Result<void> SubmissionReceiver::start() { return impl_->host.start(); }

LinkState SubmissionReceiver::state() const {
  LinkState state;
  state.peer = impl_->host.peers();
  state.up = !state.peer.empty();
  if (!state.up) return state;
  uint64_t unreturned = 0;
  for (const auto& [instance, sender] : impl_->senders) {
    unreturned += sender->unreturned;
    state.in_transfer += sender->taking.size();
  }
  state.credit = credit_window - std::min<uint64_t>(unreturned, credit_window);
  state.since_ms = impl_->host.since_ms();
  return state;
}

Task<> SubmissionReceiver::stop() {
  const auto impl = impl_;
  impl->stopping = true;
  impl->flush();
  for (const auto& [instance, sender] : impl->senders) impl->down(instance);  // half a body is not finished
  const int64_t end = now_ms() + impl->options.stop_ms;
  while (!impl->closed && impl->is_taking() && now_ms() < end) co_await impl->loop.sleep(stop_poll_ms);
  if (!impl->closed) impl->flush();
  impl->close(linger_ms);
}

}  // namespace futar::proto
