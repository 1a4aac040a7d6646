#include "mta/inbound/inbound.h"

#include "common/base/text.h"
#include "common/dmarc/organisation.h"
#include "common/message/message_id.h"
#include "common/message/received.h"
#include "common/smtp/replies.h"
#include "common/verdict/authentication_results.h"
#include "common/verdict/voucher.h"
#include "mta/inbound/findings.h"
#include "mta/inbound/origin.h"
#include "mta/srs/srs.h"

namespace futar::mta {
namespace {

using smtp_server::Client;
using smtp_server::Decision;
namespace replies = smtp::replies;

message::Received received_of(const Client& client, const smtp_server::Transaction& transaction,
                              const std::string& host, int64_t now_ms) {
  message::Received received;
  received.from = message::ReceivedFrom{client.helo, "", client.peer.address.literal()};
  received.by = host;
  received.protocol = client.protocol();
  received.id = transaction.id;
  if (transaction.envelope.recipients.size() == 1)
    received.recipient = transaction.envelope.recipients[0].address;
  if (client.tls) {
    received.tls_version = client.tls->version;
    received.tls_cipher = client.tls->cipher;
  }
  received.wall_ms = now_ms;
  return received;
}

// Of such a client nothing may be concluded from its address: neither good nor bad.
std::string hidden_by(const net::IpAddress& gateway) {
  return fmt::format("came from an address hidden by the container's gateway {}", gateway.text());
}

struct Judged {
  std::vector<event::Event> events;
  bool proven_sender = false;
};

class InboundPolicy final : public smtp_server::Policy {
 public:
  explicit InboundPolicy(Inbound& inbound) : inbound_(inbound) {}

  std::string host() const override { return inbound_.options.host; }
  net::TlsContext* tls() const override { return inbound_.tls.get(); }

  smtp_server::Capabilities capabilities(const Client&) const override {
    smtp_server::Capabilities offered;
    offered.max_size = inbound_.options.max_size;
    offered.starttls = inbound_.tls != nullptr;
    return offered;
  }

  Task<Decision> connected(const Client& client) override {
    inbound_.hidden.count(client.peer.address);
    co_return Decision::go_on();
  }

  Task<Decision> sender(const Client& client, const MessageId&, const smtp::Mail& mail) override {
    if (inbound_.low_water.reached())
      co_return Decision::refuse(replies::no_space(), "disk below the low-water mark");
    begin_judging(client, mail.reverse_path);
    co_return Decision::go_on();
  }

  Task<Decision> recipient(const Client& client, const MessageId&, const message::Envelope& envelope,
                           const smtp::Rcpt& rcpt) override {
    if (is_return_path(rcpt.forward_path)) co_return decide_bounce(envelope, rcpt.forward_path);
    co_return decide(client, rcpt.forward_path);
  }

  Task<Decision> accept(const Client& client, smtp_server::Transaction& transaction) override;

  void refused(const Client& client, const smtp_server::Refusal& refusal) override {
    inbound_.sessions.refuse(refusal);
    std::vector<event::Event> events = std::exchange(findings_, {});
    events.push_back(smtp_server::refused_event(client, refusal, inbound_.queue.clock().wall_ms()));
    inbound_.refused(std::move(events), refusal.id);
  }

  void ended(const Client& client) override { inbound_.sessions.ended(client); }

 private:
  bool is_return_path(const smtp::Address& address) const {
    return route_rules().open_return_path && srs::is_return_path(address) &&
           inbound_.directory().is_local_domain(address.domain);
  }
  const RouteRules& route_rules() const { return inbound_.queue.options().route; }
  Decision decide(const Client& client, const smtp::Address& address) const;
  Decision decide_bounce(const message::Envelope& envelope, const smtp::Address& address) const;

  void begin_judging(const Client& client, const smtp::Address& sender);
  spf::Request request_of(const Origin& origin, const smtp::Address& sender) const;
  std::shared_ptr<Judging> judging_of_forwarded(const net::IpAddress& forwarder,
                                                const smtp_server::Transaction& transaction) const;
  /// What is known of where the message comes from: into the header, and as events. Refuses by it.
  Task<Decision> judge(const Client& client, smtp_server::Transaction& transaction, Judged& judged);
  void count_verdicts(const std::vector<event::Event>& events);

  Inbound& inbound_;
  std::shared_ptr<Judging> judging_;    ///< of this transaction; null: its client is not judged
  std::weak_ptr<Judging> early_;        ///< the last one that was started at MAIL
  std::vector<event::Event> findings_;  ///< that lead to the refusal which comes now
};

// What can be refused at RCPT is refused here, so that nothing is bounced that SMTP could have said.
Decision InboundPolicy::decide(const Client& client, const smtp::Address& address) const {
  const directory::Resolution found = inbound_.directory().resolve(address);
  if (std::holds_alternative<directory::NotLocal>(found)) {
    if (inbound_.may_relay(client.peer.address)) return Decision::go_on();
    return Decision::refuse(replies::relay_denied(),
                            "not a domain of ours, and the client is not in mta.relay_networks");
  }
  if (std::holds_alternative<directory::Unknown>(found))
    return Decision::refuse(replies::mailbox_unknown(), "no such user");
  const directory::Account* account = std::get_if<directory::Account>(&found);
  if (const auto* all = std::get_if<directory::CatchAll>(&found)) account = &all->account;
  if (!account) return Decision::go_on();
  if (account->suspended) return Decision::refuse(replies::mailbox_suspended(), "the account is suspended");
  // RFC 5321 §4.5.1: postmaster is always reachable, also when its mailbox is full.
  const bool always = equal_nocase(address.local, "postmaster") || equal_nocase(address.local, "abuse");
  if (!always && inbound_.mailboxes.is_full(account->address))
    return Decision::refuse(replies::mailbox_full(), "the mailbox is over its quota");
  return Decision::go_on();
}

// An address that we put on a forwarded message (mta/srs). Only a bounce may come there: with a sender,
// whoever has seen one could relay through us.
Decision InboundPolicy::decide_bounce(const message::Envelope& envelope, const smtp::Address& address) const {
  if (!envelope.reverse_path.is_null())
    return Decision::refuse(replies::relay_denied(),
                            "the return address of a forwarded message, not from <>");
  if (const auto target = route_rules().open_return_path(address); !target)
    return Decision::refuse(replies::mailbox_unknown(), target.error().text);
  return Decision::go_on();
}

// Nobody waits for it at MAIL. Of a client that begins one transaction after the other without an end, one is
// looked into at a time; the others wait for their dot.
void InboundPolicy::begin_judging(const Client& client, const smtp::Address& sender) {
  judging_.reset();
  const net::IpAddress& address = client.peer.address;
  if (!inbound_.not_judged(address).empty() || inbound_.is_forwarder(address)) return;
  if (inbound_.hidden.covers(address)) {
    judging_ = std::make_shared<Judging>(*inbound_.judges, request_of({{}, client.helo}, sender),
                                         hidden_by(address));
    return;
  }
  judging_ = std::make_shared<Judging>(*inbound_.judges, request_of({address, client.helo}, sender));
  if (!early_.expired()) return;
  judging_->start();
  early_ = judging_;
}

spf::Request InboundPolicy::request_of(const Origin& origin, const smtp::Address& sender) const {
  spf::Request request;
  request.client = origin.client;
  request.helo = origin.helo;
  request.sender = sender;
  if (std::string domain = dmarc::canonical_domain(sender.domain); !domain.empty())
    request.sender.domain = std::move(domain);
  request.receiver = inbound_.options.host;
  request.now_s = inbound_.queue.clock().wall_ms() / 1000;
  return request;
}

// Only its header says who gave it to the forwarder, so nothing could be asked before. A field that cannot be
// read is the forwarder's, not the sender's fault.
std::shared_ptr<Judging> InboundPolicy::judging_of_forwarded(
    const net::IpAddress& forwarder, const smtp_server::Transaction& transaction) const {
  const auto origin =
      origin_of(transaction.header, [this](const auto& a) { return inbound_.is_forwarder(a); });
  std::string untraced;
  if (!origin)
    untraced = fmt::format("came through trusted forwarder {}, whose Received field does not say from where",
                           forwarder.text());
  return std::make_shared<Judging>(*inbound_.judges,
                                   request_of(origin.value_or(Origin{}), transaction.envelope.reverse_path),
                                   std::move(untraced));
}

void InboundPolicy::count_verdicts(const std::vector<event::Event>& events) {
  for (const event::Event& event : events) {
    using enum event::Kind;
    if (event.kind != spf && event.kind != dkim && event.kind != dmarc) continue;
    const std::string what(event.get(event::Field::what));
    ++inbound_.verdicts[{std::string(name(event.kind)), what.empty() ? "none" : what}];
  }
}

Task<Decision> InboundPolicy::judge(const Client& client, smtp_server::Transaction& transaction,
                                    Judged& judged) {
  verdict::Verdict found;
  verdict::Decision decision;
  const net::IpAddress& address = client.peer.address;
  judged.proven_sender = inbound_.may_relay(address);
  const bool forwarded = inbound_.is_forwarder(address) && inbound_.not_judged(address).empty();
  if (forwarded) judging_ = judging_of_forwarded(address, transaction);
  if (const auto judging = judging_) {
    auto result = co_await judging->finish(transaction.header, transaction.body);
    if (!result) co_return Decision::refuse(replies::local_error(), result.error().text);
    found = *std::move(result);
    if (forwarded) found.forwarder = address.text();
    if (found.arc && found.dmarc)
      found.voucher = verdict::voucher(message::split_header(transaction.header), *found.arc,
                                       found.dmarc->from, inbound_.options.arc_trusted);
    // Whoever else judges a message, as a spam check, gives its decision here.
    const verdict::Decision decisions[] = {verdict::decide(inbound_.options.dmarc, found)};
    decision = verdict::strictest(decisions);
    judged.proven_sender = proves_sender(found);
  }
  const int64_t now = inbound_.queue.clock().wall_ms();
  judged.events = judging_ ? findings(found, decision, inbound_.options.arc_trusted, now)
                           : not_judged(inbound_.not_judged(address), now);
  count_verdicts(judged.events);
  if (decision.action >= verdict::Action::later) {
    findings_ = std::move(judged.events);
    co_return Decision::refuse(std::move(decision.reply), std::move(decision.rule));
  }
  transaction.envelope.junk = decision.action == verdict::Action::junk;
  message::Received received = received_of(client, transaction, inbound_.options.host, now);
  if (found.iprev && !forwarded) received.from->name = found.iprev->name;
  transaction.header.insert(0, message::received_field(received));
  verdict::stamp(transaction.header, inbound_.options.host, found);
  co_return Decision::go_on();
}

Task<Decision> InboundPolicy::accept(const Client& client, smtp_server::Transaction& transaction) {
  using event::Field;
  Judged judged;
  Decision decision = co_await judge(client, transaction, judged);
  if (!decision.may_go_on()) co_return decision;
  const int64_t now = inbound_.queue.clock().wall_ms();
  event::Event accepted(now, event::Kind::accepted);
  accepted.with(Field::client, client.peer.address.text())
      .with(Field::helo, client.helo)
      .with(Field::tls, client.tls ? client.tls->version : "")
      .with(Field::reverse_path, transaction.envelope.reverse_path.text())
      .with(Field::size, std::to_string(transaction.header.size() + transaction.body.size))
      .with(Field::recipients, std::to_string(transaction.envelope.recipients.size()))
      .with(Field::message_id, message::message_id(message::split_header(transaction.header)));

  std::optional<Intake::Arrived> report;
  if (Intake* reports = inbound_.reports)
    if (auto kept = co_await reports->keep(transaction.id, transaction.envelope, transaction.header,
                                           transaction.body))
      report.emplace(*std::move(kept));
  spool::Message message;
  message.id = transaction.id;
  message.envelope = std::move(transaction.envelope);
  message.header = std::move(transaction.header);
  message.body = std::move(transaction.body);
  message.accepted_ms = now;
  message.proven_sender = judged.proven_sender;
  judged.events.push_back(std::move(accepted));
  const auto author = inbound_.may_relay(client.peer.address) ? std::optional(Author::user) : std::nullopt;
  Result<void> stored = co_await inbound_.queue.accept(std::move(message), std::move(judged.events), author);
  if (stored && report) inbound_.reports->take(*std::move(report));
  if (stored) co_return Decision::go_on();
  const bool full = stored.error().kind == Error::Kind::temporary;
  co_return Decision::refuse(full ? replies::no_space() : replies::local_error(), stored.error().text);
}

}  // namespace

bool Inbound::may_relay(const net::IpAddress& client) const {
  return !hidden.covers(client) &&
         std::ranges::any_of(options.relay_networks,
                             [&](const net::Network& network) { return network.contains(client); });
}

bool Inbound::is_forwarder(const net::IpAddress& client) const {
  return !hidden.covers(client) &&
         std::ranges::any_of(options.trusted_forwarders,
                             [&](const net::Network& network) { return network.contains(client); });
}

std::string Inbound::not_judged(const net::IpAddress& client) const {
  if (client.is_loopback() || may_relay(client)) return "a trusted client, " + client.text();
  return judges ? "" : "there is no DNS to ask";
}

std::unique_ptr<smtp_server::Policy> inbound_policy(Inbound& inbound) {
  return std::make_unique<InboundPolicy>(inbound);
}

}  // namespace futar::mta
