// The public key of a signer: its TXT record read (RFC 6376 §3.6) and written, its private half in a file.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/crypto/key.h"
#include "common/dkim/signature.h"
#include "common/dns/resolver.h"

namespace futar::dkim {

struct KeyRecord {
  crypto::PublicKey key;
  bool testing = false;  ///< t=y: what it signs is to be treated like unsigned mail
  bool strict = false;   ///< t=s: i= must be d= itself
};

/// Refused: a revoked key (empty p=), one for other services or hashes, one that libcrypto cannot read.
Result<KeyRecord> parse_key_record(std::string_view text);
/// Of what the DNS answered; a temporary error when it gave no answer. Of several records only one may be a
/// key.
Result<KeyRecord> read_key(const dns::Answer& answer);

/// Why this key cannot prove that signature: of another kind, too short or too long (RFC 8301 §3.2), strict
/// and i= below d=. "" when it can.
std::string unfit(const KeyRecord& record, const Signature& signature, int min_rsa_bits);

/// "v=DKIM1; k=rsa; p=..."
std::string key_record(const crypto::PublicKey& key);
/// The parts of at most 255 octets that a TXT record is made of (RFC 1035 §3.3.14).
std::vector<std::string> txt_strings(std::string_view text);
/// A line for the zone file: `s1._domainkey.example.org. IN TXT ( "v=DKIM1; ..." "..." )`
std::string zone_line(std::string_view domain, std::string_view selector, const crypto::PublicKey& key);

/// A new key, durable, mode 0600; never over a file that is there. RSA has 2048 bits.
Result<crypto::PrivateKey> make_key_file(const std::string& path, crypto::KeyType type);
Result<crypto::PrivateKey> read_key_file(const std::string& path);

}  // namespace futar::dkim
