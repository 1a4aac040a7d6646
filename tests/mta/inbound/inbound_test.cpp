#include "mta/inbound/findings.h"
#include "tests/mta/inbound/inbound_fixture.h"

using namespace futar;
using namespace futar::mta;

TEST_CASE("what claims to be from a bank is refused, and the log says why") {
  InboundFixture f;
  CHECK(f.send("ceo@bank.example", from("ceo@bank.example")) ==
        "550 5.7.1 From bank.example not proven (DMARC)");
  CHECK(
      f.told().starts_with("203.0.113.80 connected; its address has no name in the DNS\n"
                           "HELO mx.somebody.example: it has no address in the DNS\n"
                           "SPF fail: bank.example allows only ip4:198.51.100.0/24"));
  CHECK(
      f.told().contains("DKIM none: the message carries no signature\n"
                        "DMARC fail: From says bank.example, which asks for p=reject\n"));
  CHECK(f.queue->counts().accepted == 0);
}

TEST_CASE("SPF alone refuses nobody") {
  InboundFixture f;
  f.dns.remove("_dmarc.bank.example");
  CHECK(f.send("ceo@bank.example", from("ceo@bank.example")) == "250");
  CHECK(f.stored().contains("spf=fail"));
  CHECK(f.stored().contains("dmarc=none"));
}

TEST_CASE("mail that is proven is taken, and its header says by what; what forges our word goes") {
  InboundFixture f;
  f.dns.add("80.113.0.203.in-addr.arpa PTR mx.good.example").add("mx.good.example A 203.0.113.80");
  CHECK(f.send("a@good.example", "Authentication-Results: MAIL.futar.test; dmarc=forged\r\n" +
                                     from("a@good.example")) == "250");
  const std::string header = f.stored();
  CHECK(
      header.starts_with("Authentication-Results: mail.futar.test; iprev=pass policy.iprev=203.0.113.80; "));
  CHECK(header.contains(
      "spf=pass smtp.mailfrom=a@good.example; dkim=none; dmarc=pass header.from=good.example; "
      "arc=none smtp.remote-ip=203.0.113.80\n"
      "Received: from mx.somebody.example (mx.good.example [203.0.113.80])"));
  CHECK_FALSE(header.contains("forged"));
}

TEST_CASE("a signature proves From where SPF does not, be the body in memory or in a file") {
  InboundFixture f;
  f.dns.add("_dmarc.example.org TXT v=DMARC1; p=reject")
      .set("s1._domainkey.example.org", dns::Type::txt,
           dkim::txt({dkim::key_record(dkim::ed_key().public_key())}));
  for (const size_t lines : {1, 20'000}) {
    dkim::Mail mail;
    mail.body.clear();
    for (size_t i = 0; i < lines; ++i) mail.body += "Hello again.\r\n";
    mail = dkim::HandSigned{}.sign(mail);
    CHECK(f.send("bounce@list.example", mail.header, mail.body) == "250");
    CHECK(f.stored().contains("dkim=pass header.d=example.org"));
    CHECK(f.stored().contains("dmarc=pass"));
    mail.body.replace(0, 5, "Howdy");
    CHECK(f.send("bounce@list.example", mail.header, mail.body).starts_with("550 5.7.1 "));
  }
}

TEST_CASE("quarantine is taken, for Junk; mark and off refuse nothing") {
  InboundFixture f;
  CHECK(f.send("a@shop.example", from("a@shop.example")) == "250");
  CHECK(f.stored().contains("policy.dmarc=quarantine"));
  CHECK(f.items.back().junk);
  f.queue->link_down();  // it is read again from the database
  f.items.clear();
  f.queue->link_up();
  CHECK(f.stored().contains("policy.dmarc=quarantine"));
  CHECK(f.items.back().junk);
  f.inbound.options.dmarc = verdict::DmarcMode::mark;
  CHECK(f.send("ceo@bank.example", from("ceo@bank.example")) == "250");
  CHECK(f.stored().contains("policy.dmarc=reject"));
  CHECK_FALSE(f.items.back().junk);
  f.inbound.options.dmarc = verdict::DmarcMode::off;
  f.judges.dmarc = false;
  CHECK(f.send("ceo@bank.example", from("ceo@bank.example")) == "250");
  CHECK_FALSE(f.stored().contains("dmarc="));
}

TEST_CASE("who is near is not judged, and no question is asked") {
  InboundFixture f;
  for (const char* peer : {"127.0.0.1:4000", "192.0.2.9:4000"}) {
    CHECK(f.send("ceo@bank.example", from("ceo@bank.example"), "body\r\n", peer) == "250");
    CHECK(f.stored().starts_with("Authentication-Results: mail.futar.test; none\n"));
  }
  CHECK(f.dns.asked() == 0);
  f.inbound.judges = nullptr;
  CHECK(f.send("ceo@bank.example", from("ceo@bank.example")) == "250");
  CHECK(f.inbound.not_judged(net::Endpoint::parse(stranger)->address) == "there is no DNS to ask");
}

TEST_CASE(
    "of a client that a container's gateway hides nothing is concluded, and it is trusted with nothing") {
  InboundFixture f;
  constexpr const char* gateway = "192.0.2.1:4000";
  f.inbound.options.trusted_forwarders = {*net::Network::parse("192.0.2.1")};
  CHECK(f.inbound.may_relay(net::Endpoint::parse(gateway)->address));  // by 192.0.2.0/24
  f.inbound.hidden = net::HiddenClients({*net::IpAddress::parse("192.0.2.1")});
  CHECK_FALSE(f.inbound.may_relay(net::Endpoint::parse(gateway)->address));
  CHECK_FALSE(f.inbound.is_forwarder(net::Endpoint::parse(gateway)->address));
  CHECK(f.inbound.may_relay(*net::IpAddress::parse("192.0.2.2")));
  CHECK(f.send("ceo@bank.example", from("ceo@bank.example"), "body\r\n", gateway) == "250");
  const std::string header = f.stored();
  CHECK(header.contains("spf=none"));
  CHECK(header.contains("came from an address hidden by the container's gateway 192.0.2.1"));
  CHECK_FALSE(header.contains("iprev"));
  CHECK_FALSE(header.contains("smtp.remote-ip"));
  CHECK(f.trace().contains("SPF none: came from an address hidden by the container's gateway 192.0.2.1\n"));
  CHECK(f.trace().contains("taken, as it came from an address hidden"));
}

TEST_CASE("MAIL does not wait for the DNS, and the dot only so long: then the message comes in, not proven") {
  InboundFixture f;
  f.dns.slow(f.loop, 60'000);
  f.judges.limit_ms = 30;
  CHECK(f.send("ceo@bank.example", from("ceo@bank.example")) == "250");
  CHECK(f.stored().contains("dmarc=temperror"));
  CHECK(f.asked_at_mail == 2);  // the name of the client, the record of the sender
  CHECK(f.stored().contains("spf=temperror"));
}

TEST_CASE("a client that begins one transaction after the other is looked into once at a time") {
  InboundFixture f;
  f.dns.slow(f.loop, 20);
  smtp_server::Client client;
  client.peer = *net::Endpoint::parse(stranger);
  const smtp::Mail mail{*smtp::parse_address("a@good.example"), {}};
  run_task(f.loop, [](InboundFixture& fixture, const smtp_server::Client& c, const smtp::Mail& m) -> Task<> {
    for (int i = 0; i < 5; ++i) CHECK((co_await fixture.policy->sender(c, {}, m)).may_go_on());
  }(f, client, mail));
  CHECK(f.dns.asked() == 2);
  CHECK(f.send("a@good.example", from("a@good.example")) == "250");
  CHECK(f.stored().contains("spf=pass smtp.mailfrom=a@good.example"));
}

TEST_CASE("a bounce is judged by its HELO") {
  InboundFixture f;
  f.dns.add("mx.somebody.example TXT v=spf1 ip4:203.0.113.80 -all");
  CHECK(f.send("", from("daemon@mx.somebody.example")) == "250");
  CHECK(f.stored().contains("spf=pass smtp.helo=mx.somebody.example"));
}

TEST_CASE("quarantine, and what was not judged, are told as events") {
  verdict::Verdict found;
  found.dkim.emplace();
  const auto events = findings(found, {verdict::Action::junk, "DMARC fail: so"}, {}, 7);
  REQUIRE(events.size() == 2);
  CHECK(event::words(events[0]) == "DKIM none: the message carries no signature");
  CHECK(event::words(events[1]) == "DMARC fail: so; it goes into Junk");
  CHECK(event::words(not_judged("a trusted client, ::1", 7)[0]) == "not judged: a trusted client, ::1");
}

TEST_CASE("a sender is proven by SPF of its own domain, or by a signature of its organisation") {
  verdict::Verdict verdict;
  verdict.sender = *smtp::parse_address("a@news.good.example");
  CHECK_FALSE(proves_sender(verdict));
  dkim::Verdict signature;
  signature.result = dkim::Outcome::pass;
  signature.domain = "other.example";
  verdict.dkim = {signature};
  CHECK_FALSE(proves_sender(verdict));
  verdict.dkim->front().domain = "good.example";
  CHECK(proves_sender(verdict));
  verdict.dkim->front().result = dkim::Outcome::fail;
  verdict.mail_from.emplace();
  verdict.mail_from->domain = "news.good.example";
  CHECK_FALSE(proves_sender(verdict));
  verdict.mail_from->outcome = spf::Outcome::pass;
  CHECK(proves_sender(verdict));
  verdict.sender = {};
  CHECK_FALSE(proves_sender(verdict));
}

namespace {

// A queue that signs, with keys that the DNS does not show yet.
struct Signing : InboundFixture {
  Signing() { queue->set_signer(signer); }
  Queue::DirectoryNow directory_now() {
    return [this]() -> const directory::Directory& { return *directory_; };
  }
  Keyring keyring{loop, *workers_, *writer_, clock, directory_now(), {}, {.folder = folder / "dkim"}};
  MailSigner signer{keyring, *workers_, *spool_, clock, directory_now()};
};

}  // namespace

TEST_CASE(
    "what a network of ours sends out is signed, or it is said why not; mail from outside is let alone") {
  Signing f;
  f.recipients = {"bob@futar.test", "eve@remote.example"};
  REQUIRE(f.send("app@futar.test", from("app@futar.test"), "body\r\n", "192.0.2.7:4000") == "250");
  CHECK(f.trace().contains("not signed: futar.test has no key that the DNS shows"));
  REQUIRE(f.send("a@good.example", from("a@good.example")) == "250");
  CHECK_FALSE(f.trace().contains("signed:"));
}
