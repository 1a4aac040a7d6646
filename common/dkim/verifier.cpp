#include "common/dkim/verifier.h"

#include "common/base/text.h"
#include "common/dkim/opendkim.h"

namespace futar::dkim {
namespace {

constexpr size_t most_fields = 2000;
constexpr int64_t clock_skew_s = 300;

}  // namespace

std::optional<std::pair<Outcome, std::string>> flaw_of(std::string_view header,
                                                       std::span<const message::Field> fields) {
  const auto flaw = [](Outcome outcome, std::string why) { return std::pair(outcome, std::move(why)); };
  if (header.find('\0') != std::string_view::npos) return flaw(Outcome::fail, "the header has a NUL");
  if (fields.size() > most_fields) return flaw(Outcome::neutral, "the header has too many fields");
  const size_t authors = message::count(fields, "From");
  if (authors == 0) return flaw(Outcome::permerror, "the message has no From field");
  if (authors > 1) return flaw(Outcome::fail, fmt::format("the message has {} From fields", authors));
  return std::nullopt;
}

// Mail programs show one of what RFC 5322 §3.6 allows once, and not always the one that was signed (RFC 6376
// §8.15).
std::string uncovered(std::span<const message::Field> fields, const Signature& signature) {
  for (const char* name : {"From", "Subject", "Date", "To", "Cc", "Reply-To", "Sender", "Message-ID"}) {
    const auto is_it = [&](const std::string& own) { return equal_nocase(own, name); };
    const auto covered = std::ranges::count_if(signature.names, is_it);
    if (covered > 0 && message::count(fields, name) > static_cast<size_t>(covered))
      return fmt::format("the message has a {} field that is not signed beside one that is", name);
  }
  return "";
}

std::string expired(const Signature& signature, int64_t now_ms) {
  if (!signature.expires_s || *signature.expires_s + clock_skew_s >= now_ms / 1000) return "";
  return "the signature expired at " + rfc3339(*signature.expires_s * 1000);
}

std::string_view name(Outcome outcome) {
  constexpr std::string_view names[] = {"pass", "fail", "neutral", "temperror", "permerror"};
  return names[static_cast<size_t>(outcome)];
}

struct Verifier::Candidate {
  const message::Field* field = nullptr;
  Signature signature;
  Verdict verdict;
  bool open = true;  ///< no verdict yet
  std::optional<KeyRecord> key;
  Body* body = nullptr;

  void close(Outcome outcome, std::string reason) {
    verdict.result = outcome;
    verdict.reason = std::move(reason);
    open = false;
  }
  bool wants_key() const { return open && !key; }
};

Verifier::Verifier(std::string header, int64_t now_ms, VerifierLimits limits)
    : header_(std::move(header)), fields_(message::split_header(header_)), limits_(limits) {
  flaw_ = flaw_of(header_, fields_);
  for (const message::Field& field : fields_)
    if (field.is("DKIM-Signature") && candidates_.size() < limits_.signatures) examine(field, now_ms);
}

Verifier::~Verifier() = default;

void Verifier::examine(const message::Field& field, int64_t now_ms) {
  auto [signature, error] = parse_signature(field.value);
  Candidate& made = candidates_.emplace_back();
  made.field = &field;
  made.verdict.domain = signature.domain;
  made.verdict.selector = signature.selector;
  made.verdict.algorithm = signature.algorithm;
  made.verdict.identity = signature.identity;
  made.verdict.start = signature.start;
  made.signature = std::move(signature);
  const Signature& s = made.signature;
  if (!error.empty()) return made.close(Outcome::neutral, "the signature cannot be read: " + error);
  if (flaw_) return made.close(flaw_->first, flaw_->second);
  if (s.algorithm == "rsa-sha1") return made.close(Outcome::permerror, "rsa-sha1 proves nothing any more");
  if (std::string why = expired(s, now_ms); !why.empty()) return made.close(Outcome::fail, std::move(why));
  if (std::string why = uncovered(fields_, s); !why.empty())
    return made.close(Outcome::neutral, std::move(why));
  const BodyKey key(s.canons.body, s.length);
  made.body = &bodies_.try_emplace(key, BodyHash(s.canons.body, s.length), "").first->second;
}

std::vector<std::string> Verifier::wanted_keys() const {
  std::vector<std::string> names;
  for (const Candidate& candidate : candidates_) {
    std::string name = candidate.signature.key_name();
    if (candidate.wants_key() && std::ranges::find(names, name) == names.end())
      names.push_back(std::move(name));
  }
  return names;
}

void Verifier::give_key(const std::string& key_name, const dns::Answer& answer) {
  for (Candidate& candidate : candidates_) {
    if (!candidate.wants_key() || candidate.signature.key_name() != key_name) continue;
    const Signature& s = candidate.signature;
    candidate.verdict.secure_key = answer.secure;
    auto record = read_key(answer);
    if (!record) {
      const bool later = record.error().kind == Error::Kind::temporary;
      candidate.close(later ? Outcome::temperror : Outcome::permerror, record.error().text);
      continue;
    }
    candidate.verdict.testing = record->testing;
    candidate.verdict.key_bits = record->key.bits();
    if (std::string why = unfit(*record, s, limits_.min_rsa_bits); !why.empty())
      candidate.close(Outcome::permerror, std::move(why));
    else
      candidate.key = *std::move(record);
  }
}

void Verifier::body(std::string_view piece) {
  for (auto& [key, body] : bodies_) body.hash.add(piece);
}

std::vector<Verdict> Verifier::finish() {
  for (auto& [key, body] : bodies_) body.digest = body.hash.finish();
  std::vector<Verdict> verdicts;
  for (Candidate& candidate : candidates_) {
    if (candidate.open) judge(candidate);
    verdicts.push_back(std::move(candidate.verdict));
  }
  return verdicts;
}

void Verifier::judge(Candidate& candidate) {
  const Signature& s = candidate.signature;
  const uint64_t size = candidate.body->hash.size();
  if (!candidate.key) return candidate.close(Outcome::temperror, "its key was not fetched in time");
  if (!is_proven(candidate))
    return candidate.close(Outcome::fail,
                           "the signed header fields were changed, or another key signed them");
  if (s.length && *s.length > size) return candidate.close(Outcome::fail, "l= is longer than the body");
  if (candidate.body->digest != s.body_hash)
    return candidate.close(Outcome::fail, "the body was changed after signing");
  if (s.length && *s.length < size)
    return candidate.close(
        Outcome::neutral,
        fmt::format("l= signs {} of {} octets of the body, the rest is anybody's", *s.length, size));
  candidate.close(Outcome::pass, "header and body are as " + s.domain + " signed them");
}

// libopendkim is asked first. What it does not prove is looked at with our own canonical form: it is known to
// refuse good ones (README).
bool Verifier::is_proven(const Candidate& candidate) const {
  const Signature& s = candidate.signature;
  const crypto::PublicKey& key = candidate.key->key;
  if (opendkim_proves(fields_, *candidate.field, s, key)) return true;
  HeaderHash hash(s.canons.header);
  hash.add(select_fields(fields_, s.names, candidate.field));
  return key.proves(hash.finish(candidate.field->text), s.signature);
}

}  // namespace futar::dkim
