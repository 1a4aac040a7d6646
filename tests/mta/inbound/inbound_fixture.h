// Port 25 over the queue of queue_fixture.h, with a DNS from a table.
#pragma once
#include "common/spf/engines.h"
#include "common/store/low_water.h"
#include "mta/inbound/inbound.h"
#include "tests/common/dkim/signed_mail.h"
#include "tests/fakes/resolver.h"
#include "tests/mta/queue/queue_fixture.h"

namespace futar::mta {

constexpr const char* stranger = "203.0.113.80:4000";

class InboundFixture : public QueueFixture {
 public:
  InboundFixture() {
    dns.add("bank.example TXT v=spf1 ip4:198.51.100.0/24 -all")
        .add("_dmarc.bank.example TXT v=DMARC1; p=reject")
        .add("shop.example TXT v=spf1 -all")
        .add("_dmarc.shop.example TXT v=DMARC1; p=quarantine")
        .add("good.example TXT v=spf1 ip4:203.0.113.80 -all")
        .add("_dmarc.good.example TXT v=DMARC1; p=reject");
    inbound.options.host = "mail.futar.test";
    inbound.options.relay_networks = {*net::Network::parse("192.0.2.0/24")};
    policy = inbound_policy(inbound);
    queue->link_up();
  }

  spool::Body body(const std::string& octets) {
    spool::Body body;
    run_task(loop, [](spool::Folder& folder, const std::string& text, spool::Body& out) -> Task<> {
      spool::BodyWriter writer = folder.begin(MessageId::make(system_clock()).text());
      REQUIRE((co_await writer.append(text)).has_value());
      out = *(co_await writer.finish());
      writer.keep();
    }(*spool_, octets, body));
    return body;
  }

  /// What a session asks the policy for one message to bob. Returns "250", or the reply that refuses.
  std::string send(const std::string& from, std::string header, const std::string& content = "body\r\n",
                   const std::string& peer = stranger) {
    smtp_server::Client client;
    client.peer = *net::Endpoint::parse(peer);
    client.helo = "mx.somebody.example";
    client.extended = true;
    smtp_server::Transaction transaction;
    transaction.id = MessageId::make(clock);
    id = transaction.id.text();
    if (!from.empty()) transaction.envelope.reverse_path = *smtp::parse_address(from);
    for (const char* to : recipients)
      transaction.envelope.recipients.push_back({*smtp::parse_address(to), {}});
    transaction.header = std::move(header) + "\r\n";
    transaction.body = body(content);
    std::string told;
    run_task(loop,
             [](InboundFixture& f, smtp_server::Client& c, smtp_server::Transaction& t,
                std::string& out) -> Task<> {
               const smtp::Mail mail{t.envelope.reverse_path, {}};
               if (!(co_await f.policy->sender(c, t.id, mail)).may_go_on()) co_return;
               f.asked_at_mail = f.dns.asked();
               const auto decision = co_await f.policy->accept(c, t);
               out = decision.refusal ? decision.refusal->line() : "250";
               if (decision.refusal)
                 f.policy->refused(c, {t.id, "DATA", *decision.refusal, decision.cause, t.envelope});
             }(*this, client, transaction, told));
    return told;
  }
  /// The header of the newest message, on its way to mda; each field on one line.
  std::string stored() {
    REQUIRE(run_until(loop, [&] { return !items.empty() && items.back().id.text() == id; }));
    std::string header;
    for (const message::Field& field : message::split_header(items.back().header))
      header += std::string(field.name) + ": " + message::unfold(field.value) + "\n";
    std::ranges::replace(header, '\t', ' ');
    return header;
  }
  /// In words, a line each.
  std::string told() const {
    std::string text;
    for (const event::Event& event : events) text += event::words(event) + "\n";
    return text;
  }

  /// What the queue has kept of the newest message, in words, a line each.
  std::string trace() {
    REQUIRE(run_until(loop, [&] { return !items.empty() && items.back().id.text() == id; }));
    std::string text;
    look([&](store::Database& database) {
      spool::TraceQuery query;
      query.what = id;
      for (const Traced& one : *find_traced(database, query, 1))
        for (const event::Event& event : one.events) text += event::words(event) + "\n";
    });
    return text;
  }

  std::vector<const char*> recipients{"bob@futar.test"};  ///< of send()
  FakeResolver dns;
  spf::Engines spf{loop, dns};
  Judges judges{.loop = loop, .resolver = dns, .spool = *spool_, .clock = clock, .spf = spf};
  MailboxStates mailboxes;
  store::LowWater low_water{folder.path(), 0, clock};
  std::vector<event::Event> events;  ///< that led to refusals
  Inbound inbound{{},
                  *queue,
                  [this]() -> const directory::Directory& { return *directory_; },
                  mailboxes,
                  low_water,
                  nullptr,
                  [this](std::vector<event::Event> led, const MessageId&) {
                    for (event::Event& event : led) events.push_back(std::move(event));
                  },
                  &judges};
  std::unique_ptr<smtp_server::Policy> policy;
  std::string id;  ///< of the newest message
  size_t asked_at_mail = 0;
};

inline std::string from(const std::string& address) { return "From: " + address + "\r\nSubject: x\r\n"; }

}  // namespace futar::mta
