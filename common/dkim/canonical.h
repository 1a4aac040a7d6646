// Canonical forms and the hashes over them (RFC 6376 §3.4, §3.7), for signing, for ARC, and for what
// libopendkim cannot do.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/digest.h"
#include "common/message/header.h"

namespace futar::dkim {

enum class Canon : uint8_t { simple, relaxed };
std::string_view name(Canon canon);

/// "relaxed/simple" of c=: header, body. The second part may miss (simple then), or both.
struct Canons {
  Canon header = Canon::simple, body = Canon::simple;
  static std::optional<Canons> parse(std::string_view text);
  bool operator==(const Canons&) const = default;
};

/// A field (message::Field::text) in canonical form, with one CRLF at its end.
std::string canonical_field(std::string_view text, Canon canon);

/// The fields that h= names, in its order: of several with one name the last that is not yet taken, none when
/// none is left (RFC 6376 §5.4.2). Never `own`, the signature itself. Linear in both sizes.
std::vector<const message::Field*> select_fields(std::span<const message::Field> fields,
                                                 std::span<const std::string> names,
                                                 const message::Field* own = nullptr);

/// What b= signs: the fields, then the signature's own with an empty b= and without its CRLF.
class HeaderHash {
 public:
  explicit HeaderHash(Canon canon) : canon_(canon) {}
  void add(std::string_view field) { hash_.add(canonical_field(field, canon_)); }
  void add(std::span<const message::Field* const> fields) {
    for (const message::Field* field : fields) add(field->text);
  }
  /// `own`: the field of the signature, its b= empty or not. The digest.
  std::string finish(std::string_view own);

 private:
  Canon canon_;
  crypto::Sha256 hash_;
};

/// What bh= says of the body, which comes piece by piece; keeps no more than 4 KiB of it.
class BodyHash {
 public:
  /// `limit`: l=, the canonical octets that are hashed.
  explicit BodyHash(Canon canon, std::optional<uint64_t> limit = std::nullopt)
      : canon_(canon), limit_(limit) {}
  void add(std::string_view piece);
  std::string finish();                    ///< the digest; once
  uint64_t size() const { return size_; }  ///< of the whole canonical body, after finish()

 private:
  void put(std::string_view octets);
  void flush();
  void begin_text();

  Canon canon_;
  std::optional<uint64_t> limit_;
  crypto::Sha256 hash_;
  std::string buffer_;
  uint64_t size_ = 0;
  uint64_t line_ends_ = 0;  ///< seen and not yet written: at the end of the body they count as one
  bool space_ = false, cr_ = false;
};

}  // namespace futar::dkim
