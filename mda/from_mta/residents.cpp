#include "mda/from_mta/residents.h"

#include <sys/stat.h>

#include "common/log/log.h"

namespace futar::mda {

Result<std::unique_ptr<Residents>> Residents::open(std::string published_folder, std::string separators,
                                                   uint64_t default_quota) {
  std::unique_ptr<Residents> residents(
      new Residents(std::move(published_folder), std::move(separators), default_quota));
  TRY(residents->reopen());
  return residents;
}

Residents::Stamp Residents::stamp() const {
  struct stat status{};
  if (::stat((folder_ + "/addresses.db").c_str(), &status) != 0) return {};
  return {status.st_dev, status.st_ino, status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

// The stamp is taken first: a file that is published in between is at worst opened twice.
Result<void> Residents::reopen() {
  const Stamp fresh = stamp();
  directory_ = TRY(directory::Directory::open(folder_, separators_));
  stamp_ = fresh;
  return {};
}

Destination Residents::find(const smtp::Address& address, const Descent& descent) {
  auto resolution = directory_->resolve(address);
  const bool unknown = std::holds_alternative<directory::Unknown>(resolution) ||
                       std::holds_alternative<directory::NotLocal>(resolution);
  if (unknown && stamp() != stamp_) {
    if (const auto reopened = reopen()) {
      resolution = directory_->resolve(address);
    } else {
      log::error("directory: {}", reopened.error().text);
      return NotHere{false, "4.3.5", "the directory cannot be read"};
    }
  }
  if (directory_->generation() == 0) return NotHere{false, "4.3.5", "no directory is published yet"};
  return expand(resolution, address, descent);
}

uint64_t Residents::quota_of(const std::string& account) const {
  const auto address = smtp::parse_address(account);
  if (!address) return 0;
  const auto resolution = directory_->resolve(*address);
  const auto* found = std::get_if<directory::Account>(&resolution);
  return found ? quota_of(*found) : 0;
}

}  // namespace futar::mda
