// A selector of a domain of ours (RFC 6376 §3.1), and what the DNS and the operator make of it. Pure.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/crypto/key.h"

namespace futar::mta {

/// Values are on disk.
enum class Standing : uint8_t {
  fresh = 1,    ///< "new": the DNS has not yet shown its key, so it does not sign
  active = 2,   ///< signs
  old = 3,      ///< a newer one signs; messages that wait may carry it
  retired = 4,  ///< its private key is gone; the row keeps the name from being used again
};
std::string_view name(Standing standing);

struct Selector {
  std::string domain, selector;
  crypto::KeyType type = crypto::KeyType::rsa;
  std::string record;  ///< the text to publish: "v=DKIM1; k=rsa; p=..."
  Standing standing = Standing::fresh;
  int64_t made_ms = 0;
  int64_t since_ms = 0;   ///< of its standing
  int64_t looked_ms = 0;  ///< when the DNS was asked last; 0 = never
  std::string seen;       ///< what it said, in words

  std::string dns_name() const { return selector + "._domainkey." + domain; }
  bool operator==(const Selector&) const = default;
};

/// What the public DNS says of a selector.
struct Sighting {
  enum class State : uint8_t {
    shown,    ///< every server that answered shows the key
    absent,   ///< none of those that answered does
    unknown,  ///< some do and some do not, or nobody answered
  };
  State state = State::unknown;
  std::string words;
};

/// The date, a letter for the kind of key, and a number from the second of a day on: "20261124r",
/// "20261124e2".
std::string selector_name(crypto::KeyType type, int64_t now_ms,
                          const std::function<bool(const std::string&)>& is_taken);

/// What changes when `looked` was looked for; `all` are the selectors of its domain. One that is shown signs
/// instead of the one of its kind that did so far; one that signs and is gone from the DNS stops to.
std::vector<Selector> after_sighting(Selector looked, const Sighting& sighting,
                                     const std::vector<Selector>& all, int64_t now_ms);

/// When the DNS is to be asked again: soon at first, seldom for a key that nobody publishes. INT64_MAX:
/// never.
int64_t next_look_ms(const Selector& selector, int64_t now_ms);

}  // namespace futar::mta
