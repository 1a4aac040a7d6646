// What happened to a message, as data. Traces, logs, explanations and metrics are views of it; words live in
// kinds.cpp.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"

namespace futar::event {

// Values are on disk: never renumber, only append. Each kind has one row in kinds.cpp: name and words.
enum class Kind : uint8_t {
  connected = 1,        ///< client, name
  logged_in = 2,        ///< login, client, mechanism, tls
  sender_allowed = 3,   ///< sender, login
  accepted = 4,         ///< reverse_path, client, name, login, helo, tls, size, recipients: durable, told 250
  refused = 5,          ///< reply, cause, client, name, helo, at, reverse_path, recipient: nothing stored
  handed_over = 6,      ///< to: msa -> mta
  taken_over = 7,       ///< from: mta got it from msa
  routed = 8,           ///< recipient, to, rule
  expanded = 9,         ///< recipient, targets
  delivered = 10,       ///< recipient, folder, file
  relayed = 11,         ///< recipient, host, reply
  deferred = 12,        ///< recipient, cause, next (wall ms), attempt, host, reply
  bounced = 13,         ///< recipient, cause, host, reply
  expired = 14,         ///< recipient, cause
  held = 15,            ///< recipient, cause
  released = 16,        ///< recipient, by
  cancelled = 17,       ///< recipient, by
  discarded = 18,       ///< recipient, rule
  duplicate = 19,       ///< recipient, of
  dsn_sent = 20,        ///< recipient, id, kind
  dsn_suppressed = 21,  ///< recipient, rule
  retried = 22,         ///< recipient, by
  waiting_on_link = 23,  ///< recipient
  login_failed = 24,     ///< client, login, cause
  rerouted = 25,         ///< recipient, by, to
  modified = 26,         ///< what: header fields added or removed by msa
  limited = 27,          ///< login, limit: held for postmaster
  spf = 28,         ///< what (the outcome), name (the domain), helo (when that was judged), client, cause
  dkim = 29,        ///< what, name (who signed), cause: one a signature, or none
  dmarc = 30,       ///< what, from (the domain that decided), cause, rule (what else follows)
  not_judged = 31,  ///< cause: SPF, DKIM and DMARC were not looked at
  signed_for = 32,  ///< name (the domain), what (its selectors); or cause: not signed
  sealed_for = 33,  ///< name, what, as above, of a seal of ARC; or cause: not sealed
  arc = 34,         ///< what, name (the newest sealer), rule (trusted or not), cause: of a chain of seals
  helo = 35,        ///< helo, cause: what is odd about the name
  forwarded = 36,   ///< client (a trusted forwarder), from (its client, who is judged), name; or cause
  own_check = 37,   ///< what (SPF, DKIM, DMARC of our own mail), cause: as its receiver would find it
  repaired = 38,    ///< what, by: `futar audit --repair`
};

// Values are on disk, as above. All are text: numbers in decimal, `next` in wall ms, `attempt` from 1, `host`
// as "mx1.remote.example[192.0.2.25]:25", `reply` as the peer or we said it ("550 5.1.1 no such user"),
// `code` an enhanced status code (RFC 3463), `at` the verb that was answered.
enum class Field : uint8_t {
  client = 1,
  name,
  login,
  mechanism,
  tls,
  sender,
  reverse_path,
  helo,
  size,
  recipients,
  reply,
  cause,
  at,
  to,
  from,
  recipient,
  rule,
  targets,
  folder,
  file,
  host,
  next,
  attempt,
  by,
  of,
  id,
  kind,
  what,
  limit,
  message_id,
  queue,
  code,
};

struct Event {
  int64_t wall_ms = 0;
  Kind kind = Kind::accepted;
  std::vector<std::pair<Field, std::string>> fields;

  Event() = default;
  Event(int64_t ms, Kind k) : wall_ms(ms), kind(k) {}
  Event& with(Field field, std::string value) {
    fields.emplace_back(field, std::move(value));
    return *this;
  }
  std::string_view get(Field field) const;  ///< "" if absent
  bool operator==(const Event&) const = default;
};

/// The events of one step as one row: a few octets each beyond their text.
std::string pack(const std::vector<Event>& events);
/// Refuses truncated or unknown data as an error, so that a damaged row is set aside and reported.
Result<std::vector<Event>> unpack(std::string_view packed);

std::string_view name(Kind kind);    ///< "delivered"
std::string_view name(Field field);  ///< "recipient"
/// The event in words, as a line of `futar trace`: "bob@example.org: put into INBOX". Values are made safe
/// for a terminal (printable()).
std::string words(const Event& event);

}  // namespace futar::event
