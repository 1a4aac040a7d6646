#include "msa/session/submission.h"

#include <pwd.h>
#include <unistd.h>

#include "common/base/text.h"
#include "common/message/message_id.h"
#include "common/smtp/replies.h"
#include "msa/modification/modification.h"

namespace futar::msa {
namespace {

using smtp_server::Client;
using smtp_server::Decision;
namespace replies = smtp::replies;
using event::Event;
using event::Field;
using event::Kind;

/// What the two policies share: everything but who the client is.
class SubmissionPolicy : public smtp_server::Policy {
 public:
  explicit SubmissionPolicy(Submission& submission) : submission_(submission) {}

  std::string host() const override { return submission_.options.host; }
  net::TlsContext* tls() const override { return submission_.tls.get(); }

  smtp_server::Capabilities capabilities(const Client& client) const override {
    smtp_server::Capabilities offered;
    offered.max_size = submission_.options.max_size;
    offered.starttls = submission_.tls != nullptr;
    offered.auth = Login::mechanisms(client);
    offered.login_required = offered.tls_required = true;
    return offered;
  }

  Task<Decision> connected(const Client& client) override {
    submission_.hidden.count(client.peer.address);
    co_return Decision::go_on();
  }

  Task<smtp_server::AuthResult> authenticate(const Client& client,
                                             smtp_server::AuthExchange& exchange) override {
    smtp_server::AuthResult result = co_await submission_.login.authenticate(client, exchange);
    const Kind kind = result.refusal ? Kind::login_failed : Kind::logged_in;
    Event event(submission_.clock.wall_ms(), kind);
    event.with(Field::client, client.peer.address.text()).with(Field::login, result.login);
    event.with(Field::mechanism, exchange.mechanism())
        .with(Field::tls, client.tls ? client.tls->version : "");
    if (result.refusal) event.with(Field::cause, result.cause);
    if (result.refusal)
      findings_ = {std::move(event)};
    else
      submission_.told(client.connection, {std::move(event)});
    co_return result;
  }

  Task<Decision> sender(const Client& client, const MessageId&, const smtp::Mail& mail) override {
    if (submission_.low_water.reached())
      co_return Decision::refuse(replies::no_space(), "disk below the low-water mark");
    if (!mail.reverse_path.is_null() && !may_send_as(client, mail.reverse_path))
      co_return Decision::refuse(replies::sender_not_owned(),
                                 fmt::format("{} may not send as {}", who(client), mail.reverse_path.text()));
    co_return Decision::go_on();
  }

  // Only what is certain is refused here; the rest is mta's business.
  Task<Decision> recipient(const Client&, const MessageId&, const message::Envelope&,
                           const smtp::Rcpt& rcpt) override {
    const auto found = submission_.directory().resolve(rcpt.forward_path);
    if (std::holds_alternative<directory::Unknown>(found))
      co_return Decision::refuse(replies::mailbox_unknown(), "no such user here");
    const auto* account = std::get_if<directory::Account>(&found);
    if (account && account->suspended)
      co_return Decision::refuse(replies::mailbox_suspended(), "the account is suspended");
    co_return Decision::go_on();
  }

  Task<Decision> accept(const Client& client, smtp_server::Transaction& transaction) override;

  void refused(const Client& client, const smtp_server::Refusal& refusal) override {
    submission_.sessions.refuse(refusal);
    std::vector<Event> events = std::exchange(findings_, {});
    events.push_back(smtp_server::refused_event(client, refusal, submission_.clock.wall_ms()));
    submission_.refused(std::move(events), refusal.id);
  }

  void ended(const Client& client) override { submission_.sessions.ended(client); }

 protected:
  virtual std::string who(const Client& client) const { return client.login; }
  virtual bool may_send_as(const Client& client, const smtp::Address& address) const {
    return submission_.directory().may_send_as(client.login, address);
  }
  virtual bool is_limited() const { return true; }
  virtual smtp::Address default_author(const Client&) const { return {}; }

  Submission& submission_;

 private:
  Decision authors_belong(const Client& client, std::string_view header) const;
  message::Received received(const Client& client, const smtp_server::Transaction& transaction,
                             int64_t now_ms) const;
  std::vector<Event> events(const Client& client, const spool::Message& message,
                            const std::vector<std::string>& done) const;

  std::vector<Event> findings_;  ///< that lead to the refusal which comes now
};

// From and Sender belong to the login, all of them (CVE-2024-7208).
Decision SubmissionPolicy::authors_belong(const Client& client, std::string_view header) const {
  const auto authors = claimed_authors(header);
  if (!authors)
    return Decision::refuse(replies::bad_header("From or Sender cannot be read"), authors.error().text);
  for (const smtp::Address& author : *authors)
    if (!may_send_as(client, author))
      return Decision::refuse(replies::author_not_owned(),
                              fmt::format("{} may not write as {}", who(client), author.text()));
  return Decision::go_on();
}

// Where the user sits is nobody's business: no "from" clause (RFC 6409 §8 leaves it to us).
message::Received SubmissionPolicy::received(const Client& client,
                                             const smtp_server::Transaction& transaction,
                                             int64_t now_ms) const {
  message::Received received;
  received.by = submission_.options.host;
  received.protocol = client.uid ? "local" : client.protocol();
  received.id = transaction.id;
  if (client.tls) {
    received.tls_version = client.tls->version;
    received.tls_cipher = client.tls->cipher;
  }
  received.wall_ms = now_ms;
  return received;
}

std::vector<Event> SubmissionPolicy::events(const Client& client, const spool::Message& message,
                                            const std::vector<std::string>& done) const {
  const int64_t now = message.accepted_ms;
  std::vector<Event> events;
  events.push_back(Event(now, Kind::logged_in)
                       .with(Field::login, who(client))
                       .with(Field::client, client.uid ? "local" : client.peer.address.text())
                       .with(Field::mechanism, client.mechanism)
                       .with(Field::tls, client.tls ? client.tls->version : ""));
  if (!done.empty()) {
    std::string what;
    for (const std::string& one : done) what += (what.empty() ? "" : ", ") + one;
    events.push_back(Event(now, Kind::modified).with(Field::what, what));
  }
  if (!message.hold_reason.empty())
    events.push_back(
        Event(now, Kind::limited).with(Field::login, message.login).with(Field::limit, message.hold_reason));
  events.push_back(Event(now, Kind::accepted)
                       .with(Field::client, message.client)
                       .with(Field::login, message.login)
                       .with(Field::reverse_path, message.envelope.reverse_path.text())
                       .with(Field::size, std::to_string(message.header.size() + message.body.size))
                       .with(Field::recipients, std::to_string(message.envelope.recipients.size()))
                       .with(Field::message_id, message::message_id(message::split_header(message.header))));
  return events;
}

Task<Decision> SubmissionPolicy::accept(const Client& client, smtp_server::Transaction& transaction) {
  if (Decision owned = authors_belong(client, transaction.header); !owned.may_go_on()) co_return owned;
  const int64_t now = submission_.clock.wall_ms();
  const smtp::Address author = default_author(client);
  Modification modification{received(client, transaction, now), author.domain, author,
                            client.uid.has_value()};
  if (const auto at = client.login.rfind('@'); modification.domain.empty() && at != std::string::npos)
    modification.domain = client.login.substr(at + 1);
  const auto done = modify(transaction.header, modification);

  spool::Message message;
  message.id = transaction.id;
  message.envelope = std::move(transaction.envelope);
  message.header = std::move(transaction.header);
  message.body = std::move(transaction.body);
  message.accepted_ms = now;
  message.login = who(client);
  message.client = client.uid ? "local" : client.peer.address.text();
  message.proven_sender = true;

  const uint64_t recipients = message.envelope.recipients.size();
  Limits::Verdict verdict;
  if (is_limited()) {
    const auto account = submission_.directory().resolve(*smtp::parse_address(message.login));
    const auto* own = std::get_if<directory::Account>(&account);
    verdict = submission_.limits.charge(message.login, recipients, own ? own->limit_day : 0);
    message.hold_reason = verdict.hold_reason;
  }
  auto list = events(client, message, done);
  Result<void> stored =
      co_await submission_.to_mta.submit(std::move(message), list, std::move(verdict.record));
  if (stored) {
    submission_.told(transaction.id, {list.back()});
    co_return Decision::go_on();
  }
  if (is_limited()) submission_.limits.refund(who(client), recipients);
  const bool full = stored.error().kind == Error::Kind::temporary;
  co_return Decision::refuse(full ? replies::no_space() : replies::local_error(), stored.error().text);
}

/// The UNIX socket knows its peer (SO_PEERCRED): no TLS, no AUTH, no limits; cron and the shell send through
/// it.
class LocalPolicy final : public SubmissionPolicy {
 public:
  using SubmissionPolicy::SubmissionPolicy;

  net::TlsContext* tls() const override { return nullptr; }

  smtp_server::Capabilities capabilities(const Client&) const override {
    smtp_server::Capabilities offered;
    offered.max_size = submission_.options.max_size;
    return offered;
  }

 protected:
  std::string who(const Client& client) const override { return default_author(client).text(); }

  bool may_send_as(const Client& client, const smtp::Address& address) const override {
    const bool local_domain =
        address.domain.empty() || submission_.directory().is_local_domain(address.domain);
    // root, and the user that msa runs as: what it could do to the spool it may as well say.
    if (client.uid == 0u || client.uid == ::geteuid()) return local_domain;
    const smtp::Address own = default_author(client);
    if (address.domain.empty()) return equal_nocase(address.local, own.local);
    return submission_.directory().may_send_as(own.text(), address) ||
           equal_nocase(address.text(), own.text());
  }

  bool is_limited() const override { return false; }

  smtp::Address default_author(const Client& client) const override {
    char buffer[4096];
    passwd entry{}, *found = nullptr;
    const uid_t uid = client.uid.value_or(static_cast<uid_t>(-1));
    getpwuid_r(uid, &entry, buffer, sizeof buffer, &found);
    const std::string user = found ? found->pw_name : "uid" + std::to_string(uid);
    return {user, submission_.directory().first_domain().value_or(submission_.options.host)};
  }
};

}  // namespace

std::unique_ptr<smtp_server::Policy> submission_policy(Submission& submission) {
  return std::make_unique<SubmissionPolicy>(submission);
}

std::unique_ptr<smtp_server::Policy> local_policy(Submission& submission) {
  return std::make_unique<LocalPolicy>(submission);
}

}  // namespace futar::msa
