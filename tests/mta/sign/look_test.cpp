#include "mta/sign/look.h"

#include <doctest/doctest.h>

#include <map>

#include "common/dkim/key_record.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"

using namespace futar;
using namespace futar::mta;
using State = Sighting::State;

namespace {

std::string a_record() {
  return dkim::key_record(crypto::PrivateKey::make(crypto::KeyType::ed25519).public_key());
}

// A resolver, and name servers by address; what no server is set to say it does not answer.
struct World {
  net::Loop loop;
  FakeResolver dns;
  std::map<std::string, FakeResolver> servers;
  std::string zone;  ///< that was asked for last
  Selector selector;

  World() {
    selector.domain = "example.org";
    selector.selector = "s1";
    selector.record = a_record();
    dns.add("example.org NS ns1.example.org").add("example.org NS ns2.example.org");
    dns.add("ns1.example.org A 192.0.2.1").add("ns2.example.org A 192.0.2.2");
  }
  void say(const std::string& server, const std::string& record) {
    servers[server].add("s1._domainkey.example.org TXT " + record);
  }
  Sighting look() {
    Sighting sighting;
    const DnsEyes eyes{dns, [this](std::string server, std::string of, std::string name, dns::Type type) {
                         zone = of;
                         const auto found = servers.find(server);
                         return found == servers.end() ? no_answer() : found->second.ask(name, type);
                       }};
    run_task(loop, [](const DnsEyes& e, Selector s, Sighting& out) -> Task<> {
      out = co_await mta::look(e, std::move(s));
    }(eyes, selector, sighting));
    return sighting;
  }
  static Task<dns::Answer> no_answer() { co_return dns::Answer(); }
};

}  // namespace

TEST_CASE("a key is shown when each name server of the zone that answers shows it") {
  World w;
  w.say("192.0.2.1", w.selector.record);
  w.say("192.0.2.2", w.selector.record);
  CHECK(w.look().state == State::shown);
  CHECK(w.zone == "example.org");
  CHECK(w.look().words == "2 name servers show it");
  w.servers.erase("192.0.2.2");
  CHECK(w.look().state == State::shown);
  CHECK(w.look().words == "the name server shows it (1 gave no answer)");
}

TEST_CASE("a server that does not have it yet means to wait") {
  World w;
  w.say("192.0.2.1", w.selector.record);
  w.servers["192.0.2.2"].add("example.org TXT v=spf1");
  CHECK(w.look().state == State::unknown);
  CHECK(w.look().words == "1 of 2 name servers show it");
}

TEST_CASE("no key, or another's, is none, whatever a cache says") {
  World w;
  w.dns.add("s1._domainkey.example.org TXT " + w.selector.record);
  w.servers["192.0.2.1"].add("example.org TXT v=spf1");
  w.servers["192.0.2.2"].add("example.org TXT v=spf1");
  CHECK(w.look().state == State::absent);
  CHECK(w.look().words == "2 name servers do not show it: its key is not in the DNS");
  w.say("192.0.2.1", a_record());
  w.say("192.0.2.2", a_record());
  CHECK(w.look().state == State::absent);
  CHECK(w.look().words == "2 name servers do not show it: another key stands there");
}

TEST_CASE("a zone of its own for _domainkey is asked at its own servers") {
  World w;
  w.dns.add("_domainkey.example.org NS ns.provider.net").add("ns.provider.net A 192.0.2.9");
  w.say("192.0.2.9", w.selector.record);
  CHECK(w.look().state == State::shown);
  CHECK(w.zone == "_domainkey.example.org");
}

TEST_CASE("where no name server can be reached the resolver's word counts") {
  World w;
  CHECK(w.look().state == State::absent);
  w.dns.add("s1._domainkey.example.org TXT " + w.selector.record);
  CHECK(w.look().state == State::shown);
  w.dns.fail("s1._domainkey.example.org", dns::Type::txt);
  CHECK(w.look().state == State::unknown);
  CHECK(w.look().words == "no answer: SERVFAIL");
}
