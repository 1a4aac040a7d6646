// What `futar trace` asks an agent for, and whether a message is meant. Pure.
#pragma once
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/event/event.h"
#include "common/spool/summary_store.h"

namespace futar::spool {

/// The whole id, its last 6 or more characters, or any 10 or more of its start.
bool matches_id(const MessageId& id, std::string_view wanted);
/// An address, "@domain" or "domain".
bool matches_address(const smtp::Address& address, std::string_view wanted);

struct TraceQuery {
  std::string what = {};  ///< an id, an address, or a Message-ID in angle brackets; "" = all
  std::string from = {}, to = {}, client = {};
  std::string message_id = {};  ///< with or without angle brackets
  int64_t since_ms = 0;
  std::vector<MessageId> ids = {};  ///< if any: these messages, and nothing else is asked

  /// Only an id is asked for, and the message's row alone answers.
  bool is_by_id() const { return !what.empty() && what.find_first_of("@<") == std::string::npos; }
  /// Without a message's events there is no answer.
  bool looks_into_events() const { return !client.empty() || !message_id.empty() || what.starts_with('<'); }
  /// `more`: recipients beyond those of the envelope, such as those by alias. Client and Message-ID stand in
  /// the events.
  bool is_for(const Summary& summary, std::span<const event::Event> events,
              std::span<const smtp::Address> more = {}) const;
};

}  // namespace futar::spool
