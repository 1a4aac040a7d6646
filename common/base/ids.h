// The id of a message: one from MAIL to the last delivery, the same in every agent, in Received, replies and
// DSNs.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "common/base/clock.h"
#include "common/base/result.h"

namespace futar {

/// 48 bits of milliseconds, then 80 random bits. As text: 26 characters of Crockford's base 32 in lower case,
/// which sort by time. Uniqueness never rests on the clock.
class MessageId {
 public:
  static constexpr size_t text_size = 26;
  using Bytes = std::array<uint8_t, 16>;

  MessageId() = default;  ///< all zero: "no id"
  explicit MessageId(const Bytes& bytes) : bytes_(bytes) {}
  static MessageId make(const Clock& clock);
  static Result<MessageId> parse(std::string_view text);
  /// From 16 octets as the databases hold them.
  static Result<MessageId> from_blob(std::string_view blob);

  std::string text() const;
  std::string_view blob() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  int64_t wall_ms() const;  ///< the time in it
  bool is_none() const { return bytes_ == Bytes{}; }
  auto operator<=>(const MessageId&) const = default;

 private:
  Bytes bytes_{};
};

}  // namespace futar

template <>
struct std::hash<futar::MessageId> {
  size_t operator()(const futar::MessageId& id) const noexcept {
    return std::hash<std::string_view>{}(id.blob());
  }
};
