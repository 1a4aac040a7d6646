// The signatures of one message judged (RFC 6376, 8301, 8463): the header first, then the body by pieces, the
// keys whenever the DNS has answered. No socket, no clock; fetch_keys() is the one coroutine.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/async.h"
#include "common/base/clock.h"
#include "common/dkim/key_record.h"
#include "common/dkim/signature.h"
#include "common/dns/resolver.h"

namespace futar::dkim {

enum class Outcome : uint8_t { pass, fail, neutral, temperror, permerror };  ///< RFC 8601 §2.7.1
std::string_view name(Outcome outcome);

/// What one signature is worth. `domain`, `selector` and `algorithm` are plain words, "" when they cannot be
/// read; `identity` may hold quotes and parentheses.
struct Verdict {
  Outcome result = Outcome::neutral;
  std::string reason;  ///< in words; of a pass too
  std::string domain, selector, algorithm, identity;
  std::string start;        ///< of b=, for header.b (RFC 6008)
  bool testing = false;     ///< t=y: its domain wants it treated like none
  int key_bits = 0;         ///< 0: no key was read
  bool secure_key = false;  ///< DNSSEC proved the key
};

struct VerifierLimits {
  size_t signatures = 10;   ///< the first ones; others are not looked at
  int min_rsa_bits = 1024;  ///< RFC 8301 §3.2
};

/// What makes every signature of a message worthless: a NUL, no From or several, too many fields.
std::optional<std::pair<Outcome, std::string>> flaw_of(std::string_view header,
                                                       std::span<const message::Field> fields);
/// In words, "" if all is well: a second Subject, To ... beside the signed one; x= has passed by more than
/// five minutes.
std::string uncovered(std::span<const message::Field> fields, const Signature& signature);
std::string expired(const Signature& signature, int64_t now_ms);

class Verifier {
 public:
  /// `header` with or without its empty line.
  Verifier(std::string header, int64_t now_ms, VerifierLimits limits = {});
  ~Verifier();
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  /// Where the keys stand that are still wanted (TXT), each once; at most one a signature.
  std::vector<std::string> wanted_keys() const;
  void give_key(const std::string& key_name, const dns::Answer& answer);
  void body(std::string_view piece);
  /// Once, after the body; in the order of the header. Empty: the message is not signed.
  std::vector<Verdict> finish();

 private:
  struct Candidate;
  using BodyKey = std::pair<Canon, std::optional<uint64_t>>;
  struct Body {
    BodyHash hash;
    std::string digest;
  };

  void examine(const message::Field& field, int64_t now_ms);
  void judge(Candidate& candidate);
  bool is_proven(const Candidate& candidate) const;

  std::string header_;
  std::vector<message::Field> fields_;
  VerifierLimits limits_;
  std::optional<std::pair<Outcome, std::string>> flaw_;  ///< of the message: no signature of it is any good
  std::vector<Candidate> candidates_;
  std::map<BodyKey, Body> bodies_;
};

/// Asks for the keys that are wanted, one after the other, until they are there or 20 s have passed. Also for
/// arc::Verifier.
template <class V>
Task<> fetch_keys(V& verifier, dns::Resolver& resolver, const Clock& clock) {
  const int64_t until = clock.steady_ms() + 20'000;
  for (const std::string& name : verifier.wanted_keys()) {
    if (clock.steady_ms() >= until) co_return;
    const dns::Answer answer = co_await resolver.ask(name, dns::Type::txt);
    verifier.give_key(name, answer);
  }
}

}  // namespace futar::dkim
