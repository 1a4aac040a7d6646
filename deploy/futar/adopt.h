// Takes what another server's file says into the directory. Pure but for the time that a {PLAIN} password
// costs.
#pragma once
#include <string>
#include <vector>

#include "common/directory/records.h"
#include "deploy/futar/foreign.h"

namespace futar::deploy {

struct Adoption {
  std::vector<std::string> done;     ///< one sentence each; "remove ..." by prune only
  std::vector<std::string> left;     ///< what was not taken, with its line and the reason
  std::vector<std::string> aliases;  ///< of the file, as they are in the records now
};

/// Adds what the file has and the records lack, and changes what differs. Names without a domain are of
/// `domain`, and left when that is "". An account's domain becomes ours; an alias of a domain that is not
/// ours is left, as is a target at which mail would find nobody. `prune` removes accounts (of a file of
/// accounts) or aliases (of a file of aliases) that the file lacks, in all domains. Doing it twice does
/// nothing the second time.
Adoption adopt(directory::Records& records, const ForeignFile& file, const std::string& domain, bool prune);

}  // namespace futar::deploy
