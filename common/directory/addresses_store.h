// addresses.db: the published file that tells all agents who lives here. Written once, then only read.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "common/directory/directory.h"
#include "common/directory/records.h"

namespace futar::store {
class Database;
class Statement;
}  // namespace futar::store

namespace futar::directory {

constexpr auto addresses_file = "addresses.db";

/// Writes a fresh file; the publisher renames it into place.
Result<void> write_addresses(const std::string& path, const Records& records);

/// One account or alias exactly as asked for, without details, roles and catch-alls.
using Entry = std::variant<std::monostate, Account, Alias>;

class AddressFile {
 public:
  struct Domain {
    int64_t number = 0;
    std::string catch_all;     ///< account or ""
    std::string role_account;  ///< see records.h
  };

  static Result<std::unique_ptr<AddressFile>> open(const std::string& path);
  ~AddressFile();

  Entry find(std::string_view address);  ///< canonical; microseconds. Throws when the file cannot be read
  const std::map<std::string, Domain, std::less<>>& domains() const { return domains_; }
  std::vector<std::string> accounts();
  uint64_t generation() const { return generation_; }

 private:
  AddressFile();
  Result<void> load();
  std::unique_ptr<store::Database> database_;
  store::Statement* find_ = nullptr;
  std::map<std::string, Domain, std::less<>> domains_;
  uint64_t generation_ = 0;
};

}  // namespace futar::directory
