#include "common/arc/verifier.h"

#include "common/base/text.h"

namespace futar::arc {

Verifier::Verifier(std::string header, int64_t now_ms, int min_rsa_bits)
    : header_(std::move(header)),
      fields_(message::split_header(header_)),
      chain_(read_chain(fields_)),
      min_rsa_bits_(min_rsa_bits),
      body_(chain_.newest.canons.body, chain_.newest.length) {
  for (const Set& set : chain_.sets)
    verdict_.seals.push_back({set.seal_signature.domain, set.seal_signature.selector});
  if (chain_.flaw.empty()) chain_.flaw = flaw(now_ms);
}

std::string Verifier::flaw(int64_t now_ms) const {
  const dkim::Signature& s = chain_.newest;
  if (const auto found = dkim::flaw_of(header_, fields_)) return found->second;
  for (const Set& set : chain_.sets)
    if (set.seal_signature.algorithm == "rsa-sha1") return "rsa-sha1 proves nothing any more";
  if (s.algorithm == "rsa-sha1") return "rsa-sha1 proves nothing any more";
  if (std::string why = dkim::expired(s, now_ms); !why.empty()) return why;
  return dkim::uncovered(fields_, s);
}

std::vector<std::string> Verifier::wanted_keys() const {
  std::vector<std::string> names;
  if (!chain_.exists || !chain_.flaw.empty()) return names;
  const auto want = [&](const dkim::Signature& signature) {
    std::string name = signature.key_name();
    if (!keys_.contains(name) && std::ranges::find(names, name) == names.end())
      names.push_back(std::move(name));
  };
  want(chain_.newest);
  for (const Set& set : chain_.sets) want(set.seal_signature);
  return names;
}

void Verifier::give_key(const std::string& key_name, const dns::Answer& answer) {
  keys_.try_emplace(key_name, dkim::read_key(answer));
}

void Verifier::body(std::string_view piece) {
  if (chain_.exists && chain_.flaw.empty()) body_.add(piece);
}

Verdict Verifier::finish() {
  if (!chain_.exists) {
    verdict_.reason = "the message has no ARC set";
    return std::move(verdict_);
  }
  verdict_.reason = chain_.flaw.empty() ? judge() : chain_.flaw;
  verdict_.result = verdict_.reason.empty() ? Outcome::pass : Outcome::fail;
  if (verdict_.result == Outcome::pass)
    verdict_.reason = fmt::format("{} seal{} and the newest signature of the message are good",
                                  chain_.sets.size(), chain_.sets.size() == 1 ? "" : "s");
  return std::move(verdict_);
}

// RFC 8617 §5.2, steps 4 and 6. A key that could not be had makes the chain fail, too.
std::string Verifier::judge() {
  const dkim::Signature& s = chain_.newest;
  const message::Field& own = *chain_.sets.back().message;
  const std::string body = body_.finish();
  if (body != s.body_hash) return "the body was changed after the newest ARC-Message-Signature";
  if (s.length && *s.length != body_.size())
    return "l= of the newest ARC-Message-Signature is not the whole body";
  dkim::HeaderHash header(s.canons.header);
  header.add(dkim::select_fields(fields_, s.names, &own));
  if (std::string why = check(s, header.finish(own.text), "the newest ARC-Message-Signature"); !why.empty())
    return why;
  SealHash seals;
  for (size_t i = 0; i < chain_.sets.size(); ++i) {
    const Set& set = chain_.sets[i];
    seals.add(set.results->text);
    seals.add(set.message->text);
    if (std::string why =
            check(set.seal_signature, seals.digest(set.seal->text), fmt::format("ARC-Seal {}", i + 1));
        !why.empty())
      return why;
    seals.add(set.seal->text);
  }
  return "";
}

std::string Verifier::check(const dkim::Signature& signature, const std::string& digest,
                            std::string_view what) {
  const auto found = keys_.find(signature.key_name());
  const auto bad = [&](std::string_view why) { return fmt::format("{}: {}", what, why); };
  if (found == keys_.end()) {
    verdict_.temporary = true;
    return bad("its key was not fetched in time");
  }
  const auto& record = found->second;
  if (!record) {
    verdict_.temporary = record.error().kind == Error::Kind::temporary;
    return bad(record.error().text);
  }
  if (std::string why = dkim::unfit(*record, signature, min_rsa_bits_); !why.empty()) return bad(why);
  if (record->key.proves(digest, signature.signature)) return "";
  return bad("what it signs was changed, or another key signed it");
}

}  // namespace futar::arc
