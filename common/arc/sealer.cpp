#include "common/arc/sealer.h"

#include "common/base/text.h"
#include "common/dkim/field_writer.h"

namespace futar::arc {
namespace {

constexpr size_t most_names = 256;  // as many as dkim::parse_signature takes

// A chain that is not the one that passed then is no pass now.
Outcome outcome_of(const Chain& chain, const Ingress& ingress) {
  if (!chain.exists) return Outcome::none;
  return chain.flaw.empty() && ingress.outcome == Outcome::pass ? Outcome::pass : Outcome::fail;
}

std::vector<std::string> default_names(std::span<const message::Field> fields) {
  auto names = dkim::names_to_sign(fields);
  names.insert(names.end(), message::count(fields, "DKIM-Signature"), "DKIM-Signature");
  if (names.size() > most_names) names.resize(most_names);
  return names;
}

}  // namespace

ChainSealer::ChainSealer(std::string domain, dkim::SigningKey key)
    : domain_(ascii_lower(domain)), key_(std::move(key)) {}

Sealing::Sealing(const dkim::SigningKey& key, const std::string& domain, std::string_view header,
                 const Ingress& ingress, int64_t now_ms, std::vector<std::string> names)
    : key_(key), domain_(domain), time_s_(now_ms / 1000), names_(std::move(names)) {
  const auto fields = message::split_header(header);
  const Chain chain = read_chain(fields);
  const bool unknown = chain.exists && ingress.outcome == Outcome::none;
  if (chain.ended || unknown || chain.sets.size() >= most_sets) return;
  instance_ = chain.sets.size() + 1;
  cv_ = outcome_of(chain, ingress);
  results_ = fmt::format("ARC-Authentication-Results: i={}; {}\r\n", instance_, trim(ingress.results));
  if (names_.empty()) names_ = default_names(fields);
  select(header);
  if (cv_ == Outcome::pass)  // what failed is not sealed again (RFC 8617 §5.1.2)
    for (const Set& set : chain.sets)
      for (const message::Field* field : {set.results, set.message, set.seal}) seals_.add(field->text);
}

// h= may name the results of this very set.
void Sealing::select(std::string_view header) {
  const std::string whole = results_ + std::string(header);
  header_.add(dkim::select_fields(message::split_header(whole), names_));
}

std::string Sealing::finish() {
  if (instance_ == 0) return "";
  const auto field = [&](std::string_view name) {
    dkim::FieldWriter made(name);
    made.tag("i", std::to_string(instance_))
        .tag("a", fmt::format("{}-sha256", crypto::name(key_.key.type())));
    return made;
  };
  const auto signer = [&](dkim::FieldWriter& to) -> dkim::FieldWriter& {
    return to.tag("d", domain_).tag("s", key_.selector).tag("t", std::to_string(time_s_));
  };
  auto message = field("ARC-Message-Signature"), seal = field("ARC-Seal");
  signer(message.tag("c", "relaxed/relaxed")).list("h", names_).base64("bh", body_.finish());
  const std::string signature = message.signed_text(key_.key.sign(header_.finish(message.unsigned_text())));
  seals_.add(results_);
  seals_.add(signature);
  signer(seal.tag("cv", name(cv_)));
  return seal.signed_text(key_.key.sign(seals_.digest(seal.unsigned_text()))) + signature + results_;
}

}  // namespace futar::arc
