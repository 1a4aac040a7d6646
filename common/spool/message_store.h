// The tables that msa.db and mta.db share: message, content, events. SQL for a message's life before its
// recipients.
//
//   message(key INTEGER PRIMARY KEY AUTOINCREMENT, id BLOB UNIQUE, state, accepted_ms, size, proven, login,
//           hold_reason, file, envelope, header)     state is the agent's own, 0 at first; header NULL =
//           cleared
//   content(key INTEGER PRIMARY KEY, body BLOB)      only bodies that are blobs
//   events(step INTEGER PRIMARY KEY, packed BLOB)    step = key << 20 | number of the step: a message's steps
//   lie side
//                                                    by side without an index
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
  std::string login;           ///< account that submitted it, "" from outside
  std::string client;          ///< whom it came from, for the trail; stands in the events, not in the row
  std::string hold_reason;     ///< not "": its recipients are stored as held
  bool proven_sender = false;  ///< a DSN may go to the reverse-path (design §5)
};

/// Creates the tables message, content, events (call from an agent's Schema::migrate).
Result<void> create_message_tables(store::Database& database);

/// Inserts message, content and the packed events of the step. Returns the local key (INTEGER PRIMARY KEY
/// AUTOINCREMENT, never reused). An id that is there already is a permanent error.
Result<int64_t> insert_message(store::Database& database, const Message& message,
                               const std::vector<event::Event>& events);
/// None when there is no such row. Blob bodies are loaded; after clear_content the header is "" and the body
/// has only its size. A row that cannot be decoded is a permanent error: set it aside and report it.
Result<std::optional<Message>> load_message(store::Database& database, int64_t key);
Result<std::optional<int64_t>> find_message(store::Database& database, const MessageId& id);
/// Nothing is written for an empty list.
Result<void> append_events(store::Database& database, int64_t key, const std::vector<event::Event>& events);
/// All of a message in the order of their steps. Damage is a permanent error.
Result<std::vector<event::Event>> load_events(store::Database& database, int64_t key);
/// At the last terminal state: header and content go, envelope and events stay. The body file is unlinked by
/// the caller after the commit (returned here, "" if none).
Result<std::string> clear_content(store::Database& database, int64_t key);
/// Whether a message has this body file: what Folder::sweep asks at start.
Result<bool> has_file(store::Database& database, std::string_view file);
/// Retention: the message's row, content and events.
Result<void> delete_message(store::Database& database, int64_t key);

/// The envelope as the databases and the link hold it: compact JSON, unknown keys ignored. Values that are
/// not UTF-8 (xtext can hold any octet) stand in base64 under their key + "64".
std::string encode_envelope(const message::Envelope& envelope);
Result<message::Envelope> decode_envelope(std::string_view text);

}  // namespace futar::spool
