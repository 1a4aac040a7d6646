// Landlock (landlock(7)): of the file system and of TCP's ports, what this process keeps.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"

namespace futar::sandbox {

/// A folder means all below it, also what comes to be there later. A path is followed to where it leads now;
/// one that is not there is left out.
struct Grants {
  std::vector<std::string> read{};
  /// Files of all kinds but devices are made, changed, renamed and removed there.
  std::vector<std::string> write{};
  /// Without folders and sockets: files that are made and removed, not read.
  std::vector<std::string> make_files{};
  /// Ports that may be connected to by TCP (ABI 4 and up); none given: all of them.
  std::optional<std::vector<uint16_t>> connect{};
  std::vector<uint16_t> bind{};   ///< ports that may be bound by TCP (ABI 4 and up); no other
  bool abstract_sockets = false;  ///< of other processes (ABI 6 and up); UNIX sockets with a path stay
};

constexpr int landlock_least = 2;  ///< the first that lets a file be renamed into another folder

/// The ABI of this kernel; 0: it has none, or it is switched off.
int landlock_abi();

/// In force for this thread and those it starts. Signals to other processes fail, too (ABI 6 and up). Returns
/// the ABI that was used; 0: the kernel's is below `landlock_least`, and nothing was done. Sets
/// PR_SET_NO_NEW_PRIVS.
Result<int> enter_landlock(const Grants& grants);

/// Whether `path`, followed to where it leads, is one of `granted` or below one of them.
bool is_below(const std::string& path, const std::vector<std::string>& granted);

}  // namespace futar::sandbox
