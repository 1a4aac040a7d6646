// One step's events as octets: a format version, then each event as time (difference to the one before),
// kind, number of fields, and each field as number, length, text. Numbers are LEB128 varints.
#include "common/event/event.h"
#include "common/event/kinds.h"

namespace futar::event {
namespace {

constexpr char format_version = 1;
constexpr uint64_t time_limit = 1ull << 48;  ///< the times that a message id can hold; others are damage

void put_number(std::string& out, uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

// A small difference of either sign stays small (0, -1, 1, -2 ... become 0, 1, 2, 3 ...).
uint64_t fold_sign(uint64_t difference) { return (difference << 1) ^ (difference >> 63 ? ~0ull : 0); }
uint64_t unfold_sign(uint64_t folded) { return (folded >> 1) ^ (folded & 1 ? ~0ull : 0); }

class Cursor {
 public:
  explicit Cursor(std::string_view octets) : rest_(octets) {}
  bool at_end() const { return rest_.empty(); }

  Result<uint64_t> number() {
    uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (rest_.empty()) return cut();
      const auto octet = static_cast<uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      if (shift == 63 && octet > 1) break;
      value |= static_cast<uint64_t>(octet & 0x7f) << shift;
      if (octet < 0x80) return value;
    }
    return fail(Error::permanent("events: a number has more than 64 bits"));
  }

  Result<std::string> text() {
    const uint64_t size = TRY(number());
    if (size > rest_.size()) return cut();
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }

 private:
  static std::unexpected<Error> cut() { return fail(Error::permanent("events: cut off")); }
  std::string_view rest_;
};

Result<Event> take_event(Cursor& cursor, uint64_t& time) {
  Event event;
  time += unfold_sign(TRY(cursor.number()));
  if (time >= time_limit) return fail(Error::permanent("events: no such time"));
  event.wall_ms = static_cast<int64_t>(time);
  const uint64_t kind = TRY(cursor.number());
  if (!is_kind(kind)) return fail(Error::permanent(fmt::format("events: unknown kind {}", kind)));
  event.kind = static_cast<Kind>(kind);
  for (uint64_t left = TRY(cursor.number()); left > 0; --left) {
    const uint64_t field = TRY(cursor.number());
    if (!is_field(field)) return fail(Error::permanent(fmt::format("events: unknown field {}", field)));
    event.fields.emplace_back(static_cast<Field>(field), TRY(cursor.text()));
  }
  return event;
}

}  // namespace

std::string pack(const std::vector<Event>& events) {
  std::string out(1, format_version);
  uint64_t time = 0;
  for (const Event& event : events) {
    const auto now = static_cast<uint64_t>(event.wall_ms);
    put_number(out, fold_sign(now - std::exchange(time, now)));
    put_number(out, static_cast<uint64_t>(event.kind));
    put_number(out, event.fields.size());
    for (const auto& [field, value] : event.fields) {
      put_number(out, static_cast<uint64_t>(field));
      put_number(out, value.size());
      out += value;
    }
  }
  return out;
}

Result<std::vector<Event>> unpack(std::string_view packed) {
  if (packed.empty() || packed.front() != format_version)
    return fail(Error::permanent("events: unknown format"));
  Cursor cursor(packed.substr(1));
  std::vector<Event> events;
  uint64_t time = 0;
  while (!cursor.at_end()) events.push_back(TRY(take_event(cursor, time)));
  return events;
}

}  // namespace futar::event
