#include "mta/outbound/tls_policy.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"

namespace futar::mta {
namespace {

using net::TlsExpectation;
using smtp_client::Stage;
using smtp_client::TlsUse;
using smtp_client::Trouble;
using Proof = TlsExpectation::Proof;

/// The host as a certificate would bear it: an address literal without its brackets.
std::string certified_name(const Host& host) {
  if (!host.name.starts_with('[') || host.addresses.empty()) return host.name;
  return host.addresses.front().text();
}

TlsPlan skip(std::string why, std::string policy_type) {
  return {.skip = true, .why = std::move(why), .policy_type = std::move(policy_type)};
}

TlsPlan unverified(const Host& host, TlsUse use, std::string why) {
  return {.use = use,
          .expectation = {.sni = certified_name(host)},
          .clear_after_failure = use == TlsUse::opportunistic,
          .why = std::move(why)};
}

TlsPlan by_authority(const Host& host, TlsUse use, std::string why) {
  const std::string name = certified_name(host);
  return {
      .use = use, .expectation = {.proof = Proof::pkix, .sni = name, .names = {name}}, .why = std::move(why)};
}

/// RFC 7672 §3.2.2: the base name first, then the name in the MX record and the next hop, since the MX was
/// secure.
TlsPlan by_dane(const DaneState& dane, const Host& host, TlsUse use, const std::string& domain) {
  const std::string base = dane.base.empty() ? host.name : dane.base;
  TlsPlan plan{.use = use,
               .expectation = {.proof = Proof::dane, .sni = base, .names = {base}, .tlsa = dane.records},
               .why = fmt::format("DANE: {} TLSA record{} of {}", dane.records.size(),
                                  dane.records.size() == 1 ? "" : "s", base),
               .policy_type = "tlsa"};
  auto& names = plan.expectation.names;
  for (const std::string& name : {host.name, domain})
    if (!name.empty() && std::ranges::find(names, name) == names.end()) names.push_back(name);
  return plan;
}

std::string testing_words(const StsPolicy& sts, const Host& host, const std::string& domain) {
  return fmt::format("not verified: the MTA-STS policy of {} is in testing{}", domain,
                     allows(sts, host.name) ? "" : fmt::format(", and does not allow {}", host.name));
}

}  // namespace

std::optional<TlsWish> tls_wish(std::string_view word) {
  if (word == "opportunistic") return TlsWish::opportunistic;
  if (word == "require") return TlsWish::require;
  if (word == "verify") return TlsWish::verify;
  if (word == "dane-only") return TlsWish::dane_only;
  return std::nullopt;
}

TlsPlan weigh(TlsWish wish, const DaneState& dane, const std::optional<StsPolicy>& sts, const Host& host,
              const std::string& domain) {
  using Kind = DaneState::Kind;
  // DANE first: neither MTA-STS (RFC 8461 §2) nor the config rescues what fails here.
  if (dane.kind == Kind::failed) return skip(fmt::format("DANE: {}", dane.why), "tlsa");
  if (dane.kind == Kind::usable) return by_dane(dane, host, TlsUse::required, domain);
  if (wish == TlsWish::dane_only)
    return skip(fmt::format("the config wants DANE for {}: {}", domain,
                            dane.kind == Kind::unusable ? "no TLSA record is usable"
                            : dane.why.empty()          ? "there are no TLSA records"
                                                        : dane.why),
                "no-policy-found");
  if (sts && sts->mode == StsPolicy::Mode::enforce) {
    if (!allows(*sts, host.name))
      return skip(fmt::format("the MTA-STS policy of {} does not allow {}", domain, host.name), "sts");
    TlsPlan plan = by_authority(host, TlsUse::required, fmt::format("MTA-STS policy of {}", domain));
    plan.policy_type = "sts";
    return plan;
  }
  if (wish == TlsWish::verify)
    return by_authority(host, TlsUse::required, "the config wants a verified host");
  if (dane.kind == Kind::unusable) {
    TlsPlan plan = unverified(host, TlsUse::required, "DANE: no TLSA record is usable, TLS without proof");
    plan.policy_type = "tlsa";
    return plan;
  }
  const bool testing = sts && sts->mode == StsPolicy::Mode::testing;
  TlsPlan plan = unverified(host, wish == TlsWish::require ? TlsUse::required : TlsUse::opportunistic,
                            testing                    ? testing_words(*sts, host, domain)
                            : wish == TlsWish::require ? "the config wants TLS, not verified"
                                                       : "not verified");
  if (testing) plan.policy_type = "sts";
  return plan;
}

TlsPlan weigh_url(std::optional<TlsWish> wish, const DaneState& dane, const Host& host, TlsUse use) {
  const TlsUse at_least = use == TlsUse::implicit ? TlsUse::implicit : TlsUse::required;
  const bool local =
      std::ranges::all_of(host.addresses, [](const auto& address) { return address.is_loopback(); });
  if (!wish) wish = use == TlsUse::opportunistic || local ? TlsWish::opportunistic : TlsWish::verify;
  TlsPlan plan = weigh(*wish, dane, std::nullopt, host, host.name);
  if (use == TlsUse::implicit || (use == TlsUse::required && plan.use == TlsUse::opportunistic))
    plan.use = at_least;
  if (plan.use != TlsUse::opportunistic) plan.clear_after_failure = false;
  if (plan.expectation.proof == Proof::pkix) plan.why = "certificate of the host that the config names";
  return plan;
}

std::string_view report_result(const smtp_client::Observation& opened, bool encrypted) {
  const bool refused =
      opened.stage == Stage::starttls && opened.reply.code >= 400 && opened.reply.code != 421;
  if (opened.trouble == Trouble::tls_not_offered || refused) return "starttls-not-supported";
  if (opened.trouble != Trouble::tls_failed) return encrypted ? "success" : "";
  const std::string_view words = opened.detail;
  const auto says = [&](std::string_view part) { return words.find(part) != std::string_view::npos; };
  if (says("name mismatch")) return "certificate-host-mismatch";
  if (says(" expired on ")) return "certificate-expired";
  if (says(" is not trusted")) return "certificate-not-trusted";
  return "validation-failure";
}

}  // namespace futar::mta
