// Writes compact JSON straight into a string: heads are written for every batch, and a DOM would cost ten
// times this.
#pragma once
#include <fmt/format.h>

#include <concepts>
#include <string>
#include <string_view>

namespace futar::proto {

/// Commas are placed by the writer; the caller balances its brackets.
class JsonWriter {
 public:
  JsonWriter& open(char bracket);
  JsonWriter& close(char bracket);
  JsonWriter& key(std::string_view name);
  JsonWriter& number(std::integral auto value) {
    separate();
    const fmt::format_int digits(value);
    text_.append(digits.data(), digits.size());
    return *this;
  }
  JsonWriter& boolean(bool value);
  /// UTF-8 as a string, other octets as {"b": base64}: ENVID and ORCPT may hold any.
  JsonWriter& text(std::string_view value);
  /// Fields that are left out when they say nothing: the reader knows the default.
  JsonWriter& text_unless_empty(std::string_view name, std::string_view value);
  JsonWriter& flag_if(std::string_view name, bool value);
  std::string take() { return std::move(text_); }

 private:
  void separate();

  std::string text_;
  bool first_ = true;
};

}  // namespace futar::proto
