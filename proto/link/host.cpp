#include "proto/link/host.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "proto/codec/codec.h"
#include "proto/link/dialer.h"
#include "proto/link/hello.h"

namespace futar::proto {

namespace {
constexpr int64_t tick_ms = 500, ask_again_ms = 500;
}

Host::Host(net::Loop& loop, zmq::Context& context, LinkOptions options, std::string role, bool only_one,
           Events events)
    : loop_(loop),
      context_(context),
      options_(std::move(options)),
      role_(std::move(role)),
      only_one_(only_one),
      events_(std::move(events)),
      damage_("link " + options_.endpoint) {}

Result<void> Host::start() {
  zmq::SocketOptions socket;
  socket.kind = zmq::SocketKind::router;
  socket.endpoint = options_.endpoint;
  socket.bind = true;
  socket.curve = options_.curve;
  probe_soon_ = std::make_unique<Soon>(loop_, [this] { probe_all(); });
  socket_ = TRY(zmq::Socket::open(
      context_, std::move(socket),
      {[this](const std::string& route, zmq::Frames frames) { received(route, std::move(frames)); },
       {},
       [this] { probe_soon_->ask(); }}));
  ticker_ = std::make_unique<Ticker>(loop_, tick_ms, [this] {
    probe_all();
    ask_again();
    events_.tick();
  });
  return {};
}

void Host::close(int linger_ms) {
  closed_ = true;
  ticker_.reset();
  probe_soon_.reset();
  if (socket_) socket_->close(linger_ms);
  peers_.clear();
  instances_.clear();
  asked_.clear();
}

const std::string* Host::peer_of(const std::string& route) const {
  const auto found = instances_.find(route);
  return found == instances_.end() ? nullptr : &found->second;
}

std::string Host::peers() const {
  std::string all;
  for (const auto& [instance, peer] : peers_) all += (all.empty() ? "" : ", ") + instance;
  return all;
}

uint64_t Host::send(const std::string& peer, Message message) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return 0;
  const std::vector<Part> parts = encode_parts(std::move(message));
  if (socket_->send(found->second.route, parts)) return octets_of(parts);
  probe_soon_->ask();  // later: the caller is in the middle of its work
  return 0;
}

void Host::received(const std::string& route, Frames frames) {
  const uint64_t octets = octets_of(frames);
  auto message = decode(std::move(frames));
  if (!message) {
    damage_.count(message.error().text);
    if (const std::string* peer = peer_of(route)) return begin_again(std::string(*peer), "damage");
    return ask_for_hello(route, "damage");
  }
  if (auto* hello = std::get_if<Hello>(&*message)) return said_hello(route, std::move(*hello));
  const std::string* peer = peer_of(route);
  if (!peer) return ask_for_hello(route, "say Hello first");
  events_.received(std::string(*peer), *std::move(message), octets);
}

void Host::said_hello(const std::string& route, Hello hello) {
  asked_.erase(route);
  const auto refuse = [&](std::string why) {
    damage_.count(fmt::format("Hello of {} refused: {}", printable(hello.instance, 64), why));
    socket_->send(route, encode_parts(Later{{}, std::move(why)}));
  };
  if (std::string flaw = hello_flaw(hello, role_); !flaw.empty()) return refuse(std::move(flaw));
  if (only_one_ && !peers_.empty() && !peers_.contains(hello.instance) && is_there(peers_.begin()->first))
    return refuse("another instance is connected");
  const auto live = peers_.find(hello.instance);
  std::optional<Hello> known;
  if (live != peers_.end()) known = live->second.hello;
  switch (judge_hello(hello, known, known && live->second.route == route)) {
    case HelloVerdict::stale:
      return;
    case HelloVerdict::repeat:
      return welcome(route, std::move(hello), true);
    case HelloVerdict::begin:
      return welcome(route, std::move(hello), false);
    case HelloVerdict::refuse:
      if (is_there(hello.instance))
        return refuse(is_copy(hello, *known)
                          ? fmt::format("a copy of its state folder is connected already, from {}",
                                        host_of_folder(known->folder))
                          : "this instance is connected already");
      return welcome(route, std::move(hello), false);
  }
}

void Host::welcome(const std::string& route, Hello hello, bool again) {
  const std::string instance = hello.instance;
  if (!again) {
    if (const std::string* other = peer_of(route); other && *other != instance) drop(std::string(*other));
    drop(instance);
  }
  if (closed_) return;  // by who heard of the drop
  Welcome answer = events_.welcome();
  answer.instance = options_.instance;
  answer.started_ms = options_.started_ms;
  answer.session = hello.session;
  if (!socket_->send(route, encode_parts(std::move(answer))) || again) return;
  since_ms_ = system_clock().wall_ms();
  instances_[route] = instance;
  peers_[instance] = {route, hello};
  log::info("link {}: {} {} is here", options_.endpoint, role_, printable(instance));
  events_.up(instance, hello);
}

void Host::ask_for_hello(const std::string& route, const std::string& why) {
  const auto [asked, is_first] = asked_.try_emplace(route, Asked{why});
  if (!is_first && now_ms() - asked->second.ms < ask_again_ms) return;
  asked->second.ms = now_ms();
  if (!socket_->send(route, encode_parts(Later{{}, why, false, true}))) asked_.erase(asked);  // it is gone
}

// Else each end would wait for the other when a question was lost: a peer that takes itself for welcome need
// not say anything.
void Host::ask_again() {
  const auto all = asked_;
  for (const auto& [route, asked] : all) ask_for_hello(route, asked.why);
}

void Host::begin_again(const std::string& peer, const std::string& why) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  const std::string route = found->second.route;
  log::info("link {}: {} has to begin again ({})", options_.endpoint, printable(peer), printable(why));
  drop(peer);
  ask_for_hello(route, why);
}

// ZeroMQ tells that a connection ended, not whose; a mandatory router refuses to send to a peer that is gone.
bool Host::is_there(const std::string& peer) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return false;
  if (socket_->send(found->second.route, encode_parts(events_.probe()))) return true;
  drop(peer);
  return false;
}

void Host::probe_all() {
  std::vector<std::string> all;
  for (const auto& [instance, peer] : peers_) all.push_back(instance);
  for (const std::string& instance : all) is_there(instance);
}

void Host::drop(const std::string& peer) {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  instances_.erase(found->second.route);
  peers_.erase(found);
  log::info("link {}: {} is gone", options_.endpoint, printable(peer));
  events_.down(peer);
}

}  // namespace futar::proto
