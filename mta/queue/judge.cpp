#include "mta/queue/judge.h"

#include "common/base/clock.h"

namespace futar::mta {
namespace {

using event::Event;
using event::Field;
using event::Kind;
using proto::OutcomeState;

Event about(Kind kind, const Recipient& recipient, const Moment& moment) {
  return Event(moment.now_ms, kind).with(Field::recipient, recipient.address.text());
}

struct Delay {
  std::string_view reason, status;
  int64_t not_before_ms = 0;  ///< of the destination; 0 = the recipient's own back-off holds
};

Change later(const Delay& delay, const Recipient& recipient, const RetryRules& rules, const Moment& moment) {
  Change change;
  change.attempts = recipient.attempts + 1;
  change.reason = delay.reason;
  change.status = delay.status;
  if (has_expired(rules, moment.accepted_ms, change.attempts, moment.now_ms, moment.last_jump_ms)) {
    change.state = State::expired;
    if (recipient.parameters.notify.wants_failure()) change.dsn_due = dsn::failed;
    change.event = about(Kind::expired, recipient, moment).with(Field::cause, change.reason);
    return change;
  }
  change.state = State::waiting;
  change.due_ms =
      delay.not_before_ms ? delay.not_before_ms : moment.now_ms + back_off_ms(rules, change.attempts);
  const bool notice = notice_is_due(rules, moment.accepted_ms, moment.now_ms) &&
                      !((recipient.dsn_told | recipient.dsn_due) & dsn::delayed);
  if (notice && recipient.parameters.notify.wants_delay()) change.dsn_due = dsn::delayed;
  change.event = about(Kind::deferred, recipient, moment)
                     .with(Field::cause, change.reason)
                     .with(Field::code, change.status)
                     .with(Field::attempt, std::to_string(change.attempts))
                     .with(Field::next, std::to_string(change.due_ms));
  return change;
}

}  // namespace

Change judge(const proto::OutcomeItem& outcome, const Recipient& recipient, const RetryRules& rules,
             const Moment& moment) {
  if (outcome.state == OutcomeState::later)
    return later({outcome.reason, outcome.status}, recipient, rules, moment);
  Change change;
  change.attempts = recipient.attempts;
  change.reason = outcome.reason;
  change.status = outcome.status;
  switch (outcome.state) {
    case OutcomeState::delivered:
      change.state = State::delivered;
      if (recipient.parameters.notify.wants_success()) change.dsn_due = dsn::delivered;
      change.event = about(Kind::delivered, recipient, moment)
                         .with(Field::folder, outcome.folder)
                         .with(Field::file, outcome.file);
      break;
    case OutcomeState::expanded: {
      change.state = State::expanded;
      // RFC 3461 §5.2.7.3: an alias with one target passes NOTIFY on; with several it is the end of the way.
      if (outcome.targets.size() > 1 && recipient.parameters.notify.wants_success())
        change.dsn_due = dsn::expanded;
      std::string targets;
      for (const std::string& target : outcome.targets) targets += (targets.empty() ? "" : ", ") + target;
      change.event = about(Kind::expanded, recipient, moment).with(Field::targets, targets);
      break;
    }
    case OutcomeState::failed:
      change.state = State::bounced;
      if (recipient.parameters.notify.wants_failure()) change.dsn_due = dsn::failed;
      change.event = about(Kind::bounced, recipient, moment)
                         .with(Field::cause, outcome.reason)
                         .with(Field::code, outcome.status);
      break;
    case OutcomeState::discarded:
      change.state = State::discarded;
      change.event = about(Kind::discarded, recipient, moment).with(Field::rule, outcome.reason);
      break;
    case OutcomeState::later:
      break;
  }
  return change;
}

namespace {

// RFC 3461 §5.2.2: a remote that knows DSN tells the sender itself; for one that does not, "relayed" is all
// that will ever be known.
Change end_of(const Recipient& recipient, const RemoteOutcome& outcome, const Moment& moment) {
  using Remote = RemoteOutcome::State;
  Change change;
  change.attempts = recipient.attempts;
  change.reason = outcome.reason;
  change.status = outcome.status;
  const smtp::Notify notify = recipient.parameters.notify;
  switch (outcome.state) {
    case Remote::relayed:
      change.state = State::relayed;
      if (notify.wants_success() && !outcome.dsn_passed) change.dsn_due = dsn::relayed;
      change.event = about(Kind::relayed, recipient, moment);
      break;
    case Remote::failed:
      change.state = State::bounced;
      if (notify.wants_failure()) change.dsn_due = dsn::failed;
      change.event = about(Kind::bounced, recipient, moment).with(Field::code, outcome.status);
      break;
    case Remote::held:
      change.state = State::held;
      change.event = about(Kind::held, recipient, moment);
      break;
    case Remote::later:
    case Remote::untried:
      break;
  }
  return change;
}

// What the remote was and said; what is not known leaves no trace.
void add_attempt(Event& event, const RemoteOutcome& outcome) {
  const auto add = [&](Field field, const std::string& value) {
    if (!value.empty() && event.get(field).empty()) event.with(field, value);
  };
  add(Field::host, outcome.host);
  add(Field::tls, outcome.tls);
  add(Field::reply, outcome.words);
  if (event.kind == Kind::relayed) add(Field::sender, outcome.return_path);
  if (event.kind != Kind::relayed) add(Field::cause, outcome.reason);
}

}  // namespace

Change judge(const RemoteOutcome& outcome, const Recipient& recipient, const RetryRules& rules,
             const Moment& moment) {
  Change change =
      outcome.state == RemoteOutcome::State::later
          ? later({outcome.reason, outcome.status, outcome.not_before_ms}, recipient, rules, moment)
          : end_of(recipient, outcome, moment);
  add_attempt(change.event, outcome);
  return change;
}

}  // namespace futar::mta
