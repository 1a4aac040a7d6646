#include "common/smtp_client/session.h"

#include "common/base/text.h"
#include "common/net/workers.h"
#include "common/smtp_client/dialogue.h"

namespace futar::smtp_client {

using Reason = net::StreamClosed::Reason;

namespace {

constexpr size_t reply_prefix = 4;     // "220 "
constexpr size_t max_auth_line = 512;  // RFC 4954 §4: a longer initial response waits for an empty challenge
constexpr int max_challenges = 8;

Observation said(Stage stage, Said reply) { return {stage, Trouble::none, std::move(reply), {}}; }

Trouble trouble_of(Reason reason, Stage stage) {
  // Whoever hangs up or falls silent amid the handshake has refused it.
  if (stage == Stage::tls) return Trouble::tls_failed;
  return reason == Reason::deadline ? Trouble::timeout : Trouble::closed;
}

std::string first_word(std::string_view reply) {
  if (reply.size() <= reply_prefix) return {};
  const std::string_view line = split(reply.substr(reply_prefix), '\n')[0];
  return std::string(split(line, ' ')[0]);
}

std::string mechanisms_offered(const PeerOffer& offer) {
  if (offer.auth.empty()) return "it offers no login";
  return fmt::format("of its mechanisms {} none is ours", fmt::join(offer.auth, " "));
}

}  // namespace

Dialogue::Dialogue(std::unique_ptr<net::Stream> stream, const Clock& clock, Options options)
    : stream_(std::move(stream)), clock_(clock), options_(std::move(options)), channel_(*stream_, clock) {}

void Dialogue::close() {
  alive_ = false;
  stream_->close();
}

bool Dialogue::usable() const {
  return alive_ && ready_ && (offer_.max_messages == 0 || transactions_ < offer_.max_messages);
}

Task<Observation> Dialogue::guarded(Task<Observation> step) {
  Observation end;
  try {
    co_return co_await std::move(step);
  } catch (const Broken& broken) {
    end = {stage_, broken.trouble, broken.reply, broken.detail};
  } catch (const net::StreamClosed& closed) {
    end = {stage_, trouble_of(closed.reason, stage_), {}, closed.text};
  } catch (const std::exception& e) {
    end = {stage_, Trouble::unreadable, {}, e.what()};
  }
  close();
  co_return end;
}

int64_t Dialogue::patience_ms(Stage stage) const {
  if (stage < Stage::mail || stage > Stage::content) return timeout_ms(stage);
  const int64_t left = end_ms_ - clock_.steady_ms();
  if (left <= 0) throw Broken{Trouble::timeout, "the server was too slow for the whole message"};
  return std::min(left, timeout_ms(stage));
}

Task<Said> Dialogue::ask(Stage stage, std::string command) {
  stage_ = stage;
  command += "\r\n";
  co_await channel_.send(command, 1, patience_ms(stage));
  co_return co_await hear(stage);
}

Task<Said> Dialogue::hear(Stage stage) {
  stage_ = stage;
  Said reply = co_await channel_.reply(patience_ms(stage));
  if (!fits(stage, reply.code))
    throw Broken{Trouble::garbage, fmt::format("{} is no answer here", reply.code), std::move(reply)};
  if (reply.code == 421) alive_ = false;
  co_return reply;
}

Task<Observation> Dialogue::open() {
  Observation end = co_await guarded(begin());
  ready_ = end.is_good();
  co_return end;
}

Task<Observation> Dialogue::begin() {
  if (options_.tls == TlsUse::implicit) co_await start_tls();
  Said greeting = co_await hear(Stage::greeting);
  host_said_ = first_word(greeting.text);
  if (!greeting.is_positive()) co_return said(Stage::greeting, std::move(greeting));
  Observation last = co_await greet();
  const bool wants_tls = options_.tls == TlsUse::opportunistic || options_.tls == TlsUse::required;
  if (last.is_good() && wants_tls) last = co_await secure(std::move(last));
  if (last.is_good() && options_.login) last = co_await log_in();
  co_return last;
}

Task<Observation> Dialogue::greet() {
  Said reply = co_await ask(Stage::hello, (options_.lmtp ? "LHLO " : "EHLO ") + options_.hello);
  offer_ = {};
  if (reply.is_positive()) {
    offer_ = parse_offer(reply.text);
  } else if (reply.is_permanent() && !options_.lmtp) {
    // RFC 5321 §3.2: a server of before 1995, or a proxy that plays one.
    reply = co_await ask(Stage::hello, "HELO " + options_.hello);
  }
  co_return said(Stage::hello, std::move(reply));
}

Task<> Dialogue::start_tls() {
  stage_ = Stage::tls;
  stream_->set_deadline(clock_.steady_ms() + timeout_ms(Stage::tls));
  co_await stream_->start_tls_client(*options_.context, options_.expectation);
}

// RFC 3207. What came in clear is forgotten, the offer above all; octets behind the reply, which somebody in
// between may have put there, would be read as if TLS had brought them (CVE-2011-0411).
Task<Observation> Dialogue::secure(Observation in_clear) {
  const bool required = options_.tls == TlsUse::required;
  if (!offer_.starttls) {
    if (!required) co_return in_clear;
    co_return Observation{Stage::starttls, Trouble::tls_not_offered, {}, "it offers no STARTTLS"};
  }
  Said reply = co_await ask(Stage::starttls, "STARTTLS");
  if (!reply.is_positive()) {
    const bool go_on = !required && alive_;
    co_return go_on ? std::move(in_clear) : said(Stage::starttls, std::move(reply));
  }
  if (channel_.has_unread()) throw Broken{Trouble::garbage, "octets behind its answer to STARTTLS"};
  offer_ = {};
  co_await start_tls();
  co_return co_await greet();
}

Task<Observation> Dialogue::log_in() {
  stage_ = Stage::auth;
  if (!stream_->tls() && !options_.login_in_clear)
    co_return Observation{Stage::auth, Trouble::tls_not_offered, {}, "the login would go in clear"};
  // The secret lives no longer than it must.
  Login login = *std::exchange(options_.login, std::nullopt);
  const auto mechanism = choose_mechanism(offer_.auth, std::move(login), stream_->channel_binding());
  if (!mechanism) co_return Observation{Stage::auth, Trouble::no_mechanism, {}, mechanisms_offered(offer_)};
  Said reply = co_await exchange(*mechanism);
  if (reply.is_positive() && !mechanism->is_complete())
    throw Broken{Trouble::garbage, "it has not shown that it knows the password", std::move(reply)};
  co_return said(Stage::auth, std::move(reply));
}

// RFC 4954 §4.
Task<Said> Dialogue::exchange(Mechanism& mechanism) {
  std::string command = fmt::format("AUTH {}", mechanism.name());
  std::optional<std::string> initial = mechanism.initial();
  if (initial) {
    const std::string octets = base64_encode(*initial);
    if (command.size() + octets.size() + std::string_view(" \r\n").size() <= max_auth_line) {
      command += ' ' + octets;
      initial.reset();
    }
  }
  Said reply = co_await ask(Stage::auth, std::move(command));
  for (int challenges = 0; reply.code / 100 == 3; ++challenges) {
    if (challenges == max_challenges) throw Broken{Trouble::garbage, "endless challenges"};
    const std::string_view text =
        std::string_view(reply.text).substr(std::min(reply_prefix, reply.text.size()));
    const auto challenge = base64_decode(text);
    if (!challenge) throw Broken{Trouble::garbage, "its challenge is no base64"};
    Result<std::string> response =
        initial ? *std::exchange(initial, {}) : co_await answer(mechanism, *challenge);
    if (!response)
      throw Broken{Trouble::garbage, fmt::format("{}: {}", mechanism.name(), response.error().text)};
    reply = co_await ask(Stage::auth, base64_encode(*response));
  }
  co_return reply;
}

Task<Result<std::string>> Dialogue::answer(Mechanism& mechanism, std::string challenge) {
  if (!options_.workers) co_return mechanism.answer(challenge);
  Result<std::string> response;
  co_await options_.workers->run([&] { response = mechanism.answer(challenge); });
  co_return response;
}

Task<> Dialogue::quit() {
  if (alive_) co_await guarded(say_quit());
  close();
}

Task<Observation> Dialogue::say_quit() { co_return said(Stage::quit, co_await ask(Stage::quit, "QUIT")); }

struct Session::Impl : Dialogue {
  using Dialogue::Dialogue;
};

Session::Session(std::unique_ptr<net::Stream> stream, const Clock& clock, Options options)
    : impl_(std::make_unique<Impl>(std::move(stream), clock, std::move(options))) {}
Session::~Session() = default;

Task<Observation> Session::open() { return impl_->open(); }
Task<std::vector<RecipientResult>> Session::send(Transaction transaction) {
  return impl_->send(std::move(transaction));
}
Task<> Session::quit() { return impl_->quit(); }

bool Session::usable() const { return impl_->usable(); }
const PeerOffer& Session::offer() const { return impl_->offer(); }
const std::optional<net::TlsInfo>& Session::tls() const { return impl_->stream().tls(); }
const net::Endpoint& Session::peer() const { return impl_->stream().peer(); }
std::string Session::host_said() const { return impl_->host_said(); }
size_t Session::transactions() const { return impl_->transactions(); }

}  // namespace futar::smtp_client
