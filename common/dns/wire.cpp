#include "common/dns/wire.h"

#include "common/base/text.h"

namespace futar::dns {
namespace {

constexpr size_t head_size = 12, longest_name = 255;
constexpr uint16_t class_in = 1, type_opt = 41, edns_octets = 4096;

void put16(std::string& to, uint16_t value) {
  to += static_cast<char>(value >> 8);
  to += static_cast<char>(value & 0xFF);
}

// Walks over a message; what does not fit sets ok to false, once and for all.
struct Cursor {
  std::string_view message;
  size_t at = 0;
  bool ok = true;

  std::string_view take(size_t size) {
    if (!ok || message.size() - at < size) {
      ok = false;
      return {};
    }
    at += size;
    return message.substr(at - size, size);
  }
  uint8_t u8() {
    const auto octet = take(1);
    return octet.empty() ? 0 : static_cast<uint8_t>(octet[0]);
  }
  uint16_t u16() {
    const uint8_t high = u8();
    return static_cast<uint16_t>(high << 8 | u8());
  }
  uint32_t u32() {
    const uint32_t high = u16();
    return high << 16 | u16();
  }

  // RFC 1035 §4.1.4. Each pointer leads further back, so that none leads in a circle.
  std::string name() {
    std::string out;
    size_t read = at, back = at;
    bool jumped = false;
    while (ok) {
      if (read >= message.size()) break;
      const auto size = static_cast<uint8_t>(message[read]);
      if (size >= 0xC0) {
        if (read + 1 >= message.size()) break;
        const size_t to = static_cast<size_t>(size & 0x3F) << 8 | static_cast<uint8_t>(message[read + 1]);
        if (to >= back) break;
        if (!std::exchange(jumped, true)) at = read + 2;
        read = back = to;
        continue;
      }
      if (size > 63 || read + 1 + size > message.size() || out.size() + 1 + size > longest_name) break;
      out += ascii_lower(message.substr(read, size + 1u));
      read += size + 1u;
      if (size > 0) continue;
      if (!jumped) at = read;
      return out;
    }
    ok = false;
    return "";
  }
};

// Names inside a record may point elsewhere in the message: they are written out.
std::string rdata_of(Cursor& cursor, uint16_t type, size_t size) {
  const size_t end = cursor.at + size;
  size_t before = 0;
  switch (static_cast<Type>(type)) {
    case Type::ns:
    case Type::cname:
    case Type::ptr:
      break;
    case Type::mx:
      before = 2;
      break;
    case Type::srv:
      before = 6;
      break;
    default:
      return std::string(cursor.take(size));
  }
  std::string rdata(cursor.take(before));
  rdata += cursor.name();
  cursor.ok = cursor.ok && cursor.at == end;
  return rdata;
}

WireRecord record_of(Cursor& cursor) {
  WireRecord record;
  record.owner = cursor.name();
  record.type = cursor.u16();
  const bool internet = cursor.u16() == class_in;
  record.ttl_s = cursor.u32();
  record.rdata = rdata_of(cursor, record.type, cursor.u16());
  if (!internet) record.type = 0;
  return record;
}

}  // namespace

std::optional<std::string> encode_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  std::string out;
  if (!name.empty())
    for (const std::string_view label : split(name, '.')) {
      if (label.empty() || label.size() > 63) return std::nullopt;
      out += static_cast<char>(label.size());
      out += ascii_lower(label);
    }
  out += '\0';
  return out.size() <= longest_name ? std::optional(std::move(out)) : std::nullopt;
}

std::string encode_query(uint16_t id, std::string_view name, Type type, bool edns) {
  std::string query;
  for (const uint16_t word : {id, uint16_t{0x0100}, uint16_t{1}, uint16_t{0}, uint16_t{0}, uint16_t{edns}})
    put16(query, word);
  query += name;
  put16(query, static_cast<uint16_t>(type));
  put16(query, class_in);
  if (!edns) return query;
  query += '\0';
  for (const uint16_t word : {type_opt, edns_octets, uint16_t{0}, uint16_t{0}, uint16_t{0}})
    put16(query, word);
  return query;
}

std::optional<Reply> decode_reply(std::string_view message, std::string_view query) {
  Cursor cursor{message}, asked{query, head_size};
  const uint16_t id = cursor.u16(), flags = cursor.u16(), questions = cursor.u16(), answers = cursor.u16();
  cursor.take(4);
  if (!cursor.ok || id != Cursor{query}.u16() || !(flags & 0x8000)) return std::nullopt;
  Reply reply;
  reply.rcode = flags & 0x0F;
  reply.truncated = flags & 0x0200;
  if (questions > 1) return std::nullopt;
  if (questions == 1) {
    const std::string name = asked.name();
    const uint32_t kind = asked.u32();
    if (cursor.name() != name || cursor.u32() != kind) return std::nullopt;
  } else if (reply.rcode == 0 || reply.rcode == 3) {
    return std::nullopt;
  }
  for (int i = 0; i < answers && !reply.truncated; ++i) reply.answers.push_back(record_of(cursor));
  return cursor.ok ? std::optional(std::move(reply)) : std::nullopt;
}

}  // namespace futar::dns
