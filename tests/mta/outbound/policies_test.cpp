// TLSA records and MTA-STS policies as they are fetched: a DNS in a table, a web host with a certificate of a
// test's authority, a database in a folder.
#include "mta/outbound/policies.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "common/net/listener.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/pki.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/stream.h"

using namespace futar;
using namespace futar::mta;
using dns::Type;
using Mode = StsPolicy::Mode;

namespace {

constexpr int64_t day_ms = 86'400'000;

std::string policy_text(const std::string& mode, int64_t max_age_s = 86'400) {
  return fmt::format("version: STSv1\nmode: {}\nmx: mx1.remote.example\nmax_age: {}\n", mode, max_age_s);
}

/// https://mta-sts.remote.example on loopback, and the TlsPolicies that ask it.
struct World {
  TempFolder folder;
  TestPki pki;
  net::Loop loop;
  FakeClock clock;
  FakeResolver resolver;
  std::shared_ptr<net::TlsContext> shown = pki.server({.names = {"mta-sts.remote.example"}});
  std::shared_ptr<net::TlsContext> client = *net::TlsContext::client(pki.authority_file());
  std::string status = "200 OK", type = "text/plain", body = policy_text("enforce");
  int served = 0;
  std::unique_ptr<net::Listener> listener;
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<store::Reader> reader;
  std::unique_ptr<TlsPolicies> policies;
  PolicyOptions options;

  World() {
    auto bound = *net::bind_tcp(*net::Endpoint::parse("127.0.0.1:0"));
    options.https_port = net::local_endpoint(bound)->port;
    listener = std::make_unique<net::Listener>(
        loop, std::move(bound), net::ListenerOptions{},
        [this](std::unique_ptr<net::Stream> stream) { return serve(std::move(stream)); });
    listener->start();
    auto database = *store::Database::open(folder / "mta.db", store::Database::Mode::create);
    REQUIRE(create_sts_tables(*database));
    writer = std::make_unique<store::Writer>(loop, std::move(database), [](const Error&) {});
    reader = std::make_unique<store::Reader>(loop, *writer);
    restart();
    resolver.add("_mta-sts.remote.example TXT v=STSv1; id=1;").add("mta-sts.remote.example A 127.0.0.1");
  }

  void restart() {
    policies = std::make_unique<TlsPolicies>(loop, resolver, *client, *writer, *reader, clock, options);
  }

  Task<> serve(std::unique_ptr<net::Stream> stream) {
    co_await stream->start_tls(*shown);
    std::string asked;
    char buffer[1024];
    while (!asked.ends_with("\r\n\r\n")) asked.append(buffer, co_await stream->read(buffer, sizeof buffer));
    CHECK(asked.starts_with("GET /.well-known/mta-sts.txt HTTP/1.1\r\n"));
    ++served;
    co_await stream->write(fmt::format("HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\n\r\n{}",
                                       status, type, body.size(), body));
    stream->close();
  }

  Task<std::optional<Mode>> mode() {
    const DomainPolicy policy = co_await policies->of_domain("remote.example");
    co_return policy.sts ? std::optional(policy.sts->mode) : std::nullopt;
  }
  Task<> background() {
    for (int i = 0; i < 1000 && loop.running() > 1; ++i) co_await loop.sleep(1);  // 1: the test itself
  }
};

Host secure_host() {
  Host host;
  host.name = host.canonical = "mx1.remote.example";
  host.addresses = {*net::IpAddress::parse("192.0.2.25")};
  host.mx_secure = host.address_secure = true;
  return host;
}

const std::string digest = std::string(64, '1');

}  // namespace

TEST_CASE("an MTA-STS policy is fetched once, kept, and there again after a restart without the network") {
  World world;
  net::run(world.loop, [&]() -> Task<> {
    CHECK(co_await world.mode() == Mode::enforce);
    CHECK(co_await world.mode() == Mode::enforce);
    co_await world.background();
    CHECK(world.served == 1);
    world.restart();
    world.resolver.fail("_mta-sts.remote.example", Type::txt);
    const DomainPolicy policy = co_await world.policies->of_domain("remote.example");
    REQUIRE(policy.sts);
    CHECK(policy.sts->id == "1");
    CHECK(policy.sts->mx == std::vector<std::string>{"mx1.remote.example"});
    CHECK(policy.sts->max_age_s == 86'400);
    CHECK(policy.sts->fetched_ms == world.clock.wall_ms());
    co_await world.background();
    CHECK(world.served == 1);
  });
}

TEST_CASE("a valid MTA-STS policy outlives its record, its host and its address, until its time is over") {
  World world;
  net::run(world.loop, [&]() -> Task<> {
    CHECK(co_await world.mode() == Mode::enforce);
    const auto holds = [&]() -> Task<bool> {
      world.clock.advance_ms(day_ms / 8);
      const bool there = co_await world.mode() == Mode::enforce;
      co_await world.background();
      co_return there;
    };
    world.resolver.remove("_mta-sts.remote.example");
    CHECK(co_await holds());
    world.resolver.fail("_mta-sts.remote.example", Type::txt);
    CHECK(co_await holds());
    world.resolver.remove("_mta-sts.remote.example").add("_mta-sts.remote.example TXT v=STSv1; id=2;");
    world.status = "404 Not Found";
    CHECK(co_await holds());
    world.resolver.remove("mta-sts.remote.example");
    CHECK(co_await holds());
    world.clock.advance_ms(day_ms / 2);
    CHECK(co_await world.mode() == std::nullopt);
  });
}

TEST_CASE("an MTA-STS policy is fetched again when its id changes, and at half its age; in the background") {
  World world;
  net::run(world.loop, [&]() -> Task<> {
    CHECK(co_await world.mode() == Mode::enforce);
    world.resolver.remove("_mta-sts.remote.example").add("_mta-sts.remote.example TXT v=STSv1; id=2;");
    world.body = policy_text("testing");
    CHECK(co_await world.mode() == Mode::enforce);  // it was looked at a moment ago
    co_await world.background();
    CHECK(world.served == 1);
    world.clock.advance_ms(300'000);
    CHECK(co_await world.mode() == Mode::enforce);
    co_await world.background();
    CHECK(world.served == 2);
    CHECK(co_await world.mode() == Mode::testing);
    world.clock.advance_ms(day_ms / 2 - 1);
    co_await world.mode();
    co_await world.background();
    CHECK(world.served == 2);
    world.clock.advance_ms(300'000);
    world.body = policy_text("none");
    co_await world.mode();
    co_await world.background();
    CHECK(world.served == 3);
    CHECK(co_await world.mode() == std::nullopt);
  });
}

TEST_CASE("what is no policy protects nothing, says why, and is not asked for again for five minutes") {
  const struct {
    const char* what;
    void (*spoil)(World&);
    std::string trouble;  ///< ends so
    int served;           ///< answers it took
  } rows[] = {
      {"a redirect", [](World& w) { w.status = "301 Moved"; }, "HTTP status 301", 1},
      {"another type", [](World& w) { w.type = "text/html"; }, "its type is 'text/html', not text/plain", 1},
      {"no policy", [](World& w) { w.body = "hello"; }, "no MTA-STS policy: the line 'hello' is no field", 1},
      {"a certificate for another name",
       [](World& w) { w.shown = w.pki.server({.names = {"remote.example"}}); },
       "name mismatch: certificate is for remote.example, expected mta-sts.remote.example", 0},
      {"a certificate nobody vouches for",
       [](World& w) { w.shown = w.pki.server({.names = {"mta-sts.remote.example"}, .self_signed = true}); },
       "is not trusted: self-signed certificate", 0},
      {"no address", [](World& w) { w.resolver.remove("mta-sts.remote.example"); },
       "mta-sts.remote.example has no address", 0},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    World world;
    row.spoil(world);
    net::run(world.loop, [&]() -> Task<> {
      for (int i = 0; i < 2; ++i) {
        const DomainPolicy policy = co_await world.policies->of_domain("remote.example");
        CHECK_FALSE(policy.sts);
        CHECK_MESSAGE(policy.trouble.ends_with(row.trouble), policy.trouble);
        CHECK(world.served == row.served);
      }
      World good;
      world.status = good.status, world.type = good.type, world.body = good.body;
      world.shown = world.pki.server({.names = {"mta-sts.remote.example"}});
      world.resolver.remove("mta-sts.remote.example").add("mta-sts.remote.example A 127.0.0.1");
      world.clock.advance_ms(300'000);
      CHECK(co_await world.mode() == Mode::enforce);
    });
  }
}

TEST_CASE("without an MTA-STS record nothing is fetched; several that ask at once fetch once") {
  World world;
  net::run(world.loop, [&]() -> Task<> {
    world.resolver.remove("_mta-sts.remote.example");
    CHECK(co_await world.mode() == std::nullopt);
    CHECK((co_await world.policies->of_domain("[192.0.2.1]")).sts == std::nullopt);
    CHECK(world.served == 0);
    world.resolver.add("_mta-sts.remote.example TXT v=STSv1; id=1;");
    int there = 0;
    const auto one = [&]() -> Task<> {
      if (co_await world.mode() == Mode::enforce) ++there;
    };
    for (int i = 0; i < 5; ++i) world.loop.spawn("one of several", one());
    co_await world.background();
    CHECK(there == 5);
    CHECK(world.served == 1);
  });
}

TEST_CASE("the config's wish: by domain, else by the star") {
  World world;
  world.options.wishes = {{"remote.example", TlsWish::verify}, {"*", TlsWish::require}};
  world.restart();
  net::run(world.loop, [&]() -> Task<> {
    CHECK((co_await world.policies->of_domain("remote.example")).wish == TlsWish::verify);
    CHECK((co_await world.policies->of_domain("other.example")).wish == TlsWish::require);
    CHECK((co_await world.policies->of_domain("[192.0.2.1]")).wish == TlsWish::require);
  });
}

TEST_CASE("TLSA records as the DNS gives them") {
  using Proof = net::TlsExpectation::Proof;
  enum Then { nothing, any_certificate, by_dane, skipped };
  const struct {
    const char* what;
    void (*prepare)(FakeResolver&, Host&);
    Then then;
    std::string why;
  } rows[] = {
      {"usable", [](FakeResolver& r, Host&) { r.add("_25._tcp.mx1.remote.example TLSA 3 1 1 " + digest); },
       by_dane, "DANE: 1 TLSA record of mx1.remote.example"},
      {"usable beside unusable",
       [](FakeResolver& r, Host&) {
         r.add("_25._tcp.mx1.remote.example TLSA 1 1 1 " + digest);
         r.add("_25._tcp.mx1.remote.example TLSA 3 1 1 " + digest);
       },
       by_dane, "DANE: 1 TLSA record of mx1.remote.example"},
      {"PKIX usages only",
       [](FakeResolver& r, Host&) { r.add("_25._tcp.mx1.remote.example TLSA 0 0 1 " + digest); },
       any_certificate, "DANE: no TLSA record is usable, TLS without proof"},
      {"a short digest", [](FakeResolver& r, Host&) { r.add("_25._tcp.mx1.remote.example TLSA 3 1 1 aabb"); },
       any_certificate, "DANE: no TLSA record is usable, TLS without proof"},
      {"absent", [](FakeResolver&, Host&) {}, nothing, "not verified"},
      {"SERVFAIL", [](FakeResolver& r, Host&) { r.fail("_25._tcp.mx1.remote.example", Type::tlsa); }, skipped,
       "DANE: TLSA records of mx1.remote.example: SERVFAIL"},
      {"bogus", [](FakeResolver& r, Host&) { r.bogus("_25._tcp.mx1.remote.example", Type::tlsa); }, skipped,
       "DANE: TLSA records of mx1.remote.example: signature expired"},
      {"insecure MX",
       [](FakeResolver& r, Host& h) {
         r.add("_25._tcp.mx1.remote.example TLSA 3 1 1 " + digest);
         h.mx_secure = false;
       },
       nothing, "not verified"},
      {"insecure address, and the question would fail",
       [](FakeResolver& r, Host& h) {
         r.fail("_25._tcp.mx1.remote.example", Type::tlsa);
         h.address_secure = false;
       },
       nothing, "not verified"},
      {"nobody validates",
       [](FakeResolver& r, Host&) {
         r.add("_25._tcp.mx1.remote.example TLSA 3 1 1 " + digest).without_validation();
       },
       nothing, "not verified"},
      {"an insecure TLSA record",
       [](FakeResolver& r, Host& h) {
         h.name = h.canonical = "mx.unsigned.example";
         r.add("_25._tcp.mx.unsigned.example TLSA 3 1 1 " + digest);
       },
       nothing, "not verified"},
      {"where the CNAME led",
       [](FakeResolver& r, Host& h) {
         h.canonical = "real.remote.example";
         r.add("_25._tcp.real.remote.example TLSA 3 1 1 " + digest);
         r.fail("_25._tcp.mx1.remote.example", Type::tlsa);
       },
       by_dane, "DANE: 1 TLSA record of real.remote.example"},
      {"not where the CNAME led, but at the name",
       [](FakeResolver& r, Host& h) {
         h.canonical = "real.remote.example";
         r.add("_25._tcp.mx1.remote.example TLSA 3 1 1 " + digest);
       },
       by_dane, "DANE: 1 TLSA record of mx1.remote.example"},
      {"failed where the CNAME led",
       [](FakeResolver& r, Host& h) {
         h.canonical = "real.remote.example";
         r.fail("_25._tcp.real.remote.example", Type::tlsa);
         r.add("_25._tcp.mx1.remote.example TLSA 3 1 1 " + digest);
       },
       skipped, "DANE: TLSA records of real.remote.example: SERVFAIL"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    World world;
    Host host = secure_host();
    world.resolver.sign("remote.example");
    row.prepare(world.resolver, host);
    net::run(world.loop, [&]() -> Task<> {
      const TlsPlan plan = co_await world.policies->plan({}, host, "remote.example");
      CHECK(plan.why == row.why);
      CHECK(plan.skip == (row.then == skipped));
      CHECK(plan.clear_after_failure == (row.then == nothing));
      CHECK((plan.expectation.proof == Proof::dane) == (row.then == by_dane));
      CHECK((plan.use == smtp_client::TlsUse::required) ==
            (row.then == by_dane || row.then == any_certificate));
    });
  }
}

TEST_CASE("a host named by URL has its TLSA records at its own port") {
  World world;
  world.resolver.sign("remote.example").add("_465._tcp.mx1.remote.example TLSA 3 1 1 " + digest);
  net::run(world.loop, [&]() -> Task<> {
    const TlsPlan plan =
        co_await world.policies->plan_for_url(secure_host(), smtp_client::TlsUse::implicit, 465);
    CHECK(plan.use == smtp_client::TlsUse::implicit);
    CHECK(plan.expectation.tlsa.size() == 1);
    CHECK((co_await world.policies->plan_for_url(secure_host(), smtp_client::TlsUse::implicit, 466))
              .expectation.tlsa.empty());
  });
}

TEST_CASE("TLS results are counted by day, domain, type of policy and kind") {
  World world;
  using smtp_client::Observation;
  using smtp_client::Stage;
  using smtp_client::Trouble;
  const Observation good{Stage::hello, Trouble::none, {250, "", "ok"}, ""},
      expired{Stage::tls, Trouble::tls_failed, {}, "certificate of mx1 expired on 2026-01-01"};
  const TlsPlan dane{.policy_type = "tlsa"};
  const std::string day = rfc3339(world.clock.wall_ms()).substr(0, 10);
  net::run(world.loop, [&]() -> Task<> {
    for (int i = 0; i < 3; ++i) world.policies->note("remote.example", dane, good, true);
    world.policies->note("remote.example", dane, expired, false);
    world.policies->note("remote.example", {}, good, false);  // in clear, and nothing was promised
    co_await world.policies->flush();
    world.policies->note("remote.example", dane, good, true);
    co_await world.policies->flush();
  });
  auto database = *store::Database::open(world.folder / "mta.db", store::Database::Mode::read);
  CHECK(*tls_results(*database, day) ==
        TlsResults{{{day, "remote.example", "tlsa", "certificate-expired"}, 1},
                   {{day, "remote.example", "tlsa", "success"}, 4}});
}
