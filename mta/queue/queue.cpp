// Taking messages in and sending them on: acceptance, what msa hands over, the way to mda.
#include "mta/queue/queue.h"

#include "common/base/point.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "common/message/message_id.h"
#include "mta/queue/signed_store.h"

namespace futar::mta {

using proto::DeliverItem;
using store::Database;

Queue::Queue(net::Loop& loop, net::Workers& workers, store::Writer& writer, store::Reader& reader,
             spool::Folder& spool, const Clock& clock, QueueOptions options, DirectoryNow directory)
    : loop_(loop),
      workers_(workers),
      writer_(writer),
      reader_(reader),
      spool_(spool),
      clock_(clock),
      options_(std::move(options)),
      directory_(std::move(directory)),
      due_gate_(loop),
      dsn_gate_(loop),
      clock_gate_(loop) {}

void Queue::start() {
  loop_.spawn("queue: due", load_what_is_due());
  loop_.spawn("queue: dsn", write_dsns());
  loop_.spawn("queue: clock", watch_clock());
}

void Queue::stop() {
  stopping_ = true;
  due_gate_.open();
  dsn_gate_.open();
  clock_gate_.open();
}

void Queue::wake() {
  backlog_ = true;
  due_gate_.open();
}

bool Queue::slot_free() const {
  return link_is_up_ && !stopping_ && flights_.size() < options_.flights &&
         pending_octets_ < options_.pending_octets;
}

PlanInput Queue::plan_input(const smtp::Address& sender, const std::string& hold_reason) const {
  return {options_.route, directory_(), sender, hold_reason, slot_free(), clock_.wall_ms()};
}

namespace {

/// A message with its recipients while it is being stored; outputs are set anew each time the job runs.
struct Storing {
  spool::Message message;
  std::vector<NewRecipient> recipients;
  std::vector<event::Event> events;
  std::string signed_by;  ///< Signature::by
  int64_t key = 0;
  std::vector<Recipient> stored;  ///< those for mda
  Seen seen = Seen::no;
};

Result<void> store_message(Database& database, Storing& storing) {
  storing.stored.clear();
  storing.key = TRY(spool::insert_message(database, storing.message, storing.events));
  if (!storing.signed_by.empty()) TRY(set_signed(database, storing.key, storing.signed_by));
  for (const NewRecipient& planned : storing.recipients) {
    const int64_t row = TRY(insert_recipient(database, storing.key, planned));
    if (!planned.destination.empty()) continue;  // mta/outbound takes it from the database
    Recipient recipient;
    recipient.row = row;
    recipient.message = storing.key;
    recipient.state = planned.state;
    recipient.address = planned.address;
    recipient.target = planned.target;
    recipient.prefix = planned.prefix;
    recipient.parameters = planned.parameters;
    storing.stored.push_back(std::move(recipient));
  }
  return {};
}

bool has_mail_for_others(const Storing& storing) {
  return std::ranges::any_of(storing.recipients, [](const NewRecipient& r) {
    return !r.destination.empty() && r.state == State::waiting;
  });
}

/// What routing decided and is worth a line: held, duplicate, captured.
void add_plan_events(Storing& storing, int64_t now_ms) {
  using event::Field;
  using event::Kind;
  for (const NewRecipient& r : storing.recipients) {
    const std::string address = r.address.text();
    if (r.state == State::held)
      storing.events.push_back(
          event::Event(now_ms, Kind::held).with(Field::recipient, address).with(Field::cause, r.reason));
    else if (r.state == State::duplicate)
      storing.events.push_back(
          event::Event(now_ms, Kind::duplicate).with(Field::recipient, address).with(Field::of, r.mailbox));
    else if (r.target != r.address)
      storing.events.push_back(event::Event(now_ms, Kind::routed)
                                   .with(Field::recipient, address)
                                   .with(Field::to, r.target.text())
                                   .with(Field::rule, r.reason));
  }
}

// That a message is not signed matters only where it leaves.
void add_signature(Storing& storing, Signature signature) {
  storing.message.header.insert(0, signature.fields);
  storing.signed_by = std::move(signature.by);
  if (!storing.signed_by.empty() || has_mail_for_others(storing))
    storing.events.push_back(std::move(signature.event));
}

Task<Result<std::vector<Signature>>> sign_all(const MailSigner* signer, std::span<const Storing> all,
                                              Author author) {
  if (!signer) co_return std::vector<Signature>();
  std::vector<const spool::Message*> messages;
  for (const Storing& storing : all) messages.push_back(&storing.message);
  co_return co_await signer->sign(std::move(messages), author);
}

}  // namespace

Task<Result<void>> Queue::accept(spool::Message message, std::vector<event::Event> events,
                                 std::optional<Author> author) {
  auto storing = std::make_shared<Storing>();
  storing->message = std::move(message);
  storing->events = std::move(events);
  storing->recipients = plan(plan_input(storing->message.envelope.reverse_path, storing->message.hold_reason),
                             storing->message.envelope.recipients);
  if (author) {
    auto signatures = CO_TRY(co_await sign_all(signer_, {storing.get(), 1}, *author));
    if (!signatures.empty()) add_signature(*storing, std::move(signatures[0]));
  }
  add_plan_events(*storing, clock_.wall_ms());
  const int64_t begun_ms = clock_.steady_ms();
  point("mta.before_commit");
  Result<void> committed =
      co_await writer_.commit([storing](Database& database) { return store_message(database, *storing); });
  point("mta.after_commit");
  counts_.commit_times.observe_ms(clock_.steady_ms() - begun_ms);
  if (!committed) co_return committed;
  ++counts_.accepted;
  options_.logged(storing->message.id, storing->events);
  launch(storing->message, storing->key, storing->stored);
  if (has_mail_for_others(*storing)) remote_arrived_();
  co_return Result<void>{};
}

Task<Result<std::vector<Seen>>> Queue::known(std::string instance, int64_t epoch,
                                             std::vector<std::pair<int64_t, MessageId>> items) {
  auto answers = std::make_shared<std::vector<Seen>>();
  CO_TRY(co_await writer_.commit([=](Database& database) -> Result<void> {
    answers->clear();
    const int64_t peer = TRY(peer_key(database, instance));
    for (const auto& [sequence, id] : items) {
      Seen seen = TRY(find_seen(database, peer, epoch, sequence, id));
      // A new epoch counts from the start again: then the message id tells (design §6).
      if (seen == Seen::no && TRY(spool::find_message(database, id))) {
        TRY(insert_seen(database, peer, epoch, sequence, id));
        seen = Seen::same;
      }
      answers->push_back(seen);
    }
    return {};
  }));
  co_return std::move(*answers);
}

Task<Result<std::vector<Seen>>> Queue::take(std::string instance, int64_t epoch, std::vector<FromMsa> batch) {
  auto all = std::make_shared<std::vector<Storing>>(batch.size());
  auto sequences = std::make_shared<std::vector<int64_t>>();
  for (size_t i = 0; i < batch.size(); ++i) {
    sequences->push_back(batch[i].sequence);
    (*all)[i].message = std::move(batch[i].message);
  }
  const int64_t now = clock_.wall_ms();
  std::vector<Signature> signatures = CO_TRY(co_await sign_all(signer_, *all, Author::user));
  for (size_t i = 0; i < all->size(); ++i) {
    Storing& storing = (*all)[i];
    storing.message.proven_sender = true;  // it logged in at msa
    storing.recipients = plan(plan_input(storing.message.envelope.reverse_path, storing.message.hold_reason),
                              storing.message.envelope.recipients);
    storing.events.push_back(event::Event(now, event::Kind::taken_over)
                                 .with(event::Field::from, "msa")
                                 .with(event::Field::message_id,
                                       message::message_id(message::split_header(storing.message.header))));
    if (!storing.message.client.empty())
      storing.events.back().with(event::Field::client, storing.message.client);
    if (!signatures.empty()) add_signature(storing, std::move(signatures[i]));
    add_plan_events(storing, now);
  }
  point("mta.before_take");
  CO_TRY(co_await writer_.commit([=](Database& database) -> Result<void> {
    const int64_t peer = TRY(peer_key(database, instance));
    for (size_t i = 0; i < all->size(); ++i) {
      Storing& storing = (*all)[i];
      const int64_t sequence = (*sequences)[i];
      storing.seen = TRY(find_seen(database, peer, epoch, sequence, storing.message.id));
      if (storing.seen != Seen::no) continue;
      TRY(insert_seen(database, peer, epoch, sequence, storing.message.id));
      if (TRY(spool::find_message(database, storing.message.id)))
        storing.seen = Seen::same;
      else
        TRY(store_message(database, storing));
    }
    return {};
  }));
  point("mta.after_take");
  std::vector<Seen> answers;
  for (const Storing& storing : *all) {
    answers.push_back(storing.seen);
    if (storing.seen != Seen::no) continue;
    ++counts_.accepted;
    options_.logged(storing.message.id, storing.events);
    launch(storing.message, storing.key, storing.stored);
    if (has_mail_for_others(storing)) remote_arrived_();
  }
  co_return answers;
}

// Recipients that share the fields put before the header travel together: the content goes over the link
// once.
void Queue::launch(const spool::Message& message, int64_t key, const std::vector<Recipient>& recipients) {
  auto facts = std::make_shared<const Facts>(
      Facts{message.id, message.envelope.reverse_path, message.proven_sender, message.id.wall_ms()});
  std::vector<DeliverItem> items;
  for (const Recipient& recipient : recipients) {
    if (recipient.state == State::waiting) backlog_ = true;
    if (recipient.state != State::in_flight) continue;
    auto item = std::ranges::find(items, recipient.prefix, &DeliverItem::prefix);
    if (item == items.end()) {
      items.push_back({message.id,
                       message.envelope.reverse_path,
                       message.envelope.parameters.smtputf8,
                       message.envelope.junk,
                       recipient.prefix,
                       message.header,
                       message.body,
                       {}});
      item = std::prev(items.end());
    }
    proto::DeliverRecipient out{recipient.row,
                                recipient.target,
                                recipient.parameters.orcpt,
                                recipient.depth,
                                {},
                                recipient.wish != Wish::none};
    for (std::string_view line : split(recipient.ancestry, '\n'))
      if (!line.empty()) out.ancestry.emplace_back(line);
    item->recipients.push_back(std::move(out));
    flights_[recipient.row] = {key, facts};
  }
  for (DeliverItem& item : items) {
    pending_octets_ += item.header.size() + item.body.in_memory();
    pending_.push_back(std::move(item));
  }
  if (!items.empty()) pump();
  if (backlog_) due_gate_.open();
}

void Queue::pump() {
  while (!pending_.empty() && outlet_.ready()) {
    DeliverItem item = std::move(pending_.front());
    pending_.pop_front();
    pending_octets_ -= item.header.size() + item.body.in_memory();
    outlet_.send(std::move(item));
  }
}

void Queue::link_up() {
  link_is_up_ = true;
  wake();
}

void Queue::link_down() {
  if (!std::exchange(link_is_up_, false)) return;
  flights_.clear();
  pending_.clear();
  pending_octets_ = 0;
  writer_.submit(
      [](Database& database) -> Result<void> {
        TRY(return_in_flight(database, Flights::to_mda));
        return {};
      },
      [this](Result<void> returned) {
        if (!returned) log::error("the queue could not take back what mda had: {}", returned.error().text);
        wake();
      });
}

void Queue::forget_files(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (!name.empty()) workers_.submit([this, name] { spool_.remove(name); }, [] {});
}

}  // namespace futar::mta
