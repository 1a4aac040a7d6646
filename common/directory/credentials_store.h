// credentials.db: password verifiers, published for msa alone. See credentials.h for the reader.
#pragma once
#include <string>

#include "common/directory/records.h"

namespace futar::directory {

constexpr auto credentials_file = "credentials.db";

/// Writes a fresh file; the publisher renames it into place.
Result<void> write_credentials(const std::string& path, const Records& records);

}  // namespace futar::directory
