// Digests, keyed digests and random octets over libcrypto. Octets go in and out as std::string.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace futar::crypto {

constexpr size_t sha256_size = 32;

std::string sha256(std::string_view octets);
std::string hmac_sha256(std::string_view key, std::string_view octets);
/// RFC 8018 §5.2 with HMAC-SHA-256, 32 octets. 100 000 iterations take tens of milliseconds: call it from a
/// worker.
std::string pbkdf2_sha256(std::string_view password, std::string_view salt, uint32_t iterations);

/// Equal, in a time that tells nothing but the sizes.
bool equal_constant_time(std::string_view a, std::string_view b);
/// From the system's generator. A machine that cannot give any ends the process.
std::string random_bytes(size_t size);
/// Overwrites a secret before its memory is given back.
void wipe(std::string& secret);

}  // namespace futar::crypto
