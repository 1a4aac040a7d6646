// Mail that a list has sealed and changed: whose seal counts, and what it costs.
#include "tests/common/arc/sealed_mail.h"
#include "tests/mta/inbound/inbound_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

const std::string seal_key = "s1._domainkey.lists.example";

/// From the bank, changed by a list that found what `results` says.
dkim::Mail listed(const std::string& results = "dmarc=pass header.from=bank.example") {
  dkim::Mail mail;
  mail.header = from("ceo@bank.example");
  mail.body = "Changed by the list.\r\n";
  const arc::ChainSealer sealer("lists.example", {"s1", dkim::ed_key()});
  arc::Sealing sealing =
      sealer.begin(mail.header, {"mx.lists.example; " + results, arc::Outcome::none}, dkim::now_ms);
  sealing.body(mail.body);
  mail.header.insert(0, sealing.finish());
  return mail;
}

class ListFixture : public InboundFixture {
 public:
  ListFixture() {
    inbound.options.arc_trusted = {"lists.example"};
    dns.set(seal_key, dns::Type::txt, dkim::txt({dkim::key_record(dkim::ed_key().public_key())}));
  }
  std::string send_listed(const dkim::Mail& mail) { return send("l@lists.example", mail.header, mail.body); }
};

}  // namespace

TEST_CASE("a trusted list that found the bank proven is believed, and header and trace say so") {
  ListFixture f;
  CHECK(f.send_listed(listed()) == "250");
  const std::string header = f.stored();
  CHECK(header.contains("dmarc=fail"));
  CHECK(header.contains("; arc=pass "));
  CHECK_FALSE(f.items.back().junk);
  const auto trace = f.trace();
  CHECK(trace.contains("ARC pass, sealed by lists.example, which is trusted: it found DMARC pass\n"));
  CHECK(
      trace.contains("DMARC fail: From says bank.example, which asks for p=reject; lists.example, which is "
                     "trusted, found it proven (ARC)\n"));
}

TEST_CASE("without trust, without a proof at the list, or changed behind its seal, it is refused") {
  ListFixture f;
  CHECK(f.send_listed(listed("dmarc=fail header.from=bank.example")).starts_with("550 5.7.1 "));
  CHECK(f.told().contains(
      "ARC pass, sealed by lists.example, which is trusted: it did not find From proven\n"));
  auto changed = listed();
  changed.body += "And more.\r\n";
  CHECK(f.send_listed(changed).starts_with("550 5.7.1 "));
  CHECK(f.told().contains("ARC fail, sealed by lists.example: the body was changed"));
  f.inbound.options.arc_trusted.clear();
  CHECK(f.send_listed(listed()).starts_with("550 5.7.1 "));
  CHECK(f.told().contains("ARC pass, sealed by lists.example, which is not in mta.arc_trusted\n"));
}

TEST_CASE("a trusted seal whose key the DNS does not give now is waited for; one that nobody trusts is not") {
  ListFixture f;
  f.dns.fail(seal_key, dns::Type::txt);
  CHECK(f.send_listed(listed()) == "451 4.7.1 the seal of lists.example cannot be checked now");
  CHECK(f.told().contains("whether lists.example, which is trusted, found it proven is not known yet"));
  CHECK(f.queue->counts().accepted == 0);
  f.inbound.options.arc_trusted.clear();
  CHECK(f.send_listed(listed()).starts_with("550 5.7.1 "));
}

TEST_CASE("a chain of fifty costs at most a question a key, one of a hundred none") {
  for (const size_t sets : {50, 100}) {
    ListFixture f;
    const size_t before = [&] {
      CHECK(f.send("l@lists.example", from("a@lists.example")) == "250");
      return f.dns.asked();
    }();
    std::string header = from("a@lists.example");
    for (size_t i = 1; i <= sets; ++i) {
      const std::string tags = fmt::format("i={}; a=ed25519-sha256; d=hop{}.example; s=s; b=AAAA", i, i);
      header.insert(0, fmt::format("ARC-Seal: {}; cv={}\r\nARC-Message-Signature: {}; h=from; bh=AAAA\r\n"
                                   "ARC-Authentication-Results: i={}; mx; none\r\n",
                                   tags, i == 1 ? "none" : "pass", tags, i));
    }
    CHECK(f.send("l@lists.example", header) == "250");
    CHECK(f.stored().contains("arc=fail"));
    CHECK(f.dns.asked() == 2 * before + (sets == 50 ? 50 : 0));
  }
}
