// The chain of one message judged (RFC 8617 §5.2): the header first, then the body by pieces, the keys
// whenever the DNS has answered (dkim::fetch_keys). No socket, no clock.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/arc/chain.h"
#include "common/dkim/verifier.h"

namespace futar::arc {

/// Plain words.
struct Sealer {
  std::string domain, selector;
  bool operator==(const Sealer&) const = default;
};

struct Verdict {
  Outcome result = Outcome::none;
  std::string reason;         ///< in words; of a pass too
  std::vector<Sealer> seals;  ///< 1 first; proven when the chain passes
  bool temporary = false;     ///< failed for want of a key that the DNS may give later
};

class Verifier {
 public:
  /// `header` with or without its empty line.
  Verifier(std::string header, int64_t now_ms, int min_rsa_bits = 1024);
  Verifier(const Verifier&) = delete;
  Verifier& operator=(const Verifier&) = delete;

  /// Where the keys stand that are still wanted (TXT), each once; none for a chain that cannot pass.
  std::vector<std::string> wanted_keys() const;
  void give_key(const std::string& key_name, const dns::Answer& answer);
  void body(std::string_view piece);
  Verdict finish();  ///< once, after the body

 private:
  std::string flaw(int64_t now_ms) const;
  std::string judge();
  std::string check(const dkim::Signature& signature, const std::string& digest, std::string_view what);

  std::string header_;
  std::vector<message::Field> fields_;
  Chain chain_;
  int min_rsa_bits_;
  std::map<std::string, Result<dkim::KeyRecord>> keys_;
  dkim::BodyHash body_;
  Verdict verdict_;
};

}  // namespace futar::arc
