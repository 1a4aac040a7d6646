// Passwords as other servers kept them: hashes of crypt(5), and Dovecot's salted SHA-1 and SHA-2.
#pragma once
#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar::crypto {

/// Whether a stored verifier is one of these, which PLAIN and LOGIN alone can use.
bool is_imported(std::string_view verifier);

/// What to store for "{SCHEME}text" or a bare crypt hash, in a form that Dovecot reads too:
/// {SCRAM-SHA-256}..., {CRYPT}..., {SSHA}..., {SSHA256}..., {SSHA512}.... A {PLAIN} password becomes
/// {SCRAM-SHA-256}, which takes one PBKDF2. Permanent errors say why a scheme is not taken.
Result<std::string> imported_verifier(std::string_view text);

/// The password of {PLAIN}, {CLEAR} or {CLEARTEXT}; "" when it is another scheme.
std::string_view plain_password(std::string_view text);

/// Whether this is the password of an imported verifier. Blocks as long as crypt does: call it from a worker.
bool imported_matches(const std::string& password, std::string_view verifier);

}  // namespace futar::crypto
