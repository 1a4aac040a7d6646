// Adds one set to the chain of a message (RFC 8617 §5.1), when it goes on to others.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/arc/chain.h"
#include "common/dkim/signer.h"

namespace futar::arc {

/// What was found out when the message came in.
struct Ingress {
  std::string results;              ///< verdict::results_text(): "mail.example.org; spf=pass ...", folded
  Outcome outcome = Outcome::none;  ///< of the chain as it was then
};

/// One message on its way through.
class Sealing {
 public:
  void body(std::string_view piece) { body_.add(piece); }
  /// The three fields to put on top of the header, each with its CRLF; "" when the chain takes no more: it
  /// has ended or has 50 sets, or it is one that was not looked at when it came. Once, after the body.
  std::string finish();

 private:
  friend class ChainSealer;
  Sealing(const dkim::SigningKey& key, const std::string& domain, std::string_view header,
          const Ingress& ingress, int64_t now_ms, std::vector<std::string> names);
  void select(std::string_view header);

  const dkim::SigningKey& key_;
  const std::string& domain_;
  int64_t time_s_;
  size_t instance_ = 0;  ///< 0: no set is added
  Outcome cv_ = Outcome::none;
  std::string results_;  ///< the field
  std::vector<std::string> names_;
  dkim::HeaderHash header_{dkim::Canon::relaxed};
  dkim::BodyHash body_{dkim::Canon::relaxed};
  SealHash seals_;
};

/// Kept for as long as its key is used.
class ChainSealer {
 public:
  ChainSealer(std::string domain, dkim::SigningKey key);
  /// The sealer must outlive it; the header is not kept. `names`: h=; empty: what dkim::Signer signs, and
  /// DKIM-Signature.
  Sealing begin(std::string_view header, const Ingress& ingress, int64_t now_ms,
                std::vector<std::string> names = {}) const {
    return Sealing(key_, domain_, header, ingress, now_ms, std::move(names));
  }

 private:
  std::string domain_;
  dkim::SigningKey key_;
};

}  // namespace futar::arc
