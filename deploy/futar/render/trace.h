// A message's way, put together from what the agents answered, and in words: the answer first, then the way.
#pragma once
#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace futar::deploy {

struct TracedEvent {
  int64_t ms = 0;  ///< wall clock
  std::string agent, kind, text, cause;
  std::map<std::string, std::string> fields =
      {};  ///< as the agent noted them: "recipient", "host", "reply" ...
};

struct TracedRecipient {
  std::string address, state, reason;
  bool by_alias = false;
  std::string status = {};  ///< enhanced status code (RFC 3463) of its last attempt; "" if none
};

struct TracedMessage {
  std::string id, from;
  uint64_t size = 0;
  int64_t accepted_ms = 0;
  std::vector<TracedRecipient> recipients;
  std::vector<TracedEvent> events;  ///< by time
};

/// Joins the answers of msa and mta (either may be null) by id, oldest message first. What mta tells of
/// recipients wins: msa knows them only until it has handed them over. What mda did stands in mta's answer
/// and is given back to mda.
std::vector<TracedMessage> join_traces(const nlohmann::json& msa, const nlohmann::json& mta);

/// Of an item of an agent's "events"; what mta tells of mda's deeds is given back to mda.
TracedEvent traced_event(const nlohmann::json& item);
/// Behind those of the same time: each agent tells its own in their order.
void insert_by_time(std::vector<TracedEvent>& events, TracedEvent event);
nlohmann::json event_json(const TracedEvent& event);
/// A line or more an event, with its time since then.
std::string way_in_words(const std::vector<TracedEvent>& events, int64_t since_ms);

std::string trace_in_words(const TracedMessage& message);
nlohmann::json trace_json(const TracedMessage& message);

}  // namespace futar::deploy
