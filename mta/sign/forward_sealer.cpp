#include "mta/sign/forward_sealer.h"

#include "common/base/text.h"
#include "common/message/authentication_results.h"

namespace futar::mta {
namespace {

constexpr std::string_view arc_result = "\r\n\tarc=";  // a result of ours begins a line

arc::Outcome chain_outcome(std::string_view results) {
  const size_t at = results.find(arc_result);
  if (at == std::string_view::npos) return arc::Outcome::none;
  const std::string_view rest = results.substr(at + arc_result.size());
  return rest.starts_with("pass")   ? arc::Outcome::pass
         : rest.starts_with("fail") ? arc::Outcome::fail
                                    : arc::Outcome::none;
}

Result<std::string> fields_for(const arc::ChainSealer& sealer, const spool::Folder& spool,
                               const std::string& header, const spool::Body& body,
                               const arc::Ingress& ingress, int64_t now_ms) {
  arc::Sealing sealing = sealer.begin(header, ingress, now_ms);
  TRY(spool.read_all(body, [&](std::string_view octets) { sealing.body(octets); }));
  return sealing.finish();
}

}  // namespace

// Ours stands above all by construction, and no field with our name is left below it.
std::optional<arc::Ingress> found_at_ingress(std::string_view header, std::string_view authserv_id) {
  constexpr std::string_view name = "Authentication-Results: ";
  if (!header.starts_with(name)) return {};
  const auto fields = message::split_header(header);
  const std::string_view results = trim(std::string_view(fields.front().text).substr(name.size()));
  const bool ours = results.starts_with(authserv_id) && results.substr(authserv_id.size()).starts_with(";");
  if (!ours || results.find('=') == std::string_view::npos) return {};
  return arc::Ingress{std::string(results), chain_outcome(results)};
}

// An RSA key when there is one: few verify a seal by Ed25519.
Task<Result<std::optional<Signature>>> ForwardSealer::seal(std::string header, spool::Body body,
                                                           std::string forwarder) const {
  const auto ingress = found_at_ingress(header, authserv_id_);
  const auto signer = keyring_.signer(forwarder);
  if (!ingress || !signer) co_return std::nullopt;
  const dkim::SigningKey& key = signer->keys().front();
  const arc::ChainSealer sealer(signer->domain(), key);
  const int64_t now = clock_.wall_ms();
  Result<std::string> fields;
  co_await workers_.run([&] { fields = fields_for(sealer, spool_, header, body, *ingress, now); });
  Signature seal;
  seal.fields = CO_TRY(std::move(fields));
  if (seal.fields.empty()) co_return std::nullopt;
  seal.by = fmt::format("{} {}", signer->domain(), key.selector);
  seal.event = event::Event(now, event::Kind::sealed_for)
                   .with(event::Field::name, signer->domain())
                   .with(event::Field::what, selectors_in_words(seal.by));
  co_return seal;
}

}  // namespace futar::mta
