#include "mta/trail/words.h"

#include "common/base/text.h"

namespace futar::mta::trail {
namespace {

constexpr size_t id_end_size = 6;  // the shortest end of an id that spool::matches_id takes

std::string_view end_of(std::string_view id) {
  return id.substr(id.size() - std::min(id_end_size, id.size()));
}

/// An address, or "@domain" also when it was written without the @.
std::string address_word(std::string_view wanted) {
  return wanted.find('@') == std::string_view::npos ? fmt::format("@{}", wanted) : std::string(wanted);
}

std::string message_id_word(std::string_view wanted) {
  return wanted.starts_with('<') ? std::string(wanted) : fmt::format("<{}>", wanted);
}

}  // namespace

// FNV-1a, then the finalizer of MurmurHash3, so that the upper half depends on all bits.
Hash hash_of(By by, std::string_view word) {
  uint64_t value = 0xcbf29ce484222325;
  const auto take = [&](char c) { value = (value ^ static_cast<uint8_t>(c)) * 0x100000001b3; };
  take(static_cast<char>(by));
  for (char c : word) take(ascii_lower(c));
  value = (value ^ (value >> 33)) * 0xff51afd7ed558ccd;
  value = (value ^ (value >> 33)) * 0xc4ceb9fe1a85ec53;
  return static_cast<Hash>(value >> 32);
}

std::vector<Hash> hashes_of(By by, const smtp::Address& address) {
  if (address.is_null()) return {};
  return {hash_of(by, address.text()), hash_of(by, "@" + address.domain)};
}

std::vector<Hash> hashes_of(const MessageId& id, const smtp::Address& sender,
                            std::span<const event::Event> events) {
  std::vector<Hash> hashes = hashes_of(By::sender, sender);
  hashes.push_back(hash_of(By::id_end, end_of(id.text())));
  for (const event::Event& event : events) {
    for (const auto& [field, value] : event.fields) {
      if (field == event::Field::client) hashes.push_back(hash_of(By::client, value));
      if (field == event::Field::message_id) hashes.push_back(hash_of(By::message_id, value));
    }
  }
  std::ranges::sort(hashes);
  hashes.erase(std::ranges::unique(hashes).begin(), hashes.end());
  return hashes;
}

Conditions conditions_of(const spool::TraceQuery& query) {
  // In the order of how few messages each leaves: an address before a domain.
  Conditions narrow, wide;
  const auto add = [&](std::string_view word, std::initializer_list<By> kinds) {
    std::vector<Hash>& alternatives = (word.starts_with('@') ? wide : narrow).emplace_back();
    for (By by : kinds) alternatives.push_back(hash_of(by, word));
  };
  if (query.what.starts_with('<'))
    add(query.what, {By::message_id});
  else if (query.is_by_id() && query.what.size() >= id_end_size)
    add(end_of(query.what), {By::id_end});
  if (!query.message_id.empty()) add(message_id_word(query.message_id), {By::message_id});
  if (!query.client.empty()) add(query.client, {By::client});
  if (!query.what.empty() && !query.what.starts_with('<') && !query.is_by_id())
    add(address_word(query.what), {By::sender, By::recipient});
  if (!query.from.empty()) add(address_word(query.from), {By::sender});
  if (!query.to.empty()) add(address_word(query.to), {By::recipient});
  narrow.insert(narrow.end(), wide.begin(), wide.end());
  return narrow;
}

}  // namespace futar::mta::trail
