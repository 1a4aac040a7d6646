// Whether a backup is whole.
#pragma once
#include <string>
#include <vector>

#include "deploy/futar/backup/manifest.h"
#include "deploy/futar/backup/tree.h"

namespace futar::backup {

/// A folder without a manifest, or with a damaged one, is a permanent error.
Result<Manifest> read_manifest(const Tree& backup);
/// What is missing, added, changed or damaged, each as a sentence: files by size and digest, databases by
/// SQLite's own check, and each body file that a message names.
Result<std::vector<std::string>> find_faults(const Tree& backup, const Manifest& manifest);

}  // namespace futar::backup
