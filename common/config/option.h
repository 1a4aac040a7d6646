// The table of all settings: what the reader accepts, the getters give and the printers print.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace futar::config {

enum class Type { text, number, duration, size, flag, list, table };

/// What a value must keep to. Ranges hold for numbers, durations (ms) and sizes (octets); `choices` ("a|b")
/// and `form` for each text of a text, list or table.
struct Bounds {
  int64_t least = 0;
  int64_t most = INT64_MAX;
  std::string_view choices = {};
  bool (*form)(std::string_view text) = nullptr;
  std::string_view form_words = {};  ///< what `form` wants, for the error: "an absolute path"
};

struct Option {
  std::string_view section;  ///< "" = top level
  std::string_view key;
  Type type;
  std::string_view fallback;  ///< as it would stand in the file: "\"5m\"", "[]"
  Bounds bounds;
  std::string_view sentence;

  std::string name() const;  ///< "msa.listen"
};

std::span<const Option> options();
const Option* find_option(std::string_view name);
/// The known name nearest to a mistyped one; "" when none is near.
std::string nearest_option(std::string_view name);

std::string_view type_words(Type type);          ///< "a duration such as \"5m\""
std::string bounds_words(const Option& option);  ///< "1 to 100000", "direct, hold or capture", "" if free

}  // namespace futar::config
