// A message without its content, for lists and traces. Reads what message_store.h writes.
#pragma once
#include <optional>
#include <vector>

#include "common/base/ids.h"
#include "common/message/envelope.h"
#include "common/store/database.h"

namespace futar::spool {

struct Summary {
  int64_t key = 0;
  MessageId id;
  message::Envelope envelope;
  uint64_t size = 0;  ///< of header and body, octets
  int64_t accepted_ms = 0;
  std::string login;
  bool content_gone = false;  ///< terminal: envelope and events are left
  bool proven_sender = false;
};

Result<std::optional<Summary>> load_summary(store::Database& database, int64_t key);
/// Newest first, those with a key behind `after`, accepted at or after since_ms. Rows that cannot be decoded
/// are passed over (the audit names them). Scans as far as it must to fill the limit.
Result<std::vector<Summary>> find_summaries(store::Database& database, int64_t after, int64_t since_ms,
                                            size_t limit);
/// Body files that messages still need, with their sizes in octets.
struct NamedFile {
  std::string name;
  uint64_t size = 0;
};
Result<std::vector<NamedFile>> named_files(store::Database& database);
/// Keys whose row cannot be decoded.
Result<std::vector<int64_t>> damaged_messages(store::Database& database, size_t limit);

}  // namespace futar::spool
