// Makes the records public to agents and Dovecot: three immutable files of one generation.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>

#include "common/directory/records.h"

namespace futar::directory {

struct Publication {
  std::string folder;
  uint64_t default_quota = 0;  ///< mda.quota
  /// Groups that may read the secrets. A group that we may not give (neither root nor a member) is an error.
  std::optional<gid_t> credentials_group = {};  ///< msa's
  std::optional<gid_t> dovecot_group = {};
};

/// Writes addresses.db (0644), credentials.db and dovecot.passwd (0640 with their group, else 0600): each
/// into a new file, fsync, then renames all, then fsync of the folder. A reader sees the old file or the new
/// one, whole.
Result<void> publish(const Records& records, const Publication& publication);

}  // namespace futar::directory
