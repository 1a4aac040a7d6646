#include "mta/inbound/inbound.h"

#include "common/base/text.h"
#include "common/message/authentication_results.h"
#include "common/message/received.h"
#include "common/smtp/replies.h"
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

  Task<Decision> sender(const Client&, const MessageId&, const smtp::Mail&) override {
    if (inbound_.low_water.reached())
      co_return Decision::refuse(replies::no_space(), "disk below the low-water mark");
    co_return Decision::go_on();
  }

  Task<Decision> recipient(const Client& client, const MessageId&, const message::Envelope& envelope,
                           const smtp::Rcpt& rcpt) override {
    if (is_return_path(rcpt.forward_path)) co_return decide_bounce(envelope, rcpt.forward_path);
    co_return decide(client, rcpt.forward_path);
  }

  Task<Decision> accept(const Client& client, smtp_server::Transaction& transaction) override;

  void refused(const Client& client, const MessageId& id, std::string_view at, const smtp::Reply& reply,
               std::string_view cause) override {
    using event::Field;
    inbound_.refused(event::Event(inbound_.queue.clock().wall_ms(), event::Kind::refused)
                         .with(Field::client, client.peer.address.text())
                         .with(Field::helo, client.helo)
                         .with(Field::at, std::string(at))
                         .with(Field::reply, reply.line())
                         .with(Field::cause, std::string(cause)),
                     id);
  }

 private:
  bool is_return_path(const smtp::Address& address) const {
    return route_rules().open_return_path && srs::is_return_path(address) &&
           inbound_.directory().is_local_domain(address.domain);
  }
  const RouteRules& route_rules() const { return inbound_.queue.options().route; }
  Decision decide(const Client& client, const smtp::Address& address) const;
  Decision decide_bounce(const message::Envelope& envelope, const smtp::Address& address) const;

  Inbound& inbound_;
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

Task<Decision> InboundPolicy::accept(const Client& client, smtp_server::Transaction& transaction) {
  using event::Field;
  const int64_t now = inbound_.queue.clock().wall_ms();
  message::remove_authentication_results(transaction.header, inbound_.options.host);
  transaction.header.insert(
      0, message::received_field(received_of(client, transaction, inbound_.options.host, now)));

  event::Event accepted(now, event::Kind::accepted);
  accepted.with(Field::client, client.peer.address.text())
      .with(Field::helo, client.helo)
      .with(Field::tls, client.tls ? client.tls->version : "")
      .with(Field::reverse_path, transaction.envelope.reverse_path.text())
      .with(Field::size, std::to_string(transaction.header.size() + transaction.body.size))
      .with(Field::recipients, std::to_string(transaction.envelope.recipients.size()));

  spool::Message message;
  message.id = transaction.id;
  message.envelope = std::move(transaction.envelope);
  message.header = std::move(transaction.header);
  message.body = std::move(transaction.body);
  message.accepted_ms = now;
  message.proven_sender = inbound_.may_relay(client.peer.address);
  Result<void> stored = co_await inbound_.queue.accept(std::move(message), {std::move(accepted)});
  if (stored) co_return Decision::go_on();
  const bool full = stored.error().kind == Error::Kind::temporary;
  co_return Decision::refuse(full ? replies::no_space() : replies::local_error(), stored.error().text);
}

}  // namespace

bool Inbound::may_relay(const net::IpAddress& client) const {
  return std::ranges::any_of(options.relay_networks,
                             [&](const net::Network& network) { return network.contains(client); });
}

std::unique_ptr<smtp_server::Policy> inbound_policy(Inbound& inbound) {
  return std::make_unique<InboundPolicy>(inbound);
}

}  // namespace futar::mta
