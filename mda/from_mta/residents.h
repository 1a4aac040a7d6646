// Who lives here, always of the newest generation before anybody is refused.
#pragma once
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/directory/directory.h"
#include "mda/expand/expand.h"

namespace futar::mda {

class Residents {
 public:
  static Result<std::unique_ptr<Residents>> open(std::string published_folder, std::string separators,
                                                 uint64_t default_quota);

  /// expand() by the directory. Whom this generation does not know is looked up in the next one, if there is
  /// one: mta may have read of a new account, and taken mail for it, a moment before us.
  Destination find(const smtp::Address& address, const Descent& descent);
  Result<void> reopen();

  std::vector<std::string> accounts() const { return directory_->accounts(); }
  /// Octets, 0 = none.
  uint64_t quota_of(const directory::Account& account) const {
    return account.quota != 0 ? account.quota : default_quota_;
  }
  uint64_t quota_of(const std::string& account) const;

 private:
  /// What tells one published file from the next.
  struct Stamp {
    uint64_t device = 0, inode = 0;
    int64_t changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  Residents(std::string folder, std::string separators, uint64_t default_quota)
      : folder_(std::move(folder)), separators_(std::move(separators)), default_quota_(default_quota) {}
  Stamp stamp() const;

  std::string folder_, separators_;
  uint64_t default_quota_;
  Stamp stamp_;
  std::unique_ptr<directory::Directory> directory_;
};

}  // namespace futar::mda
