// The sets of ARC in a header (RFC 8617 §3.9, §4.1), read and checked for their structure; nothing is proven
// here.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/dkim/signature.h"
#include "common/message/header.h"

namespace futar::arc {

constexpr size_t most_sets = 50;  ///< RFC 8617 §4.2.1

enum class Outcome : uint8_t { none, pass, fail };  ///< cv= and the verdict (RFC 8617 §4.4)
std::string_view name(Outcome outcome);

/// ARC-Authentication-Results, ARC-Message-Signature and ARC-Seal with one instance number.
struct Set {
  const message::Field *results = nullptr, *message = nullptr, *seal = nullptr;
  dkim::Signature seal_signature;
  std::optional<Outcome> cv;  ///< of the seal
};

/// `fields` must outlive it.
struct Chain {
  std::vector<Set> sets;   ///< 1 first; complete when there is no flaw
  dkim::Signature newest;  ///< the newest ARC-Message-Signature
  std::string flaw;        ///< why it cannot be a good chain, in words (RFC 8617 §5.2, steps 1 to 3)
  bool exists = false;     ///< there is a field of ARC
  bool ended = false;      ///< a seal says cv=fail: nobody may add one (RFC 8617 §5.1)
};

Chain read_chain(std::span<const message::Field> fields);

/// What a seal signs: the sets up to its own in the order results, message, seal, relaxed; then itself with
/// an empty b= (RFC 8617 §5.1.1). Each field is taken once, however many seals are looked at.
class SealHash {
 public:
  void add(std::string_view field);
  std::string digest(std::string_view own) const;

 private:
  std::string before_;
};

}  // namespace futar::arc
