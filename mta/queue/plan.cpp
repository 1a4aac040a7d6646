#include "mta/queue/plan.h"

#include <set>

namespace futar::mta {
namespace {

NewRecipient plan_one(const PlanInput& input, const message::Recipient& recipient) {
  const Route way = route(input.rules, input.directory, input.sender, recipient.address);
  NewRecipient planned;
  planned.address = recipient.address;
  planned.target = way.address;
  planned.mailbox = way.mailbox;
  planned.prefix = way.prefix;
  planned.reason = way.reason;
  planned.parameters = recipient.parameters;
  planned.destination = way.destination;
  const bool for_others = !way.destination.empty();
  if (for_others) planned.mailbox = way.address.text();
  if (!input.hold_reason.empty()) planned.reason = input.hold_reason;
  if (way.kind == Route::Kind::hold || !input.hold_reason.empty()) {
    planned.state = State::held;
  } else if (for_others) {
    planned.state = State::waiting;
    planned.due_ms = input.now_ms;
  } else {
    planned.state = input.slot_free ? State::in_flight : State::waiting;
  }
  return planned;
}

}  // namespace

std::vector<NewRecipient> plan(const PlanInput& input, const std::vector<message::Recipient>& recipients) {
  std::vector<NewRecipient> planned;
  std::set<std::string> mailboxes;
  for (const message::Recipient& recipient : recipients) {
    NewRecipient one = plan_one(input, recipient);
    if (!one.mailbox.empty() && !mailboxes.insert(one.mailbox).second) {
      one.state = State::duplicate;
      one.reason = "the message already goes there";
    }
    planned.push_back(std::move(one));
  }
  return planned;
}

}  // namespace futar::mta
