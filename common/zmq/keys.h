// CURVE keys in files: Z85, 40 characters, "#" starts a comment.
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
