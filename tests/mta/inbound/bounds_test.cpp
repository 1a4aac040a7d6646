// What a message may cost others and us: questions to the DNS, time, and nobody waits for somebody else's
// DNS.
#include <malloc.h>

#include <chrono>

#include "tests/mta/inbound/inbound_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

using Steady = std::chrono::steady_clock;

int64_t ms_since(Steady::time_point start) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - start).count();
}

/// One session of a stranger that sends one message; counts itself when it is told 250.
Task<> session(InboundFixture& f, std::string sender, size_t& taken) {
  const auto policy = inbound_policy(f.inbound);
  smtp_server::Client client;
  client.peer = *net::Endpoint::parse(stranger);
  client.helo = "mx.somebody.example";
  smtp_server::Transaction transaction;
  transaction.id = MessageId::make(f.clock);
  transaction.envelope.reverse_path = *smtp::parse_address(sender);
  transaction.envelope.recipients.push_back({*smtp::parse_address("bob@futar.test"), {}});
  transaction.header = from(sender) + "\r\n";
  transaction.body = {6, std::make_shared<const std::string>("body\r\n"), ""};
  const smtp::Mail mail{transaction.envelope.reverse_path, {}};
  if ((co_await policy->sender(client, transaction.id, mail)).may_go_on() &&
      (co_await policy->accept(client, transaction)).may_go_on())
    ++taken;
}

}  // namespace

TEST_CASE(
    "500 messages wait for a slow DNS together, and one whose answers are there does not wait for them") {
  InboundFixture f;
  f.dns.slow(f.loop, 400);
  size_t slow = 0, quick = 0;
  const auto start = Steady::now();
  const size_t memory = ::mallinfo2().uordblks;
  for (int i = 0; i < 500; ++i) f.loop.spawn("slow", session(f, fmt::format("a@s{}.example", i), slow));
  CHECK(run_until(f.loop, [&] { return f.dns.asked() >= 1000; }));
  const size_t held = (::mallinfo2().uordblks - memory) / 500;
  MESSAGE("a waiting message holds ", held, " octets");
  CHECK(held < 64 * 1024);
  f.dns.slow(f.loop, 0);  // what is asked from now on is answered at once
  const auto honest = Steady::now();
  f.loop.spawn("quick", session(f, "a@good.example", quick));
  CHECK(run_until(f.loop, [&] { return quick == 1; }));
  MESSAGE("the quick one took ", ms_since(honest), " ms, while ", 500 - slow, " waited");
  CHECK(ms_since(honest) < 300);
  CHECK(slow == 0);
  CHECK(run_until(f.loop, [&] { return slow == 500; }));
  MESSAGE("all 500 took ", ms_since(start), " ms; one question takes 400");
  CHECK(ms_since(start) < 8'000);
}

TEST_CASE("the dearest message that anybody can write costs a bounded number of questions") {
  InboundFixture f;
  std::string spf = "evil.example TXT v=spf1";
  for (int i = 0; i < 20; ++i) spf += fmt::format(" mx:m{}.evil.example", i);
  f.dns.add(spf + " -all").add("mx.somebody.example TXT v=spf1 redirect=evil.example");
  for (int i = 0; i < 20; ++i) {
    f.dns.add(fmt::format("80.113.0.203.in-addr.arpa PTR p{}.evil.example", i));
    for (int k = 0; k < 10; ++k)
      f.dns.add(fmt::format("m{}.evil.example MX 10 h{}-{}.evil.example", i, i, k));
    for (int k = 0; k < 10; ++k) f.dns.add(fmt::format("h{}-{}.evil.example A 192.0.2.1", i, k));
  }
  dkim::Mail mail;
  mail.header = "From: a@evil.example\r\n";
  for (int i = 0; i < 100; ++i)
    mail.header.insert(
        0, fmt::format("DKIM-Signature: v=1; a=rsa-sha256; d=d{}.evil.example; s=s; h=from; bh=AAAA; "
                       "b=AAAA\r\n",
                       i));
  f.send("a@evil.example", mail.header, mail.body);
  MESSAGE("questions: ", f.dns.asked());
  // Name of the client 11, HELO 2, SPF twice (10 terms, of which an MX asks for 10 hosts), 10 keys,
  // policies 2.
  CHECK(f.dns.asked() <= 11 + 2 + 2 * (1 + 10 * 11) + 10 + 2);
  size_t keys = 0;
  for (int i = 0; i < 100; ++i)
    keys += f.dns.asked(fmt::format("s._domainkey.d{}.evil.example", i), dns::Type::txt);
  CHECK(keys <= 10);
}

TEST_CASE("a From with many addresses asks for few policies, and never passes") {
  InboundFixture f;
  std::string authors = "From: a@good.example";
  for (int i = 0; i < 2000; ++i) authors += fmt::format(",\r\n a@p{}.example", i);
  const std::string told = f.send("a@good.example", authors + "\r\n");
  MESSAGE("questions: ", f.dns.asked(), ", told ", told);
  CHECK(f.dns.asked() < 40);
  CHECK((told.starts_with("5") || !f.stored().contains("dmarc=pass")));
}
