// What an agent takes from itself before its first thread: files outside its folders, TCP ports, system
// calls.
#pragma once
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"
#include "common/sandbox/landlock.h"

namespace futar::daemon {

/// Of files, folders and ports, what this agent keeps. A folder where files are named is granted and not the
/// file, since a file that is renamed into its place is another one; but not a folder that holds state_dir,
/// in which other agents are at home.
sandbox::Grants grants(const config::Config& config, const std::string& agent);

struct Confinement {
  std::string words = "off";  ///< for people: "landlock 7 + seccomp", "seccomp", "none", "off"
  std::string complaint;      ///< why it is less than it could be; "" when all is well
  sandbox::Grants granted;
  bool has_landlock = false;
};

/// To be called while this is the only thread. A kernel that cannot do it is complained of, and mail goes on.
/// Nothing is done where `sandbox = false`.
Confinement confine(const config::Config& config, const std::string& agent);

/// An error that says "restart needed" when a file that `fresh` names lies, by its own path or by where a
/// link leads, outside of what was granted.
Result<void> check_covered(const Confinement& confinement, const config::Config& fresh,
                           const std::string& agent);

}  // namespace futar::daemon
