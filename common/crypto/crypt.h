// Imported password hashes in the form of crypt(5): yescrypt, bcrypt, SHA-512 and what else libcrypt knows.
#pragma once
#include <string>
#include <string_view>

namespace futar::crypto {

/// Whether libcrypt can check this hash, and is willing to: DES and MD5 hashes are not.
bool is_crypt_hash(std::string_view hash);
/// Blocks for up to 0.1 s and 32 KiB (more under yescrypt): call it from a worker.
bool crypt_matches(const std::string& password, const std::string& hash);

}  // namespace futar::crypto
