#include "mta/outbound/tls_policy.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::mta;
using smtp_client::TlsUse;
using Kind = DaneState::Kind;
using Mode = StsPolicy::Mode;
using Proof = net::TlsExpectation::Proof;
using Names = std::vector<std::string>;

namespace {

Host host_at(const std::string& name, const std::string& address) {
  Host host;
  host.name = host.canonical = name;
  host.addresses = {*net::IpAddress::parse(address)};
  return host;
}

const Host mx = host_at("mx1.remote.example", "192.0.2.25");

DaneState dane(Kind kind) {
  DaneState state{.kind = kind, .base = mx.name};
  if (kind == Kind::usable)
    state.records = {{3, 1, 1, std::string(32, 'x')}, {2, 0, 1, std::string(32, 'y')}};
  if (kind == Kind::failed) state.why = "TLSA records of mx1.remote.example: SERVFAIL";
  if (kind == Kind::off) state.why = "the MX record of remote.example is not signed by DNSSEC";
  return state;
}

std::optional<StsPolicy> sts(Mode mode, std::string pattern = "mx1.remote.example") {
  return StsPolicy{.mode = mode, .id = "1", .mx = {std::move(pattern)}, .max_age_s = 86400};
}

constexpr auto plain = TlsWish::opportunistic;

}  // namespace

TEST_CASE("DANE, MTA-STS and the config weighed: the table") {
  const auto elsewhere = sts(Mode::enforce, "mx9.remote.example"), testing = sts(Mode::testing),
             testing_elsewhere = sts(Mode::testing, "mx9.remote.example"), enforce = sts(Mode::enforce);
  enum Then { skipped, in_clear_if_need_be, any_certificate, by_pkix, by_dane };
  const struct {
    const char* what;
    TlsWish wish;
    Kind dane;
    std::optional<StsPolicy> sts;
    Then then;
    const char* why;
    const char* type;
  } rows[] = {
      {"nothing promised: TLS if it works",
       plain,
       Kind::off,
       {},
       in_clear_if_need_be,
       "not verified",
       "no-policy-found"},
      {"no TLSA records", plain, Kind::none, {}, in_clear_if_need_be, "not verified", "no-policy-found"},
      {"TLSA records",
       plain,
       Kind::usable,
       {},
       by_dane,
       "DANE: 2 TLSA records of mx1.remote.example",
       "tlsa"},
      {"unusable TLSA records: TLS, unauthenticated",
       plain,
       Kind::unusable,
       {},
       any_certificate,
       "DANE: no TLSA record is usable, TLS without proof",
       "tlsa"},
      {"TLSA lookup failed: not this host",
       plain,
       Kind::failed,
       {},
       skipped,
       "DANE: TLSA records of mx1.remote.example: SERVFAIL",
       "tlsa"},
      {"MTA-STS enforce", plain, Kind::off, enforce, by_pkix, "MTA-STS policy of remote.example", "sts"},
      {"MTA-STS enforce, signed zone without TLSA", plain, Kind::none, enforce, by_pkix,
       "MTA-STS policy of remote.example", "sts"},
      {"MTA-STS enforce, another MX", plain, Kind::off, elsewhere, skipped,
       "the MTA-STS policy of remote.example does not allow mx1.remote.example", "sts"},
      {"MTA-STS testing", plain, Kind::off, testing, in_clear_if_need_be,
       "not verified: the MTA-STS policy of remote.example is in testing", "sts"},
      {"MTA-STS testing, another MX", plain, Kind::off, testing_elsewhere, in_clear_if_need_be,
       "not verified: the MTA-STS policy of remote.example is in testing, and does not allow "
       "mx1.remote.example",
       "sts"},
      {"DANE beats MTA-STS", plain, Kind::usable, enforce, by_dane,
       "DANE: 2 TLSA records of mx1.remote.example", "tlsa"},
      {"DANE beats MTA-STS that names another MX", plain, Kind::usable, elsewhere, by_dane,
       "DANE: 2 TLSA records of mx1.remote.example", "tlsa"},
      {"MTA-STS does not rescue a DANE failure", plain, Kind::failed, enforce, skipped,
       "DANE: TLSA records of mx1.remote.example: SERVFAIL", "tlsa"},
      {"MTA-STS proves where no TLSA record can", plain, Kind::unusable, enforce, by_pkix,
       "MTA-STS policy of remote.example", "sts"},
      {"MTA-STS testing weakens no TLSA record", plain, Kind::unusable, testing, any_certificate,
       "DANE: no TLSA record is usable, TLS without proof", "tlsa"},
      {"require",
       TlsWish::require,
       Kind::off,
       {},
       any_certificate,
       "the config wants TLS, not verified",
       "no-policy-found"},
      {"require, MTA-STS testing", TlsWish::require, Kind::off, testing, any_certificate,
       "not verified: the MTA-STS policy of remote.example is in testing", "sts"},
      {"require and TLSA records: the stronger",
       TlsWish::require,
       Kind::usable,
       {},
       by_dane,
       "DANE: 2 TLSA records of mx1.remote.example",
       "tlsa"},
      {"require and MTA-STS: the stronger", TlsWish::require, Kind::off, enforce, by_pkix,
       "MTA-STS policy of remote.example", "sts"},
      {"require does not rescue a DANE failure",
       TlsWish::require,
       Kind::failed,
       {},
       skipped,
       "DANE: TLSA records of mx1.remote.example: SERVFAIL",
       "tlsa"},
      {"verify",
       TlsWish::verify,
       Kind::off,
       {},
       by_pkix,
       "the config wants a verified host",
       "no-policy-found"},
      {"verify, MTA-STS testing", TlsWish::verify, Kind::none, testing, by_pkix,
       "the config wants a verified host", "no-policy-found"},
      {"verify, unusable TLSA records",
       TlsWish::verify,
       Kind::unusable,
       {},
       by_pkix,
       "the config wants a verified host",
       "no-policy-found"},
      {"verify is content with DANE",
       TlsWish::verify,
       Kind::usable,
       {},
       by_dane,
       "DANE: 2 TLSA records of mx1.remote.example",
       "tlsa"},
      {"dane-only, TLSA records",
       TlsWish::dane_only,
       Kind::usable,
       {},
       by_dane,
       "DANE: 2 TLSA records of mx1.remote.example",
       "tlsa"},
      {"dane-only, insecure",
       TlsWish::dane_only,
       Kind::off,
       {},
       skipped,
       "the config wants DANE for remote.example: the MX record of remote.example is not signed by DNSSEC",
       "no-policy-found"},
      {"dane-only, none", TlsWish::dane_only, Kind::none, enforce, skipped,
       "the config wants DANE for remote.example: there are no TLSA records", "no-policy-found"},
      {"dane-only, unusable",
       TlsWish::dane_only,
       Kind::unusable,
       {},
       skipped,
       "the config wants DANE for remote.example: no TLSA record is usable",
       "no-policy-found"},
      {"dane-only, failed",
       TlsWish::dane_only,
       Kind::failed,
       {},
       skipped,
       "DANE: TLSA records of mx1.remote.example: SERVFAIL",
       "tlsa"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const TlsPlan plan = weigh(row.wish, dane(row.dane), row.sts, mx, "remote.example");
    CHECK(plan.why == row.why);
    CHECK(plan.policy_type == row.type);
    CHECK(plan.skip == (row.then == skipped));
    CHECK(plan.clear_after_failure == (row.then == in_clear_if_need_be));
    if (plan.skip) continue;
    CHECK(plan.use == (row.then == in_clear_if_need_be ? TlsUse::opportunistic : TlsUse::required));
    CHECK(plan.expectation.proof == (row.then == by_dane   ? Proof::dane
                                     : row.then == by_pkix ? Proof::pkix
                                                           : Proof::none));
    CHECK(plan.expectation.sni == "mx1.remote.example");
    if (row.then == by_pkix) CHECK(plan.expectation.names == Names{"mx1.remote.example"});
    if (row.then == by_dane) CHECK(plan.expectation.names == Names{"mx1.remote.example", "remote.example"});
    CHECK(plan.expectation.tlsa.size() == (row.then == by_dane ? 2 : 0));
  }
}

TEST_CASE(
    "DANE names: where the CNAME led is the server name, the MX and the next hop may stand too (RFC 7672 "
    "§3.2.2)") {
  DaneState state = dane(Kind::usable);
  state.base = "real.hoster.example";
  const TlsPlan plan = weigh(plain, state, {}, mx, "remote.example");
  CHECK(plan.expectation.sni == "real.hoster.example");
  CHECK(plan.expectation.names == Names{"real.hoster.example", "mx1.remote.example", "remote.example"});
  CHECK(weigh(plain, dane(Kind::usable), {}, mx, mx.name).expectation.names == Names{"mx1.remote.example"});
}

TEST_CASE(
    "a host that the config names by URL is verified where the URL wants TLS, unless the config says less") {
  const Host relay = host_at("smtp.provider.example", "192.0.2.1"), local = host_at("localhost", "127.0.0.1"),
             literal = host_at("[192.0.2.7]", "192.0.2.7");
  const auto none = std::optional<TlsWish>();
  const struct {
    const char* what;
    std::optional<TlsWish> wish;
    Kind dane;
    Host host;
    TlsUse asked, use;
    Proof proof;
    bool clear;
  } rows[] = {
      {"smtp://", none, Kind::off, relay, TlsUse::opportunistic, TlsUse::opportunistic, Proof::none, true},
      {"smtp+tls://", none, Kind::off, relay, TlsUse::required, TlsUse::required, Proof::pkix, false},
      {"smtps://", none, Kind::off, relay, TlsUse::implicit, TlsUse::implicit, Proof::pkix, false},
      {"smtps://, its name signed without TLSA", none, Kind::none, relay, TlsUse::implicit, TlsUse::implicit,
       Proof::pkix, false},
      {"smtps:// on this machine", none, Kind::off, local, TlsUse::implicit, TlsUse::implicit, Proof::none,
       false},
      {"smtp+tls:// on this machine", none, Kind::off, local, TlsUse::required, TlsUse::required, Proof::none,
       false},
      {"smtps:// on this machine, verify", TlsWish::verify, Kind::off, local, TlsUse::implicit,
       TlsUse::implicit, Proof::pkix, false},
      {"smtps:// with TLSA", none, Kind::usable, relay, TlsUse::implicit, TlsUse::implicit, Proof::dane,
       false},
      {"smtp:// with TLSA", none, Kind::usable, relay, TlsUse::opportunistic, TlsUse::required, Proof::dane,
       false},
      {"smtp:// and verify", TlsWish::verify, Kind::off, relay, TlsUse::opportunistic, TlsUse::required,
       Proof::pkix, false},
      {"smtps:// and require", TlsWish::require, Kind::off, relay, TlsUse::implicit, TlsUse::implicit,
       Proof::none, false},
      {"smtp+tls:// and opportunistic", TlsWish::opportunistic, Kind::off, relay, TlsUse::required,
       TlsUse::required, Proof::none, false},
      {"smtps:// and an address", none, Kind::off, literal, TlsUse::implicit, TlsUse::implicit, Proof::pkix,
       false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    const TlsPlan plan = weigh_url(row.wish, dane(row.dane), row.host, row.asked);
    CHECK_FALSE(plan.skip);
    CHECK(plan.use == row.use);
    CHECK(plan.expectation.proof == row.proof);
    CHECK(plan.clear_after_failure == row.clear);
  }
  CHECK(weigh_url(none, dane(Kind::off), literal, TlsUse::implicit).expectation.names == Names{"192.0.2.7"});
  CHECK(weigh_url(none, dane(Kind::failed), relay, TlsUse::implicit).skip);
  CHECK(weigh_url(TlsWish::dane_only, dane(Kind::none), relay, TlsUse::implicit).skip);
}

TEST_CASE("the words of the config") {
  CHECK(tls_wish("opportunistic") == TlsWish::opportunistic);
  CHECK(tls_wish("require") == TlsWish::require);
  CHECK(tls_wish("verify") == TlsWish::verify);
  CHECK(tls_wish("dane-only") == TlsWish::dane_only);
  CHECK_FALSE(tls_wish("dane_only"));
  CHECK_FALSE(tls_wish(""));
}

TEST_CASE("what opening a session showed, in the words of RFC 8460") {
  using smtp_client::Observation;
  using smtp_client::Stage;
  using smtp_client::Trouble;
  const auto tls_failed = [](std::string detail) {
    return Observation{Stage::tls, Trouble::tls_failed, {}, std::move(detail)};
  };
  CHECK(report_result({Stage::hello, Trouble::none, {250, "", "ok"}, ""}, true) == "success");
  CHECK(report_result({Stage::hello, Trouble::none, {250, "", "ok"}, ""}, false) == "");
  CHECK(report_result({Stage::connect, Trouble::cannot_connect, {}, ""}, false) == "");
  CHECK(report_result({Stage::starttls, Trouble::tls_not_offered, {}, ""}, false) ==
        "starttls-not-supported");
  CHECK(report_result({Stage::starttls, Trouble::none, {454, "", "no"}, ""}, false) ==
        "starttls-not-supported");
  CHECK(report_result({Stage::starttls, Trouble::none, {421, "", "bye"}, ""}, false) == "");
  CHECK(report_result(tls_failed("name mismatch: certificate is for a, expected b"), false) ==
        "certificate-host-mismatch");
  CHECK(report_result(tls_failed("certificate of a expired on 2026-01-01"), false) == "certificate-expired");
  CHECK(report_result(tls_failed("certificate of a is not trusted: self-signed certificate"), false) ==
        "certificate-not-trusted");
  CHECK(report_result(tls_failed("no TLSA record matches the certificate of a"), false) ==
        "validation-failure");
}
