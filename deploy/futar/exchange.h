// The directory as a document, in TOML or JSON: what `directory export` writes and `directory import` reads.
// Pure.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "common/directory/records.h"

namespace futar::deploy {

/// Without hashes an import of it makes no account that can log in.
nlohmann::json export_directory(const directory::Records& records, bool with_hashes);

/// The document in TOML; settings that are those of the config are left out, which an import takes the same.
std::string directory_as_toml(const nlohmann::json& document);

/// Adds what the document has and the records lack, and changes what differs. `prune` removes what the
/// document lacks. Returns what was done, one sentence each. A document that cannot be applied as a whole is
/// an error, and so is a key that is unknown. An account may have `password` in place of `hash`.
Result<std::vector<std::string>> import_directory(directory::Records& records, const nlohmann::json& document,
                                                  bool prune);

}  // namespace futar::deploy
