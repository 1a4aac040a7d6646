#include "common/crypto/scram.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::crypto {
namespace {

constexpr uint32_t most_iterations = 10'000'000;  // a hostile import must not hold a worker for minutes
constexpr size_t most_salt = 256;

std::string exclusive_or(std::string_view a, std::string_view b) {
  std::string out(a);
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<char>(out[i] ^ b[i]);
  return out;
}

}  // namespace

Result<ScramKeys> ScramKeys::parse(std::string_view text) {
  const auto bad =
      fail(Error::permanent("not in the form {SCRAM-SHA-256}iterations,salt,StoredKey,ServerKey"));
  if (!starts_with_nocase(text, scram_scheme)) return bad;
  const auto parts = split(text.substr(scram_scheme.size()), ',');
  if (parts.size() != 4) return bad;
  const auto iterations = parse_number(parts[0]);
  const auto salt = base64_decode(parts[1]);
  const auto stored_key = base64_decode(parts[2]);
  const auto server_key = base64_decode(parts[3]);
  if (!iterations || *iterations == 0 || *iterations > most_iterations) return bad;
  if (!salt || salt->empty() || salt->size() > most_salt) return bad;
  if (!stored_key || !server_key || stored_key->size() != sha256_size || server_key->size() != sha256_size)
    return bad;
  return ScramKeys{static_cast<uint32_t>(*iterations), *salt, *stored_key, *server_key};
}

std::string ScramKeys::text() const {
  return fmt::format("{}{},{},{},{}", scram_scheme, iterations, base64_encode(salt),
                     base64_encode(stored_key), base64_encode(server_key));
}

ScramKeys make_scram_keys(std::string_view password, std::string salt, uint32_t iterations) {
  const std::string salted = pbkdf2_sha256(password, salt, iterations);
  return {iterations, std::move(salt), sha256(hmac_sha256(salted, "Client Key")),
          hmac_sha256(salted, "Server Key")};
}

ScramKeys make_scram_keys(std::string_view password) { return make_scram_keys(password, random_bytes(16)); }

bool password_matches(const ScramKeys& keys, std::string_view password) {
  const ScramKeys made = make_scram_keys(password, keys.salt, keys.iterations);
  return equal_constant_time(made.stored_key, keys.stored_key);
}

bool proof_matches(const ScramKeys& keys, std::string_view auth_message, std::string_view proof) {
  if (proof.size() != sha256_size) return false;
  const std::string client_key = exclusive_or(proof, hmac_sha256(keys.stored_key, auth_message));
  return equal_constant_time(sha256(client_key), keys.stored_key);
}

std::string server_signature(const ScramKeys& keys, std::string_view auth_message) {
  return hmac_sha256(keys.server_key, auth_message);
}

}  // namespace futar::crypto
