// The directory as a JSON document: what `directory export` writes and `directory import` reads. Pure.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "common/directory/records.h"

namespace futar::deploy {

/// Without hashes an import of it makes no account that can log in.
nlohmann::json export_directory(const directory::Records& records, bool with_hashes);

/// Adds what the document has and the records lack, and changes what differs. `prune` removes what the
/// document lacks. Returns what was done, one sentence each. A document that cannot be applied as a whole is
/// an error.
Result<std::vector<std::string>> import_directory(directory::Records& records, const nlohmann::json& document,
                                                  bool prune);

}  // namespace futar::deploy
