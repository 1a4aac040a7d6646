#include "common/base/ids.h"

#include <sys/random.h>

#include <stdexcept>

namespace futar {
namespace {

constexpr std::string_view alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto at = alphabet.find(c);
  return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

}  // namespace

MessageId MessageId::make(const Clock& clock) {
  Bytes bytes;
  // getrandom for 10 octets cannot be short once the pool is ready (getrandom(2)).
  if (getrandom(bytes.data() + 6, 10, 0) != 10) throw std::runtime_error("getrandom failed");
  const auto ms = static_cast<uint64_t>(clock.wall_ms());
  for (int i = 0; i < 6; ++i) bytes[static_cast<size_t>(i)] = static_cast<uint8_t>(ms >> (8 * (5 - i)));
  return MessageId(bytes);
}

Result<MessageId> MessageId::from_blob(std::string_view blob) {
  Bytes bytes;
  if (blob.size() != bytes.size()) return fail(Error::permanent("an id has 16 octets"));
  std::copy(blob.begin(), blob.end(), bytes.begin());
  return MessageId(bytes);
}

// 128 bits in 26 digits of 5 bits: the first digit holds only the 3 highest bits.
std::string MessageId::text() const {
  unsigned __int128 value = 0;
  for (uint8_t byte : bytes_) value = value << 8 | byte;
  std::string text(text_size, '0');
  for (size_t i = text_size; i-- > 0; value >>= 5) text[i] = alphabet[static_cast<size_t>(value & 31)];
  return text;
}

Result<MessageId> MessageId::parse(std::string_view text) {
  if (text.size() != text_size) return fail(Error::permanent("an id has 26 characters"));
  unsigned __int128 value = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const int digit = digit_of(text[i]);
    if (digit < 0 || (i == 0 && digit > 7)) return fail(Error::permanent("not an id: " + std::string(text)));
    value = value << 5 | static_cast<unsigned>(digit);
  }
  Bytes bytes;
  for (size_t i = bytes.size(); i-- > 0; value >>= 8) bytes[i] = static_cast<uint8_t>(value);
  return MessageId(bytes);
}

int64_t MessageId::wall_ms() const {
  int64_t ms = 0;
  for (size_t i = 0; i < 6; ++i) ms = ms << 8 | bytes_[i];
  return ms;
}

}  // namespace futar
