#include "common/arc/chain.h"

#include "common/base/text.h"
#include "common/dkim/canonical.h"
#include "common/dkim/tags.h"
#include "common/message/authentication_results.h"

namespace futar::arc {
namespace {

std::optional<size_t> parse_instance(std::string_view text) {
  if (text.size() > 2) return std::nullopt;
  const auto number = parse_number(text);
  return number && *number > 0 ? std::optional<size_t>(*number) : std::nullopt;
}

// Of results, "i=" stands at the very start, with comments wherever there may be space (RFC 8617 §4.1.1).
std::optional<size_t> instance_of_results(std::string_view text) {
  const auto skip = [&](size_t count) {
    text = message::skip_comments(text.substr(std::min(count, text.size())));
  };
  skip(0);
  for (const char expected : {'i', '='}) {
    if (!text.starts_with(expected)) return std::nullopt;
    skip(1);
  }
  const size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto instance = parse_instance(text.substr(0, digits));
  skip(digits);
  return text.starts_with(';') ? instance : std::nullopt;
}

std::optional<size_t> instance_of(const message::Field& field) {
  if (field.is("ARC-Authentication-Results")) return instance_of_results(field.value);
  const auto tags = dkim::TagList::parse(field.value);
  return tags ? parse_instance(tags->get("i").value_or("")) : std::nullopt;
}

class Reader {
 public:
  explicit Reader(Chain& to) : to_(to) {}

  void take(const message::Field& field, const message::Field* Set::* place) {
    to_.exists = true;
    const auto instance = instance_of(field);
    if (!instance) return flaw("a field of ARC has no instance number");
    if (*instance > most_sets) return flaw("there are more than 50 ARC sets");
    if (to_.sets.size() < *instance) to_.sets.resize(*instance);
    Set& set = to_.sets[*instance - 1];
    if (set.*place) return flaw(fmt::format("ARC set {} has a field twice", *instance));
    set.*place = &field;
    if (place == &Set::seal) read_seal(set, *instance);
  }

  void finish() {
    for (size_t i = 0; i < to_.sets.size(); ++i) {
      const Set& set = to_.sets[i];
      if (!set.results || !set.message || !set.seal)
        return flaw(fmt::format("ARC set {} is missing or not whole", i + 1));
      if (set.cv != (i == 0 ? Outcome::none : Outcome::pass))
        return flaw(fmt::format("ARC-Seal {} says cv={}", i + 1, set.cv ? name(*set.cv) : "nothing"));
    }
    if (!to_.sets.empty()) read_newest(*to_.sets.back().message);
  }

 private:
  void read_seal(Set& set, size_t instance) {
    auto [signature, error] = dkim::parse_signature(set.seal->value, dkim::SignatureKind::arc_seal);
    if (!error.empty()) flaw(fmt::format("ARC-Seal {} cannot be read: {}", instance, error));
    set.seal_signature = std::move(signature);
    const auto tags = dkim::TagList::parse(set.seal->value);
    const std::string cv = ascii_lower(tags ? tags->get("cv").value_or("") : "");
    for (const Outcome outcome : {Outcome::none, Outcome::pass, Outcome::fail})
      if (cv == name(outcome)) set.cv = outcome;
    to_.ended |= set.cv == Outcome::fail;
  }

  void read_newest(const message::Field& field) {
    auto [signature, error] = dkim::parse_signature(field.value, dkim::SignatureKind::arc_message);
    if (!error.empty()) flaw("the newest ARC-Message-Signature cannot be read: " + error);
    if (signature.names_field("ARC-Seal")) flaw("the newest ARC-Message-Signature signs seals");
    to_.newest = std::move(signature);
  }

  void flaw(std::string why) {
    if (to_.flaw.empty()) to_.flaw = std::move(why);
  }

  Chain& to_;
};

}  // namespace

std::string_view name(Outcome outcome) {
  constexpr std::string_view names[] = {"none", "pass", "fail"};
  return names[static_cast<size_t>(outcome)];
}

Chain read_chain(std::span<const message::Field> fields) {
  Chain chain;
  Reader reader(chain);
  for (const message::Field& field : fields) {
    if (field.is("ARC-Authentication-Results")) reader.take(field, &Set::results);
    if (field.is("ARC-Message-Signature")) reader.take(field, &Set::message);
    if (field.is("ARC-Seal")) reader.take(field, &Set::seal);
  }
  reader.finish();
  return chain;
}

void SealHash::add(std::string_view field) { before_ += dkim::canonical_field(field, dkim::Canon::relaxed); }

std::string SealHash::digest(std::string_view own) const {
  std::string last = dkim::canonical_field(dkim::without_signature(own), dkim::Canon::relaxed);
  last.resize(last.size() - 2);  // its CRLF
  crypto::Sha256 hash;
  hash.add(before_);
  hash.add(last);
  return hash.finish();
}

}  // namespace futar::arc
