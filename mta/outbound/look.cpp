// The look at our own mail before its first attempt (mta/egress): beside it, or before it and holding.
#include <algorithm>

#include "common/base/text.h"
#include "mta/outbound/outbound.h"

namespace futar::mta {

namespace {

constexpr size_t longest_reason = 1500;  // with the key record to publish

}  // namespace

Task<> Outbound::look_beside(Outgoing mail, int64_t row) {
  const auto report = co_await options_.egress->check(std::move(mail));
  if (report && !stopping_) co_await queue_.note(row, event_of(*report, clock_.wall_ms()));
}

// Under hold the recipients whose first attempt this is go out of `pending` when a receiver would not find
// proven who sent it; those that a person let go stay.
Task<> Outbound::look_at(Site& site, Site::Pending& pending) {
  auto& recipients = pending.item.recipients;
  const bool first = std::ranges::any_of(recipients, &RemoteRecipient::is_first);
  if (!options_.egress || !first || std::exchange(pending.is_looked_at, true)) co_return;
  Outgoing mail;
  mail.reverse_path = transaction_of(pending.item).reverse_path;
  mail.header = pending.item.seal + pending.item.prefix + pending.item.header;
  mail.body = pending.item.body;
  mail.destination = site.destination.name;
  mail.look_again = std::ranges::any_of(recipients, &RemoteRecipient::released);
  const int64_t row = recipients.front().row;
  if (options_.egress->mode() != EgressMode::hold) {
    loop_.spawn("outbound: own check", look_beside(std::move(mail), row));
    co_return;
  }
  const auto report = co_await options_.egress->check(std::move(mail));
  if (!report) co_return;
  co_await queue_.note(row, event_of(*report, clock_.wall_ms()));
  if (!report->failed) co_return;
  std::vector<RemoteOutcome> held;
  std::erase_if(recipients, [&](const RemoteRecipient& recipient) {
    if (!recipient.is_first || recipient.released) return false;
    RemoteOutcome outcome;
    outcome.row = recipient.row;
    outcome.state = RemoteOutcome::State::held;
    outcome.reason = printable(hold_reason(*report), longest_reason);
    outcome.status = "4.7.0";
    held.push_back(std::move(outcome));
    return true;
  });
  if (!held.empty()) conclude(std::move(held));
}

}  // namespace futar::mta
