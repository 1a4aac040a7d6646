#include "common/crypto/imported.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/crypto/crypt.h"
#include "common/crypto/digest.h"
#include "common/crypto/scram.h"

namespace futar::crypto {
namespace {

constexpr std::string_view crypt_scheme = "{CRYPT}";

struct Salted {
  std::string_view scheme;
  const EVP_MD* (*digest)();
  size_t size;  ///< of the digest; what follows it is the salt
};
constexpr std::array salted_schemes{Salted{"{SSHA}", EVP_sha1, 20}, Salted{"{SSHA256}", EVP_sha256, 32},
                                    Salted{"{SSHA512}", EVP_sha512, 64}};
constexpr std::array<std::string_view, 5> crypt_names{"{CRYPT}", "{SHA512-CRYPT}", "{SHA256-CRYPT}",
                                                      "{BLF-CRYPT}", "{YESCRYPT}"};
constexpr std::array<std::string_view, 3> plain_names{"{PLAIN}", "{CLEAR}", "{CLEARTEXT}"};

const Salted* salted_scheme(std::string_view verifier) {
  const auto found = std::ranges::find_if(
      salted_schemes, [&](const Salted& one) { return starts_with_nocase(verifier, one.scheme); });
  return found == salted_schemes.end() ? nullptr : &*found;
}

std::string_view after(std::string_view text, std::string_view prefix) { return text.substr(prefix.size()); }

Result<std::string> checked_crypt(std::string_view hash) {
  if (hash.contains(':') || !is_crypt_hash(hash))
    return fail(Error::permanent("the hash is none of yescrypt, bcrypt, SHA-512 or SHA-256 of crypt"));
  return fmt::format("{}{}", crypt_scheme, hash);
}

Result<std::string> checked_salted(const Salted& scheme, std::string_view text) {
  const auto octets = base64_decode(text);
  if (!octets || octets->size() <= scheme.size)
    return fail(
        Error::permanent(fmt::format("{} is followed by no base64 of a digest and a salt", scheme.scheme)));
  return fmt::format("{}{}", scheme.scheme, text);
}

}  // namespace

bool is_imported(std::string_view verifier) {
  return starts_with_nocase(verifier, crypt_scheme) || salted_scheme(verifier);
}

std::string_view plain_password(std::string_view text) {
  for (const std::string_view name : plain_names)
    if (starts_with_nocase(text, name)) return after(text, name);
  return {};
}

Result<std::string> imported_verifier(std::string_view text) {
  if (const auto keys = ScramKeys::parse(text)) return keys->text();
  if (const auto password = plain_password(text); !password.empty()) return make_scram_keys(password).text();
  for (const std::string_view name : crypt_names)
    if (starts_with_nocase(text, name)) return checked_crypt(after(text, name));
  if (const Salted* scheme = salted_scheme(text)) return checked_salted(*scheme, after(text, scheme->scheme));
  if (text.starts_with('$')) return checked_crypt(text);
  const auto end = text.find('}');
  if (!text.starts_with('{') || end == std::string_view::npos)
    return fail(Error::permanent("the password has no {SCHEME}, and is no strong hash of crypt"));
  return fail(Error::permanent(
      fmt::format("{} is too weak, or unknown here", printable(text.substr(0, end + 1), 40))));
}

bool imported_matches(const std::string& password, std::string_view verifier) {
  if (starts_with_nocase(verifier, crypt_scheme))
    return crypt_matches(password, std::string(after(verifier, crypt_scheme)));
  const Salted* scheme = salted_scheme(verifier);
  const auto octets = scheme ? base64_decode(after(verifier, scheme->scheme)) : std::nullopt;
  if (!octets || octets->size() <= scheme->size) return false;
  std::string salted = password + octets->substr(scheme->size);
  const bool same = equal_constant_time(digest(scheme->digest(), salted), octets->substr(0, scheme->size));
  wipe(salted);
  return same;
}

}  // namespace futar::crypto
