// What a message is found by, as numbers. Pure.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "common/event/event.h"
#include "common/smtp/address.h"
#include "common/spool/trace_query.h"

namespace futar::mta::trail {

using Hash = uint32_t;

enum class By : char { sender = 'f', recipient = 't', message_id = 'i', client = 'c', id_end = 'e' };
/// The case of ASCII letters does not matter. Stable: it stands on disk.
Hash hash_of(By by, std::string_view word);

/// An address and its domain; nothing for the null path.
std::vector<Hash> hashes_of(By by, const smtp::Address& address);
/// Sender, Message-ID, client and the end of the id. Recipients have rows of their own.
std::vector<Hash> hashes_of(const MessageId& id, const smtp::Address& sender,
                            std::span<const event::Event> events);

/// Each element is a condition that must hold, given as its alternatives. Empty: the words of the question
/// are not in the trail, such as a time alone or a part of an id that is not its end.
using Conditions = std::vector<std::vector<Hash>>;
Conditions conditions_of(const spool::TraceQuery& query);

}  // namespace futar::mta::trail
