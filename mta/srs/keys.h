// The file of the secrets that sign return addresses: one a line, the first signs. An operator who changes
// the secret puts a new line on top and takes the old one away three weeks later.
#pragma once
#include <string>

#include "common/base/result.h"
#include "mta/srs/srs.h"

namespace futar::mta::srs {

/// Reads STATE_FOLDER/srs.key, and makes it (random, 0600) when it is missing. A file without a line of at
/// least 16 characters is an error: nobody shall sign with less.
Result<Keys> load_keys(const std::string& path);

}  // namespace futar::mta::srs
