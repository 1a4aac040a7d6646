// Digests, keyed digests and random octets over libcrypto. Octets go in and out as std::string.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct evp_md_ctx_st;
struct evp_md_st;

namespace futar::crypto {

constexpr size_t sha256_size = 32;

std::string sha256(std::string_view octets);
/// By any algorithm of libcrypto (EVP_sha1() ...); "" when this libcrypto does not have it.
std::string digest(const evp_md_st* algorithm, std::string_view octets);

/// SHA-256 of what comes piece by piece.
class Sha256 {
 public:
  Sha256();
  Sha256(const Sha256& other);  ///< goes on from what the other has
  Sha256& operator=(const Sha256&) = delete;
  Sha256(Sha256&&) noexcept = default;
  Sha256& operator=(Sha256&&) noexcept = default;
  void add(std::string_view octets);
  std::string finish();  ///< once

 private:
  struct Free {
    void operator()(evp_md_ctx_st* context) const;
  };
  std::unique_ptr<evp_md_ctx_st, Free> context_;
};

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
