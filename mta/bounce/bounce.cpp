#include "mta/bounce/bounce.h"

#include "common/message/received.h"

namespace futar::mta {

using message::Action;

std::optional<std::string_view> suppressed(const smtp::Address& reverse_path, smtp::Notify notify,
                                           Action action) {
  if (reverse_path.is_null()) return "null reverse-path";
  if (notify.bits & smtp::Notify::never) return "NOTIFY=NEVER";
  const bool wanted = action == Action::failed    ? notify.wants_failure()
                      : action == Action::delayed ? notify.wants_delay()
                                                  : notify.wants_success();
  if (!wanted) return "not in NOTIFY";
  return {};
}

namespace {

// RFC 3461 §6.2: only what has failed comes back whole; the sender still has the rest.
bool returns_body(const Original& original, const std::vector<message::ReportedRecipient>& due) {
  const bool failed =
      std::ranges::find(due, Action::failed, &message::ReportedRecipient::action) != due.end();
  const bool fits = original.header.size() + original.body.size() <= max_returned;
  return failed && fits && !original.body.empty() && original.envelope.parameters.ret != smtp::Ret::headers;
}

std::string received_here(const Teller& teller, const message::Envelope& envelope) {
  message::Received received;
  received.by = teller.host;
  received.protocol = "local";
  received.id = teller.id;
  received.recipient = envelope.recipients[0].address;
  received.wall_ms = teller.now_ms;
  received.zone_minutes = teller.zone_minutes;
  return message::received_field(received);
}

}  // namespace

Bounce compose(const Teller& teller, const Original& original, std::vector<message::ReportedRecipient> due) {
  const smtp::MailParameters& given = original.envelope.parameters;
  const bool whole = returns_body(original, due);
  message::ReportText text = message::write_report({.host = teller.host,
                                                    .id = teller.id,
                                                    .to = original.envelope.reverse_path,
                                                    .original = original.id,
                                                    .envid = given.envid,
                                                    .arrival_ms = original.accepted_ms,
                                                    .now_ms = teller.now_ms,
                                                    .zone_minutes = teller.zone_minutes,
                                                    .recipients = std::move(due),
                                                    .smtputf8 = given.smtputf8,
                                                    .original_header = original.header,
                                                    .original_body = original.body,
                                                    .whole_original = whole});
  Bounce bounce;
  bounce.envelope.parameters.body_8bit = text.eight_bit;
  bounce.envelope.parameters.smtputf8 = given.smtputf8;
  bounce.envelope.recipients = {
      {original.envelope.reverse_path, {.notify = {smtp::Notify::never}, .orcpt = ""}}};
  bounce.header = received_here(teller, bounce.envelope) + text.header;
  bounce.body = std::move(text.body);
  return bounce;
}

}  // namespace futar::mta
