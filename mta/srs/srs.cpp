#include "mta/srs/srs.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::mta::srs {
namespace {

constexpr size_t max_local = 64;  // RFC 5321 §4.5.3.1.1
constexpr size_t hash_size = 6;   // 30 bits; libsrs2 has 4 of base64, compared without case
constexpr int64_t day_ms = 86'400'000;
constexpr int64_t days_in_stamp = 32 * 32;
constexpr std::string_view base32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";  // RFC 4648 §6

// Two characters for the day, which come round after three years.
std::string stamp(int64_t now_ms) {
  const int64_t day = now_ms / day_ms % days_in_stamp;
  return {base32[static_cast<size_t>(day / 32)], base32[static_cast<size_t>(day % 32)]};
}

// How many days ago that was; none when it is no stamp. A clock may have been set back a little.
std::optional<int64_t> age_in_days(std::string_view text, int64_t now_ms) {
  if (text.size() != 2) return std::nullopt;
  int64_t day = 0;
  for (char c : text) {
    const size_t digit = base32.find(ascii_lower(c) == c && c >= 'a' ? static_cast<char>(c - 'a' + 'A') : c);
    if (digit == std::string_view::npos) return std::nullopt;
    day = day * 32 + static_cast<int64_t>(digit);
  }
  const int64_t age = (now_ms / day_ms % days_in_stamp - day + days_in_stamp) % days_in_stamp;
  return age == days_in_stamp - 1 ? 0 : age;
}

// The servers on the way may change the case of a local part, so it is not signed.
std::string hash(std::string_view key, std::string_view signed_text) {
  const std::string mac = crypto::hmac_sha256(key, ascii_lower(signed_text));
  std::string text;
  for (size_t i = 0; i < hash_size; ++i) text += base32[static_cast<unsigned char>(mac[i]) % 32];
  return text;
}

bool is_signed(std::string_view given, std::string_view signed_text, const Keys& keys) {
  std::string upper(given);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return std::ranges::any_of(keys, [&](const std::string& key) {
    return crypto::equal_constant_time(upper, hash(key, signed_text));
  });
}

bool has_tag(std::string_view local, std::string_view tag) {
  return local.size() > tag.size() && starts_with_nocase(local, tag) &&
         std::string_view("=+-").contains(local[tag.size()]);
}

// "HASH=rest" as its two halves.
std::optional<std::pair<std::string_view, std::string_view>> cut(std::string_view text) {
  const size_t mark = text.find('=');
  if (mark == std::string_view::npos) return std::nullopt;
  return std::pair(text.substr(0, mark), text.substr(mark + 1));
}

// The local part for an address that another forwarder has made already: it points to that one, however many
// there were in between.
std::string second_hand(const smtp::Address& theirs, const Keys& keys) {
  std::string rest;
  if (has_tag(theirs.local, "SRS1")) {
    const auto parts = cut(std::string_view(theirs.local).substr(5));
    if (!parts) return "";
    rest = parts->second;
  } else {
    rest = fmt::format("{}={}", theirs.domain, theirs.local.substr(4));
  }
  return fmt::format("SRS1={}={}", hash(keys.front(), "SRS1=" + rest), rest);
}

Result<smtp::Address> refused(std::string_view why) {
  return fail(Error::permanent(fmt::format("no return address of ours: {}", why)));
}

// HASH=DAY=domain=local
Result<smtp::Address> open_first(std::string_view text, const Keys& keys, int64_t now_ms) {
  const auto outer = cut(text);
  const auto inner = outer ? cut(outer->second) : std::nullopt;
  const auto origin = inner ? cut(inner->second) : std::nullopt;
  if (!origin || origin->first.empty() || origin->second.empty()) return refused("its parts are missing");
  if (!is_signed(outer->first, fmt::format("SRS0={}", outer->second), keys))
    return refused("not signed by us");
  const auto age = age_in_days(inner->first, now_ms);
  if (!age || *age > valid_days) return refused(fmt::format("made more than {} days ago", valid_days));
  return smtp::Address{std::string(origin->second), TRY(smtp::parse_domain(origin->first))};
}

// HASH=their.domain=SRS0's rest, which begins with its own separator. Their server knows how old it is.
Result<smtp::Address> open_second(std::string_view text, const Keys& keys) {
  const auto outer = cut(text);
  const auto origin = outer ? cut(outer->second) : std::nullopt;
  if (!origin || origin->first.empty() || origin->second.size() < 2) return refused("its parts are missing");
  if (!is_signed(outer->first, fmt::format("SRS1={}", outer->second), keys))
    return refused("not signed by us");
  return smtp::Address{fmt::format("SRS0{}", origin->second), TRY(smtp::parse_domain(origin->first))};
}

}  // namespace

bool is_return_path(const smtp::Address& address) {
  return has_tag(address.local, "SRS0") || has_tag(address.local, "SRS1");
}

smtp::Address rewrite(const smtp::Address& reverse_path, const std::string& our_domain, const Keys& keys,
                      int64_t now_ms) {
  if (reverse_path.is_null() || reverse_path.domain.empty() || reverse_path.domain == our_domain)
    return reverse_path;
  std::string local;
  if (is_return_path(reverse_path)) {
    local = second_hand(reverse_path, keys);
  } else {
    const std::string rest = fmt::format("{}={}={}", stamp(now_ms), reverse_path.domain, reverse_path.local);
    local = fmt::format("SRS0={}={}", hash(keys.front(), "SRS0=" + rest), rest);
  }
  if (local.empty() || local.size() > max_local) return reverse_path;
  return {std::move(local), our_domain};
}

Result<smtp::Address> open(const smtp::Address& address, const Keys& keys, int64_t now_ms) {
  if (!is_return_path(address)) return refused("it does not look like one");
  const std::string_view text = std::string_view(address.local).substr(5);
  return has_tag(address.local, "SRS0") ? open_first(text, keys, now_ms) : open_second(text, keys);
}

}  // namespace futar::mta::srs
