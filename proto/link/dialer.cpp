#include "proto/link/dialer.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "proto/link/hello.h"

namespace futar::proto {

namespace {
constexpr int64_t tick_ms = 500, hello_again_ms = 1000, hello_burst_ms = 100;
}

uint64_t octets_of(const Frames& frames) {
  uint64_t octets = 0;
  for (const std::string& frame : frames) octets += frame.size();
  return octets;
}

uint64_t octets_of(const std::vector<Part>& parts) {
  uint64_t octets = 0;
  for (const Part& part : parts) octets += part->size();
  return octets;
}

Dialer::Dialer(net::Loop& loop, zmq::Context& context, LinkOptions options, Events events)
    : loop_(loop),
      context_(context),
      options_(std::move(options)),
      events_(std::move(events)),
      damage_("link " + options_.endpoint) {}

Result<void> Dialer::start() {
  zmq::SocketOptions socket;
  socket.kind = zmq::SocketKind::dealer;
  socket.endpoint = options_.endpoint;
  socket.curve = options_.curve;
  socket_ =
      TRY(zmq::Socket::open(context_, std::move(socket),
                            {[this](const std::string&, zmq::Frames frames) { received(std::move(frames)); },
                             [this] { connected(); }, [this] { disconnected(); }}));
  ticker_ = std::make_unique<Ticker>(loop_, tick_ms, [this] { tick(); });
  return {};
}

void Dialer::close(int linger_ms) {
  closed_ = true;
  ticker_.reset();
  if (socket_) socket_->close(linger_ms);
  welcomed_ = connected_ = false;
}

void Dialer::connected() {
  connected_ = true;
  begin_again("");
}

void Dialer::disconnected() {
  connected_ = false;
  refused_.clear();
  if (welcomed_) log::info("link {}: {} is gone", options_.endpoint, welcome_.instance);
  drop();
}

void Dialer::drop() {
  if (!welcomed_) return;
  welcomed_ = false;
  events_.down();
}

void Dialer::begin_again(const std::string& why) {
  // A burst of complaints about one broken conversation is answered once.
  if (!why.empty() && !welcomed_ && now_ms() - hello_ms_ < hello_burst_ms) return;
  if (!why.empty()) log::info("link {}: begins again ({})", options_.endpoint, printable(why));
  drop();
  ++session_;
  say_hello();
}

void Dialer::say_hello() {
  if (closed_) return;
  Hello hello = events_.hello();
  hello.instance = options_.instance;
  hello.started_ms = options_.started_ms;
  hello.session = session_;
  hello.folder = options_.folder;
  hello_ms_ = now_ms();
  socket_->send("", encode_parts(std::move(hello)));
}

LinkState Dialer::down() const {
  LinkState state;
  state.refused = refused_;
  return state;
}

uint64_t Dialer::send(Message message) {
  if (!welcomed_) return 0;
  const std::vector<Part> parts = encode_parts(std::move(message));
  return socket_->send("", parts) ? octets_of(parts) : 0;
}

void Dialer::received(Frames frames) {
  const uint64_t octets = octets_of(frames);
  auto message = decode(std::move(frames));
  if (!message) {
    damage_.count(message.error().text);
    return begin_again("damage");
  }
  if (auto* welcome = std::get_if<Welcome>(&*message)) return welcomed(std::move(*welcome));
  if (const auto* later = std::get_if<Later>(&*message); later && later->sequences.empty())
    return refused(*later);
  if (welcomed_) events_.received(*std::move(message), octets);
}

void Dialer::welcomed(Welcome welcome) {
  if (welcomed_ || welcome.session != session_) return;  // of a Hello that was said again meanwhile
  if (!speaks_with(welcome.protocol))
    return damage_.count(fmt::format("the peer speaks protocol {}", welcome.protocol));
  welcome_ = std::move(welcome);
  welcomed_ = true;
  refused_.clear();
  since_ms_ = system_clock().wall_ms();
  log::info("link {}: up, peer {}", options_.endpoint, printable(welcome_.instance));
  events_.up(welcome_);
}

void Dialer::refused(const Later& later) {
  if (later.say_hello) return begin_again(later.reason);
  damage_.count("refused: " + later.reason);
  refused_ = printable(later.reason);
  drop();  // tick() goes on asking: the other may go away
}

void Dialer::tick() {
  if (connected_ && !welcomed_ && now_ms() - hello_ms_ >= hello_again_ms) say_hello();
  events_.tick();
}

}  // namespace futar::proto
