// The settings in force: defaults, then the config file, then FUTAR__SECTION__KEY of the environment.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/config/option.h"

namespace futar::config {

using List = std::vector<std::string>;
using Table = std::map<std::string, std::string>;
/// text, number / duration (ms) / size (octets), flag, list, table.
using Value = std::variant<std::string, int64_t, bool, List, Table>;

using Environment = std::vector<std::pair<std::string, std::string>>;
/// The FUTAR_... variables of this process.
Environment process_environment();

class Config {
 public:
  struct Entry {
    const Option* option;
    Value value;
    std::string origin;  ///< "" = default, else "futar.toml:12" or "FUTAR__MTA__REMOTE"
  };

  Config();  ///< all defaults

  /// The file of --config, else of FUTAR_CONFIG, else /etc/futar/futar.toml. A file that was named must be
  /// there; without the default file the defaults hold. The error (permanent) lists each fault in a line of
  /// its own, with file, line and key.
  static Result<Config> load(const std::optional<std::string>& named,
                             const Environment& environment = process_environment());
  /// The same from text; `file` is its name in errors.
  static Result<Config> parse(std::string_view text, std::string file, const Environment& environment = {});

  // Getters take "section.key". A name that is not in the table, or of another type, is a bug and ends the
  // process.
  const std::string& text(std::string_view name) const;
  int64_t number(std::string_view name) const;
  int64_t duration_ms(std::string_view name) const;
  uint64_t size(std::string_view name) const;
  bool flag(std::string_view name) const;
  const List& list(std::string_view name) const;
  const Table& table(std::string_view name) const;
  /// The first line of the file that a `..._file` setting names, its line end dropped; "" when none is named.
  Result<std::string> secret(std::string_view name) const;

  /// `hostname`, or the machine's own name when it is not set.
  std::string hostname() const;
  bool is_set(std::string_view name) const;                       ///< by file or environment
  const std::vector<Entry>& entries() const { return entries_; }  ///< in the order of the table
  const std::string& file() const { return file_; }               ///< "" when none was read

 private:
  friend class Reading;
  const Entry& entry(std::string_view name, Type type) const;
  std::vector<Entry> entries_;
  std::string file_;
};

}  // namespace futar::config
