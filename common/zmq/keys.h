// CURVE keys in files, one a line: 40 characters of Z85; what stands behind a blank is a comment, and so are
// lines that begin with "#".
#pragma once
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::zmq {

/// The one key of a file.
Result<std::string> read_key(const std::string& path);
Result<std::string> public_key_of(const std::string& secret);
/// Whether `key` is a line of the file. An unreadable file allows nobody.
bool is_listed(const std::string& path, std::string_view key);
/// 32 octets as Z85.
std::string z85(std::string_view octets);

}  // namespace futar::zmq
