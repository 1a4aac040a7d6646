// Mail through a second MX, judged by whom it came from; and what HELO says of a client.
#include "mta/inbound/origin.h"
#include "mta/inbound/helo.h"
#include "tests/mta/inbound/inbound_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

constexpr const char* second_mx = "198.51.100.7:4000";

std::string received(const std::string& from_clause) {
  return "Received: from " + from_clause + "\r\n\tby mx2.futar.test (Postfix) with ESMTP id 4F; date\r\n";
}

class ForwardedFixture : public InboundFixture {
 public:
  ForwardedFixture() { inbound.options.trusted_forwarders = {*net::Network::parse("198.51.100.7")}; }
  std::string forward(const std::string& received, const std::string& sender) {
    return send(sender, received + from(sender), "body\r\n", second_mx);
  }
};

std::string origin(const std::string& header) {
  const auto found = origin_of(header, [](const net::IpAddress& a) { return a.text() == "198.51.100.7"; });
  return found ? found->helo + " " + found->client.text() : "none";
}

}  // namespace

TEST_CASE("the origin is the first client on the way that is no forwarder and not the forwarder itself") {
  CHECK(origin(received("a (b [203.0.113.80])")) == "a 203.0.113.80");
  CHECK(origin("X: y\r\n" + received("localhost (localhost [127.0.0.1])") + received("m (m [198.51.100.7])") +
               received("a (b [IPv6:2001:db8::1])") + received("c (d [203.0.113.9])")) == "a 2001:db8::1");
  for (const std::string& header :
       {std::string(), received("a (b)"), received("a (b [999.0.113.80])"), received("a (b [0.0.0.0])"),
        received("a by b") + received("a (b [203.0.113.80])"), received("a ([198.51.100.7])")})
    CHECK(origin(header) == "none");
}

TEST_CASE("mail through a trusted forwarder is judged by the client of its Received field") {
  ForwardedFixture f;
  f.dns.add("80.113.0.203.in-addr.arpa PTR mx.good.example").add("mx.good.example A 203.0.113.80");
  const std::string good = received("mx.good.example (mx.good.example [203.0.113.80])");
  CHECK(f.forward(good, "a@good.example") == "250");
  CHECK(f.stored().contains("policy.iprev=203.0.113.80; "));
  CHECK(f.stored().contains("spf=pass smtp.mailfrom=a@good.example"));
  CHECK(f.stored().contains("\nReceived: from mx.somebody.example ([198.51.100.7])"));
  CHECK(f.trace().starts_with(
      "came through 198.51.100.7, a trusted forwarder; its client was 203.0.113.80 (mx.good.example)\n"
      "SPF pass"));
  CHECK(f.forward(good, "ceo@bank.example").starts_with("550 5.7.1 "));
  CHECK(f.send("a@good.example", good + from("a@good.example"), "", "198.51.100.8:4000").starts_with("550 "));
}

TEST_CASE("a forwarder that does not say from where is refused nothing, and nobody is asked about SPF") {
  ForwardedFixture f;
  CHECK(f.forward(received("mx (unknown)"), "ceo@bank.example") == "250");
  CHECK(f.stored().contains(
      "spf=none reason=\"came through trusted forwarder 198.51.100.7, whose Received field "
      "does not say from where\" smtp.mailfrom=ceo@bank.example"));
  CHECK_FALSE(f.stored().contains("iprev"));
  CHECK_FALSE(f.items.back().junk);
  CHECK(f.dns.asked("bank.example", dns::Type::txt) == 0);
  CHECK(f.trace().contains(
      "came through 198.51.100.7, a trusted forwarder; its Received field does not say from "
      "where\n"));
  CHECK(f.trace().contains("; taken, as it came through trusted forwarder 198.51.100.7"));
  CHECK(f.forward("", "a@shop.example") == "250");
  CHECK_FALSE(f.items.back().junk);
}

TEST_CASE("what is odd about a HELO is said, and refuses nobody") {
  net::Loop loop;
  FakeResolver dns;
  dns.add("mx.good.example A 203.0.113.80").add("six.example AAAA 2001:db8::1").add("text.example TXT x");
  dns.fail("ill.example", dns::Type::a);
  const std::pair<const char*, const char*> rows[] = {{"mx.good.example", ""},
                                                      {"MX.good.example.", ""},
                                                      {"six.example", ""},
                                                      {"text.example", "it has no address in the DNS"},
                                                      {"gone.example", "it has no address in the DNS"},
                                                      {"ill.example", "the DNS does not answer for it"},
                                                      {"localhost", "it is no full host name"},
                                                      {"", "it is no full host name"},
                                                      {"203.0.113.80", "it is an address without brackets"},
                                                      {"a b.example", "it is no full host name"},
                                                      {"[203.0.113.80]", "it is an address, not a name"},
                                                      {"[203.0.113.81]", "it is the address of another"},
                                                      {"Mail.futar.test", "it is our own name"}};
  for (const auto& [helo, oddity] : rows) {
    CAPTURE(helo);
    const size_t before = dns.asked();
    std::string found = "?";
    run_task(loop, [](FakeResolver& r, std::string name, std::string& out) -> Task<> {
      out = co_await oddity_of_helo(r, std::move(name), *net::IpAddress::parse("203.0.113.80"),
                                    "mail.futar.test");
    }(dns, helo, found));
    CHECK(found == oddity);
    CHECK(dns.asked() - before <= 2);
  }
  InboundFixture f;
  CHECK(f.send("a@good.example", from("a@good.example")) == "250");
  CHECK(f.trace().contains("HELO mx.somebody.example: it has no address in the DNS\n"));
}
