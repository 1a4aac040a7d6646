// The tables that msa.db and mta.db share: message, content, events. SQL for a message's life before its recipients.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "common/base/ids.h"
#include "common/event/event.h"
#include "common/message/envelope.h"
#include "common/spool/body.h"
#include "common/store/database.h"

namespace futar::spool {

/// A message as it is accepted, offered and queued.
struct Message {
  MessageId id;
  message::Envelope envelope;
  std::string header;  ///< whole, with the empty line that ends it; CRLF
  Body body;
  int64_t accepted_ms = 0;
  std::string login;        ///< account that submitted it, "" from outside
  std::string hold_reason;  ///< not "": its recipients are stored as held
  bool proven_sender = false;  ///< a DSN may go to the reverse-path (design §5)
};

/// Creates the tables message, content, events (call from an agent's Schema::migrate).
Result<void> create_message_tables(store::Database& database);

/// Inserts message, content and the packed events of the step. Returns the local key (INTEGER PRIMARY KEY
/// AUTOINCREMENT, never reused).
Result<int64_t> insert_message(store::Database& database, const Message& message, const std::vector<event::Event>& events);
Result<std::optional<Message>> load_message(store::Database& database, int64_t key);  ///< blob bodies loaded
Result<std::optional<int64_t>> find_message(store::Database& database, const MessageId& id);
Result<void> append_events(store::Database& database, int64_t key, const std::vector<event::Event>& events);
Result<std::vector<event::Event>> load_events(store::Database& database, int64_t key);
/// At the last terminal state: header and content go, envelope and events stay. The body file is unlinked by the
/// caller after the commit (returned here, "" if none).
Result<std::string> clear_content(store::Database& database, int64_t key);

/// The envelope as the databases and the link hold it: compact JSON, unknown keys ignored.
std::string encode_envelope(const message::Envelope& envelope);
Result<message::Envelope> decode_envelope(std::string_view text);

}  // namespace futar::spool
