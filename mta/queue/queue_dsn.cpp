// Delivery status notifications: outcome and "DSN due" were committed together; here each becomes a message
// or a reason.
#include "common/log/log.h"
#include "common/message/message_id.h"
#include "common/store/copy.h"
#include "mta/bounce/bounce.h"
#include "mta/queue/queue.h"
#include "mta/queue/signed_store.h"

namespace futar::mta {

using store::Database;

namespace {

constexpr size_t dsn_batch = 64;
constexpr int64_t dsn_idle_ms = 5000;

/// A message with DSNs due, read on the reader thread.
struct Due {
  int64_t key = 0;
  spool::Message original;
  std::vector<Recipient> recipients;
};

struct Kind {
  uint8_t bit;
  message::Action action;
};
constexpr Kind kinds[] = {{dsn::failed, message::Action::failed},
                          {dsn::delayed, message::Action::delayed},
                          {dsn::delivered, message::Action::delivered},
                          {dsn::relayed, message::Action::relayed},
                          {dsn::expanded, message::Action::expanded}};

message::ReportedRecipient reported(const Recipient& recipient, message::Action action,
                                    const RetryRules& rules, int64_t accepted_ms) {
  message::ReportedRecipient r;
  r.address = recipient.address;
  r.orcpt = recipient.parameters.orcpt;
  r.action = action;
  r.status = recipient.status;
  r.cause = recipient.reason;
  r.remote_host = recipient.remote_host;
  r.remote_words = recipient.remote_words;
  r.last_attempt_ms = recipient.last_attempt_ms;
  const bool on_link = recipient.destination == 0 && recipient.due_ms == 0;
  if (action == message::Action::delayed)
    r.retry_until_ms = accepted_ms + (on_link ? rules.link_lifetime_ms : rules.lifetime_ms);
  return r;
}

// Its body is in memory, so nothing can fail but the signer itself: then it goes out without.
Task<Signature> sign_notice(const MailSigner* signer, spool::Message& notice) {
  if (!signer) co_return Signature();
  const std::vector<const spool::Message*> messages{&notice};
  auto signatures = co_await signer->sign(messages, Author::ourselves);
  if (!signatures) co_return Signature();
  notice.header.insert(0, signatures->front().fields);
  co_return std::move(signatures->front());
}

Result<void> store_notice(Database& database, const spool::Message& notice, const MessageId& of,
                          const Signature& signature, const std::vector<NewRecipient>& planned) {
  std::vector<event::Event> events;
  events.push_back(
      event::Event(notice.accepted_ms, event::Kind::accepted)
          .with(event::Field::of, of.text())
          .with(event::Field::by, "mta")
          .with(event::Field::message_id, message::message_id(message::split_header(notice.header))));
  if (!signature.by.empty()) events.push_back(signature.event);
  const int64_t key = TRY(spool::insert_message(database, notice, events));
  if (!signature.by.empty()) TRY(set_signed(database, key, signature.by));
  for (const NewRecipient& recipient : planned) TRY(insert_recipient(database, key, recipient));
  return {};
}

}  // namespace

Task<> Queue::write_dsns() {
  while (!stopping_) {
    const size_t written = co_await write_dsns_once();
    if (written == 0) co_await dsn_gate_.wait_for(dsn_idle_ms);
    dsn_gate_.reset();
  }
}

// Each original gets one DSN for all its recipients that are due; the flags are cleared in the transaction
// that stores it, so a kill in between writes it once.
Task<size_t> Queue::write_dsns_once() {
  auto due = std::make_shared<std::vector<Due>>();
  Result<void> read = co_await reader_.read([due](Database& database) -> Result<void> {
    due->clear();
    for (int64_t key : TRY(messages_with_dsn_due(database, dsn_batch))) {
      auto original = spool::load_message(database, key);
      if (!original || !*original) continue;  // a damaged row: the audit shows it
      due->push_back({key, std::move(**original), TRY(load_recipients(database, key))});
    }
    return {};
  });
  if (!read) {
    log::warning("DSNs that are due could not be read: {}", read.error().text);
    co_return 0;
  }
  size_t written = 0;
  for (Due& one : *due) {
    std::vector<message::ReportedRecipient> reports;
    std::vector<DsnTold> told;
    for (const Recipient& recipient : one.recipients)
      for (const Kind& kind : kinds) {
        if (!(recipient.dsn_due & kind.bit)) continue;
        auto rule = suppressed(one.original.envelope.reverse_path, recipient.parameters.notify, kind.action);
        if (!rule && !one.original.proven_sender) rule = "sender not proven";
        told.push_back(
            {recipient.row, kind.bit, recipient.address.text(), kind.action, std::string(rule.value_or(""))});
        if (!rule)
          reports.push_back(reported(recipient, kind.action, options_.retry, one.original.accepted_ms));
      }
    if (co_await store_dsn(one.key, std::move(one.original), std::move(reports), std::move(told))) ++written;
  }
  co_return written;
}

event::Event Queue::event_of(const DsnTold& told, const MessageId& notice, int64_t now_ms) {
  using event::Field;
  event::Event event(now_ms, told.rule.empty() ? event::Kind::dsn_sent : event::Kind::dsn_suppressed);
  event.with(Field::recipient, told.recipient).with(Field::kind, std::string(message::name(told.action)));
  return told.rule.empty() ? event.with(Field::id, notice.text()) : event.with(Field::rule, told.rule);
}

Task<bool> Queue::store_dsn(int64_t key, spool::Message original,
                            std::vector<message::ReportedRecipient> reports, std::vector<DsnTold> told) {
  spool::Message notice;
  std::vector<NewRecipient> planned;
  Signature signature;
  const int64_t now = clock_.wall_ms();
  if (!reports.empty()) {
    notice.id = MessageId::make(clock_);
    const Original told_about{
        original.id, original.envelope, original.header,
        original.body.bytes ? std::string_view(*original.body.bytes) : std::string_view(),
        original.accepted_ms};
    Bounce bounce = compose({options_.host, notice.id, now, 0}, told_about, std::move(reports));
    notice.envelope = std::move(bounce.envelope);
    notice.header = std::move(bounce.header);
    notice.body.size = bounce.body.size();
    notice.body.bytes = std::make_shared<const std::string>(std::move(bounce.body));
    notice.accepted_ms = now;
    signature = co_await sign_notice(signer_, notice);
    PlanInput input = plan_input(notice.envelope.reverse_path,
                                 store::is_restored_reason(original.hold_reason) ? original.hold_reason : "");
    input.slot_free = false;
    planned = plan(input, notice.envelope.recipients);
  }
  std::vector<event::Event> events;
  for (const DsnTold& t : told) events.push_back(event_of(t, notice.id, now));
  auto files = std::make_shared<std::vector<std::string>>();
  Result<void> committed = co_await writer_.commit([=](Database& database) -> Result<void> {
    files->clear();
    for (const DsnTold& t : told)
      TRY(set_dsn_told(database, t.row, t.bit, t.rule.empty() ? notice.id : MessageId(), t.rule));
    TRY(spool::append_events(database, key, events));
    if (!notice.id.is_none()) TRY(store_notice(database, notice, original.id, signature, planned));
    if (!TRY(has_open_recipients(database, key))) files->push_back(TRY(clear_message(database, key)));
    return {};
  });
  if (!committed) {
    log::error("a DSN for {} could not be stored: {}", original.id.text(), committed.error().text);
    co_return false;
  }
  options_.logged(original.id, events);
  forget_files(*files);
  wake();
  co_return true;
}

}  // namespace futar::mta
