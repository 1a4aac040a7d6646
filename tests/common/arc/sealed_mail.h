// Mail that goes over hops which seal it; for tests and for the fuzzer.
#pragma once
#include <string>
#include <vector>

#include "common/arc/sealer.h"
#include "common/arc/verifier.h"
#include "tests/common/dkim/signed_mail.h"

namespace futar::arc {

using dkim::Mail;

/// hop1.example seals with Ed25519, hop2.example with RSA, and so on.
inline const crypto::PrivateKey& hop_key(size_t hop) {
  return hop % 2 == 1 ? dkim::ed_key() : dkim::rsa_key();
}
inline std::string hop_domain(size_t hop) { return fmt::format("hop{}.example", hop); }

inline Verdict judge(const Mail& mail, size_t piece = 7) {
  Verifier verifier(mail.header + "\r\n", dkim::now_ms);
  for (const std::string& name : verifier.wanted_keys()) {
    const char digit = name[name.find(".example") - 1];  // even or odd as the number of the hop is
    verifier.give_key(name, dkim::txt({dkim::key_record(hop_key(static_cast<size_t>(digit)).public_key())}));
  }
  for (size_t at = 0; at < mail.body.size(); at += piece)
    verifier.body(std::string_view(mail.body).substr(at, piece));
  return verifier.finish();
}

/// The fields that this hop adds to what was found out.
inline std::string seal(const Mail& mail, size_t hop, Outcome outcome, std::vector<std::string> names = {}) {
  const ChainSealer sealer(hop_domain(hop), {"s1", hop_key(hop)});
  const Ingress ingress{"mail." + hop_domain(hop) + ";\r\n\tspf=pass smtp.mailfrom=alice@example.org",
                        outcome};
  Sealing sealing = sealer.begin(mail.header, ingress, dkim::now_ms, std::move(names));
  for (size_t at = 0; at < mail.body.size(); at += 5) sealing.body(std::string_view(mail.body).substr(at, 5));
  return sealing.finish();
}

/// Over that many hops, each of which verifies first.
inline Mail over_hops(size_t hops, Mail mail = {}) {
  for (size_t hop = 1; hop <= hops; ++hop) mail.header = seal(mail, hop, judge(mail).result) + mail.header;
  return mail;
}

}  // namespace futar::arc
