// What `futar route` can say of a destination: a DNS in a table, policies on disk, nobody is connected to.
#include "mta/outbound/outlook.h"

#include <doctest/doctest.h>

#include "mta/outbound/way.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/pki.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::mta;
using dns::Type;
using Words = std::vector<std::string>;

namespace {

struct Crossroads {
  TempFolder folder;
  TestPki pki;
  net::Loop loop;
  net::Workers workers{loop, 1, "test"};
  FakeClock clock;
  FakeResolver resolver;
  std::shared_ptr<net::TlsContext> client = *net::TlsContext::client(pki.authority_file());
  std::unique_ptr<store::Writer> writer;
  std::unique_ptr<store::Reader> reader;
  PolicyOptions policy_options;
  std::unique_ptr<TlsPolicies> policies;
  std::unique_ptr<Way> way;

  explicit Crossroads(std::map<std::string, TlsWish> wishes = {}) {
    auto database = *store::Database::open(folder / "mta.db", store::Database::Mode::create);
    REQUIRE(create_sts_tables(*database));
    StsPolicy policy;
    policy.mode = StsPolicy::Mode::enforce;
    policy.mx = {"mx1.sts.example"};
    policy.max_age_s = 86'400;
    policy.fetched_ms = clock.wall_ms();
    REQUIRE(save_sts(*database, "sts.example", policy, clock.wall_ms()));
    writer = std::make_unique<store::Writer>(loop, std::move(database), [](const Error&) {});
    reader = std::make_unique<store::Reader>(loop, *writer);
    policy_options.wishes = std::move(wishes);
    policies =
        std::make_unique<TlsPolicies>(loop, resolver, *client, *writer, *reader, clock, policy_options);
    WayOptions options;
    options.hosts.own_names = {"mail.futar.test"};
    way = std::make_unique<Way>(loop, resolver, *policies, *client, workers, clock, options);
    for (const char* line :
         {"remote.example MX 10 mx1.remote.example", "remote.example MX 20 mx2.remote.example",
          "mx1.remote.example A 192.0.2.1", "mx2.remote.example A 192.0.2.2",
          "sts.example MX 5 mx1.sts.example", "sts.example MX 6 mx2.sts.example",
          "mx1.sts.example A 192.0.2.3", "mx2.sts.example A 192.0.2.4", "null.example MX 0 .",
          "ours.example MX 10 mail.futar.test", "mail.futar.test A 192.0.2.9"})
      resolver.add(line);
  }

  Outlook look(std::string destination, int64_t limit_ms = 4000) {
    Outlook outlook;
    run_task(loop, [](Crossroads& c, std::string to, int64_t limit, Outlook& out) -> Task<> {
      out = co_await c.way->outlook(std::move(to), limit);
    }(*this, std::move(destination), limit_ms, outlook));
    return outlook;
  }
  /// "10 mx1.remote.example 192.0.2.1, not signed, opportunistic: not verified"
  Words hops(const std::string& destination) {
    const Outlook outlook = look(destination);
    Words words;
    for (const Hop& hop : outlook.hops)
      words.push_back(fmt::format("{} {} {}, {}, {}", hop.host.preference, hop.host.name,
                                  hop.host.addresses.at(0).text(), dnssec_words(outlook, hop),
                                  tls_words(hop)));
    return words;
  }
  Words problems_of(const std::string& destination) { return problems(look(destination)); }
};

}  // namespace

TEST_CASE("the hosts of a domain stand in the order of their preference, with what each must prove") {
  Crossroads c;
  CHECK(c.hops("remote.example") ==
        Words{"10 mx1.remote.example 192.0.2.1, not signed, opportunistic: not verified",
              "20 mx2.remote.example 192.0.2.2, not signed, opportunistic: not verified"});
  CHECK(c.problems_of("remote.example").empty());
  CHECK(c.look("remote.example").reason ==
        "remote.example receives at mx1.remote.example (its MX 10), mx2.remote.example (its MX 20)");
}

TEST_CASE("DANE, MTA-STS and the config are named where they ask for TLS") {
  Crossroads c({{"strict.example", TlsWish::require}});
  c.resolver.sign("remote.example").add("_25._tcp.mx1.remote.example TLSA 3 1 1 " + std::string(64, '1'));
  CHECK(c.hops("remote.example") ==
        Words{"10 mx1.remote.example 192.0.2.1, signed, required: DANE: 1 TLSA record of mx1.remote.example",
              "20 mx2.remote.example 192.0.2.2, signed, opportunistic: not verified"});
  CHECK(c.hops("sts.example") ==
        Words{"5 mx1.sts.example 192.0.2.3, not signed, required: MTA-STS policy of sts.example",
              "6 mx2.sts.example 192.0.2.4, not signed, not used: the MTA-STS policy of sts.example does not "
              "allow mx2.sts.example"});
  c.resolver.add("strict.example A 192.0.2.5");
  CHECK(c.hops("strict.example") ==
        Words{"0 strict.example 192.0.2.5, not signed, required: the config wants TLS, not verified"});
}

TEST_CASE("half a signature is told apart") {
  Crossroads c;
  c.resolver.add("half.example MX 10 mx1.remote.example").sign("half.example");
  CHECK(c.hops("half.example")[0].find(", address not signed,") != std::string::npos);
  c.resolver.add("other.example MX 10 mx.half.example").add("mx.half.example A 192.0.2.6");
  CHECK(c.hops("other.example")[0].find(", MX not signed,") != std::string::npos);
}

TEST_CASE("why mail would be returned, and why it would wait") {
  Crossroads c;
  CHECK(c.problems_of("null.example") ==
        Words{"5.1.10 null.example does not receive mail (null MX); mail for it is returned"});
  CHECK(c.problems_of("nowhere.example") ==
        Words{"5.1.2 nowhere.example does not exist in the DNS; mail for it is returned"});
  CHECK(
      c.problems_of("ours.example") ==
      Words{"5.4.6 mail for ours.example would come back to us: the DNS leads to this server, which does not "
            "receive for it; mail for it is returned"});
  c.resolver.fail("silent.example", Type::mx, "nobody answers");
  CHECK(c.problems_of("silent.example") ==
        Words{"4.4.3 silent.example MX: nobody answers; mail for it waits and is tried again"});
  c.resolver.sign("remote.example");
  for (const char* host : {"_25._tcp.mx1.remote.example", "_25._tcp.mx2.remote.example"})
    c.resolver.bogus(host, Type::tlsa);
  CHECK(c.problems_of("remote.example") ==
        Words{"none of its hosts may be used now; mail for it waits and is tried again"});
}

TEST_CASE("a host that the config names is looked at, too, and its absence is no reason to return mail") {
  Crossroads c;
  const Outlook outlook = c.look("smtps://mx1.remote.example:465");
  REQUIRE(outlook.hops.size() == 1);
  CHECK(!outlook.by_mx);
  CHECK(outlook.hops[0].port == 465);
  CHECK(tls_words(outlook.hops[0]) == "from the first octet: certificate of the host that the config names");
  CHECK(dnssec_words(outlook, outlook.hops[0]) == "not signed");
  CHECK(c.problems_of("smtp://gone.example:25") ==
        Words{"4.3.5 gone.example has no IPv4 address; mail for it waits and is tried again"});
}

TEST_CASE("nobody waits longer than the limit, and what has come by then is shown") {
  Crossroads c;
  c.resolver.slow(c.loop, 100);
  CHECK(problems(c.look("null.example", 20)) ==
        Words{"some answers have not come yet: ask again in a moment"});
  const Outlook half = c.look("remote.example", 350);  // MX and two addresses have come, the policy has not
  REQUIRE(half.hops.size() == 2);
  CHECK(tls_words(half.hops[1]) == "not known yet");
  CHECK(run_until(c.loop, [&] { return c.loop.running() == 0; }));
}
