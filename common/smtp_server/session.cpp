#include "common/smtp_server/session.h"

#include "common/base/text.h"
#include "common/log/log.h"
#include "common/smtp/replies.h"
#include "common/smtp_server/auth_exchange.h"
#include "common/smtp_server/dialogue.h"

namespace futar::smtp_server {

namespace replies = smtp::replies;
using Reason = net::StreamClosed::Reason;

namespace {

constexpr int64_t farewell_timeout_ms = 5'000;

// In the order of the alternatives of Command.
constexpr std::string_view verbs[] = {"HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA",     "BDAT",
                                      "RSET", "NOOP", "QUIT", "VRFY", "HELP", "STARTTLS", "AUTH"};
static_assert(std::size(verbs) == std::variant_size_v<smtp::Command>);

// Behind a MAIL or RCPT that was refused, the rest of its pipelined group is refused too: one mistake, not
// many.
bool follows_from_refusal(const smtp::Command& command) {
  return std::holds_alternative<smtp::Rcpt>(command) || std::holds_alternative<smtp::Data>(command) ||
         std::holds_alternative<smtp::Bdat>(command);
}

}  // namespace

Dialogue::Dialogue(std::unique_ptr<net::Stream> stream, std::unique_ptr<Policy> policy, spool::Folder& spool,
                   const Clock& clock, SessionOptions options)
    : stream_(std::move(stream)),
      policy_(std::move(policy)),
      spool_(spool),
      clock_(clock),
      options_(options),
      channel_(*stream_),
      id_(MessageId::make(clock)),
      progress_ms_(clock.steady_ms()) {
  client_.connection = id_;
  client_.peer = stream_->peer();
  client_.local = stream_->local();
  client_.uid = stream_->peer_uid();
  client_.lmtp = options_.lmtp;
}

Task<> Dialogue::run() {
  std::optional<Reason> lost;
  try {
    co_await talk();
  } catch (const net::StreamClosed& closed) {
    lost = closed.reason;
  } catch (const std::exception& e) {
    log::error("session of {}: {}", client_.peer.text(), e.what());
  }
  mail_.reset();
  if (lost) co_await farewell(*lost);
  policy_->ended(client_);
  stream_->close();
}

Task<> Dialogue::talk() {
  set_deadline(options_.command_timeout_ms);
  if (options_.implicit_tls) co_await start_tls(*policy_->tls());
  co_await greet();
  while (!closing_) {
    const Line line = co_await read_line();
    co_await obey(line);
  }
  set_deadline(options_.command_timeout_ms);
  co_await channel_.flush();
}

Task<> Dialogue::greet() {
  capabilities_ = policy_->capabilities(client_);
  Decision decision = co_await policy_->connected(client_);
  if (!decision.may_go_on()) {
    answer("connect", {std::move(decision.refusal), std::move(decision.cause), Step::Then::close});
    co_return;
  }
  const std::string host = policy_->host();
  channel_.send(options_.lmtp ? replies::lmtp_greeting(host) : replies::greeting(host));
}

// A peer that waits too long, or may not stay, is told so; one that has gone is not.
Task<> Dialogue::farewell(Reason reason) {
  if (handshaking_ || (reason != Reason::shutdown && reason != Reason::deadline)) co_return;
  channel_.send(reason == Reason::shutdown ? replies::shutting_down(policy_->host()) : replies::timeout());
  stream_->set_deadline(clock_.steady_ms() + farewell_timeout_ms);
  try {
    co_await channel_.flush();
  } catch (const net::StreamClosed&) {
    // It was a courtesy.
  }
}

void Dialogue::set_deadline(int64_t timeout_ms) {
  stream_->set_deadline(std::min(clock_.steady_ms() + timeout_ms, progress_ms_ + options_.session_limit_ms));
}

Task<Line> Dialogue::read_line() {
  stream_->set_idle(!mail_);
  set_deadline(options_.command_timeout_ms);
  co_return co_await channel_.read_line(smtp::max_auth_line);
}

Task<> Dialogue::obey(const Line& line) {
  const bool too_long = line.flaw == Line::Flaw::too_long || (line.text.size() + 2 > smtp::max_command_line &&
                                                              !starts_with_nocase(line.text, "AUTH "));
  if (smtp::is_foreign_protocol(line.text))
    co_return answer("command", Step::refuse(replies::foreign_protocol(), "not SMTP"));
  if (too_long) co_return answer("command", Step::refuse(replies::line_too_long(), "line too long"));
  const auto command = smtp::parse_command(line.text);
  if (command && line.flaw == Line::Flaw::none) {
    const Step step = co_await perform(*command);
    co_return answer(verbs[command->index()], step);
  }
  Step step = command ? Step::refuse(replies::bad_syntax("A line ends in CR LF"), "line ends in LF alone")
                      : Step::refuse(command.error(), "syntax");
  // Nobody knows how long the chunk behind it is, and content must never be read as commands.
  if (starts_with_nocase(line.text, "BDAT")) step.then = Step::Then::close;
  answer("command", step);
}

Task<Step> Dialogue::perform(const smtp::Command& command) {
  if (auto refusal = smtp::check_order(state(), command)) {
    Step step = Step::refuse(*std::move(refusal), "out of order");
    if (follows_from_refusal(command)) step.errors = 0;
    if (const auto* bdat = std::get_if<smtp::Bdat>(&command))
      step = co_await skip_chunk(bdat->size, std::move(step));
    co_return step;
  }
  co_return co_await std::visit([this](const auto& legal) { return on(legal); }, command);
}

// Who complains to us about a refusal quotes it, and with it the id under which we find its reasons.
smtp::Reply Dialogue::with_id(smtp::Reply reply) const {
  if (!reply.is_positive()) reply.text += " id " + id_.text();
  return reply;
}

void Dialogue::answer(std::string_view verb, const Step& step) {
  if (!step.reply) return;
  channel_.send(with_id(*step.reply));
  closing_ = step.then == Step::Then::close || step.reply->closes();
  if (!step.reply->is_positive()) {
    static const message::Envelope none;
    const message::Envelope& open = mail_ ? mail_->transaction.envelope : none;
    policy_->refused(client_, {id_, verb, *step.reply, step.cause, step.envelope ? *step.envelope : open});
    errors_ += step.errors;
    if (errors_ >= options_.errors && !closing_) {
      channel_.send(with_id(replies::too_many_errors()));
      closing_ = true;
    }
  }
  if (!mail_) id_ = client_.connection;
}

smtp::SessionState Dialogue::state() const {
  smtp::SessionState state;
  state.lmtp = options_.lmtp;
  state.greeted = greeted_;
  state.extended = client_.extended;
  state.tls_offered = capabilities_.starttls && policy_->tls();
  state.tls = is_secure();
  state.tls_required = capabilities_.tls_required;
  state.auth_offered = !capabilities_.auth.empty();
  state.login = !client_.login.empty();
  state.login_required = capabilities_.login_required;
  state.in_mail = mail_ != nullptr;
  state.recipients = mail_ ? mail_->transaction.envelope.recipients.size() : 0;
  state.in_chunks = mail_ && mail_->content;
  state.octets_behind = !channel_.input().empty();
  return state;
}

smtp::Offer Dialogue::offer() const {
  smtp::Offer offer;
  offer.host = policy_->host();
  offer.max_size = capabilities_.max_size;
  offer.max_recipients = capabilities_.max_recipients;
  offer.starttls = capabilities_.starttls && policy_->tls() && !is_secure();
  offer.dsn = capabilities_.dsn;
  if (is_secure()) offer.auth = capabilities_.auth;
  return offer;
}

void Dialogue::reset() {
  mail_.reset();
  client_.smtputf8 = false;
}

Step Dialogue::greeted(std::string domain, bool extended) {
  reset();  // RFC 5321 §4.1.4
  client_.helo = std::move(domain);
  client_.extended = extended;
  greeted_ = true;
  return {extended ? smtp::hello_extended(offer()) : replies::hello(policy_->host())};
}

Task<Step> Dialogue::on(const smtp::Helo& helo) { co_return greeted(helo.domain, false); }
Task<Step> Dialogue::on(const smtp::Ehlo& ehlo) { co_return greeted(ehlo.domain, true); }
Task<Step> Dialogue::on(const smtp::Lhlo& lhlo) { co_return greeted(lhlo.domain, true); }
Task<Step> Dialogue::on(const smtp::Noop&) { co_return Step{replies::ok()}; }
Task<Step> Dialogue::on(const smtp::Vrfy&) { co_return Step{replies::vrfy()}; }
Task<Step> Dialogue::on(const smtp::Help&) { co_return Step{replies::help()}; }
Task<Step> Dialogue::on(const smtp::Quit&) {
  co_return Step{replies::bye(policy_->host()), "", Step::Then::close};
}

Task<Step> Dialogue::on(const smtp::Rset&) {
  reset();
  co_return Step{replies::ok()};
}

Task<> Dialogue::start_tls(net::TlsContext& context) {
  handshaking_ = true;
  co_await stream_->start_tls(context);
  handshaking_ = false;
  client_.tls = stream_->tls();
}

// RFC 3207 §4.2: afterwards nothing is known that was said in clear. The legality table has seen to it that
// nothing was pipelined behind the command.
Task<Step> Dialogue::on(const smtp::StartTls&) {
  channel_.send(replies::start_tls());
  co_await channel_.flush();
  co_await start_tls(*policy_->tls());
  client_.helo.clear();
  client_.extended = greeted_ = false;
  capabilities_ = policy_->capabilities(client_);
  co_return Step{};
}

Task<Step> Dialogue::on(const smtp::Auth& auth) {
  if (std::ranges::find(capabilities_.auth, auth.mechanism) == capabilities_.auth.end())
    co_return Step::refuse(replies::auth_mechanism_unknown(), "mechanism " + auth.mechanism);
  std::optional<std::string> initial;
  if (auth.initial) {
    initial = *auth.initial == "=" ? "" : base64_decode(*auth.initial);
    if (!initial) co_return Step::refuse(replies::auth_bad_base64(), "initial response is no base64");
  }
  LineExchange exchange(auth.mechanism, std::move(initial), stream_->channel_binding(), channel_,
                        [this] { return read_line(); });
  AuthResult result = co_await policy_->authenticate(client_, exchange);
  if (exchange.failure()) co_return Step::refuse(*exchange.failure(), "exchange broken off");
  if (result.refusal || result.login.empty())
    co_return Step::refuse(result.refusal.value_or(replies::auth_failed()), std::move(result.cause));
  client_.login = std::move(result.login);
  client_.mechanism = auth.mechanism;
  capabilities_ = policy_->capabilities(client_);
  co_return Step{replies::auth_ok()};
}

Task<> serve(std::unique_ptr<net::Stream> stream, std::unique_ptr<Policy> policy, spool::Folder& spool,
             const Clock& clock, SessionOptions options) {
  Dialogue dialogue(std::move(stream), std::move(policy), spool, clock, options);
  co_await dialogue.run();
}

}  // namespace futar::smtp_server
