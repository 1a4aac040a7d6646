// Opening and owning a socket: options, keys, file mode, the monitor that tells when a peer comes and goes.
#include <fmt/format.h>
#include <netdb.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <zmq.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "common/base/file.h"
#include "common/log/log.h"
#include "common/zmq/context_impl.h"
#include "common/zmq/frames.h"
#include "common/zmq/keys.h"

namespace futar::zmq {

namespace {

constexpr std::string_view ipc = "ipc://", tcp = "tcp://";
constexpr int messages_a_turn = 64;  // then the loop's other work has a turn

void set(void* socket, int option, int value) { zmq_setsockopt(socket, option, &value, sizeof value); }
void set(void* socket, int option, const std::string& value) {
  zmq_setsockopt(socket, option, value.data(), value.size());
}

void set_options(void* socket, const SocketOptions& options) {
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_IPV6, 1);
  // The link's credit bounds what is under way. A full pipe would drop or refuse in the middle of that;
  // toward a peer that ignores its credit the receiving side stops reading.
  set(socket, ZMQ_SNDHWM, 0);
  set(socket, ZMQ_RCVHWM, 1000);
  set(socket, ZMQ_HEARTBEAT_IVL, options.heartbeat_ms);
  set(socket, ZMQ_HEARTBEAT_TIMEOUT, options.timeout_ms);
  set(socket, ZMQ_HEARTBEAT_TTL, options.timeout_ms);
  set(socket, ZMQ_HANDSHAKE_IVL, 5000);
  set(socket, ZMQ_RECONNECT_IVL, 50);
  set(socket, ZMQ_RECONNECT_IVL_MAX, 1000);
  set(socket, ZMQ_CONNECT_TIMEOUT, 5000);
  zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &options.max_message, sizeof options.max_message);
  if (options.kind == SocketKind::router)
    set(socket, ZMQ_ROUTER_MANDATORY, 1);  // else what goes to an unknown peer vanishes in silence
  else
    set(socket, ZMQ_IMMEDIATE,
        1);  // else what is sent before the connection stands waits in a pipe to nowhere
}

Result<void> check_endpoint(const SocketOptions& options) {
  const std::string& endpoint = options.endpoint;
  if (endpoint.starts_with(tcp) && !options.curve)
    return fail(Error::permanent(endpoint + ": tcp needs CURVE keys (link.keys)"));
  if (endpoint.starts_with(ipc) && endpoint.size() - ipc.size() >= sizeof sockaddr_un{}.sun_path)
    return fail(Error::permanent(endpoint + " is longer than a UNIX socket's path may be (107 octets)"));
  return {};
}

// libzmq binds to addresses and interfaces, not to names. So that one config serves both ends of a link
// ("tcp://mta:2500"), a name is looked up here; errno tells why when none of its addresses can be bound.
int bind_by_name(void* socket, const std::string& endpoint) {
  const size_t colon = endpoint.rfind(':');
  addrinfo wanted{}, *found = nullptr;
  wanted.ai_socktype = SOCK_STREAM;
  const std::string host = endpoint.substr(tcp.size(), colon - tcp.size());
  if (getaddrinfo(host.c_str(), nullptr, &wanted, &found) != 0) return errno = ENODEV, -1;
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  for (const addrinfo* one = found; one; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) != 0)
      continue;
    const char* form = one->ai_family == AF_INET6 ? "tcp://[{}]{}" : "tcp://{}{}";
    if (zmq_bind(socket, fmt::format(fmt::runtime(form), text, endpoint.substr(colon)).c_str()) == 0)
      return 0;
  }
  return -1;
}

// The umask makes it right from the first moment, chmod also where the mask or an ACL would take more away.
Result<void> bind_with_mode(void* socket, const SocketOptions& options) {
  const mode_t before = umask(~options.ipc_mode & 0777);
  int bound = zmq_bind(socket, options.endpoint.c_str());
  umask(before);
  if (bound != 0 && zmq_errno() == ENODEV && options.endpoint.starts_with(tcp))
    bound = bind_by_name(socket, options.endpoint);
  if (bound != 0) return fail(zmq_error("bind " + options.endpoint));
  if (!options.endpoint.starts_with(ipc)) return {};
  const std::string path = options.endpoint.substr(ipc.size());
  if (chmod(path.c_str(), options.ipc_mode) != 0) return fail(errno_error(errno, "chmod " + path));
  return {};
}

std::string_view refusal(uint16_t event) {
  switch (event) {
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      return "the peer does not allow our key";
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      return "handshake failed (is the peer's public key right?)";
    default:
      return "";
  }
}

}  // namespace

struct Socket::Impl : std::enable_shared_from_this<Impl> {
  Impl(Context::Impl& context, SocketOptions o, Events e)
      : owner(context), options(std::move(o)), events(std::move(e)) {}
  ~Impl() { close(0); }

  Result<void> open();
  Result<void> use_keys();
  Result<void> open_monitor();
  bool receive_waiting();
  bool receive_events();
  void tell(uint16_t event);
  bool send(std::string_view peer, std::span<const Part> parts);
  void close(int linger_ms);

  Context::Impl& owner;
  SocketOptions options;
  Events events;
  void* socket = nullptr;
  void* monitor = nullptr;
  std::shared_ptr<Watch> watch, monitor_watch;
  std::string last_refusal;
  size_t peers = 0;  ///< accepted and not yet gone, as far as the monitor was read
};

Result<void> Socket::Impl::open() {
  TRY(check_endpoint(options));
  socket = zmq_socket(owner.context, options.kind == SocketKind::router ? ZMQ_ROUTER : ZMQ_DEALER);
  if (!socket) return fail(zmq_error("a socket for " + options.endpoint));
  set_options(socket, options);
  if (options.curve) TRY(use_keys());
  TRY(open_monitor());
  if (options.bind)
    TRY(bind_with_mode(socket, options));
  else if (zmq_connect(socket, options.endpoint.c_str()) != 0)
    return fail(zmq_error("connect " + options.endpoint));
  watch = std::make_shared<Watch>(owner.loop, socket, [self = weak_from_this()] {
    const auto held = self.lock();
    return held && held->receive_waiting();
  });
  watch->start();
  return {};
}

Result<void> Socket::Impl::use_keys() {
  const CurveKeys& keys = *options.curve;
  const std::string secret = TRY(read_key(keys.secret_file));
  if (options.bind) {
    if (keys.allowed_file.empty())
      return fail(Error::permanent(options.endpoint + ": no file of allowed keys"));
    if (!owner.zap) owner.zap = TRY(Zap::open(owner.loop, owner.context));
    owner.zap->allow(options.endpoint, keys.allowed_file);
    set(socket, ZMQ_ZAP_DOMAIN, options.endpoint);
    set(socket, ZMQ_CURVE_SERVER, 1);
  } else {
    set(socket, ZMQ_CURVE_SERVERKEY, TRY(read_key(keys.server_file)));
    set(socket, ZMQ_CURVE_PUBLICKEY, TRY(public_key_of(secret)));
  }
  set(socket, ZMQ_CURVE_SECRETKEY, secret);
  return {};
}

Result<void> Socket::Impl::open_monitor() {
  const std::string name = fmt::format("inproc://monitor-{}", ++owner.monitors);
  constexpr int wanted = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                         ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;
  if (zmq_socket_monitor(socket, name.c_str(), wanted) != 0) return fail(zmq_error("monitor"));
  monitor = zmq_socket(owner.context, ZMQ_PAIR);
  if (!monitor || zmq_connect(monitor, name.c_str()) != 0) return fail(zmq_error("monitor"));
  set(monitor, ZMQ_LINGER, 0);
  monitor_watch = std::make_shared<Watch>(owner.loop, monitor, [self = weak_from_this()] {
    const auto held = self.lock();
    return held && held->receive_events();
  });
  monitor_watch->start();
  return {};
}

bool Socket::Impl::receive_waiting() {
  for (int i = 0; i < messages_a_turn; ++i) {
    if (!socket) return false;  // the last message made its receiver close us
    auto message = receive_packed(socket, options.kind == SocketKind::router);
    if (!message) return false;
    if (events.received) events.received(message->peer, std::move(message->frames));
  }
  return true;
}

bool Socket::Impl::receive_events() {
  while (monitor) {
    const auto frames = receive_frames(monitor);
    if (!frames) return false;
    uint16_t event = 0;  // frame 1: event (16 bits), value (32 bits); frame 2: address
    if (frames->front().size() < sizeof event) continue;
    std::memcpy(&event, frames->front().data(), sizeof event);
    tell(event);
  }
  return false;
}

void Socket::Impl::tell(uint16_t event) {
  if (event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
    last_refusal.clear();
    if (events.connected) events.connected();
  } else if (event == ZMQ_EVENT_ACCEPTED) {
    ++peers;
  } else if (event == ZMQ_EVENT_DISCONNECTED) {
    if (options.bind) --peers;
    if (events.disconnected) events.disconnected();
  } else if (refusal(event) != last_refusal && !options.bind) {
    last_refusal = refusal(event);
    log::error("{}: {}", options.endpoint, last_refusal);
  }
}

bool Socket::Impl::send(std::string_view peer, std::span<const Part> parts) {
  if (!socket) return false;
  const bool sent = send_packed(socket, peer, parts);
  watch->poke();
  return sent;
}

void Socket::Impl::close(int linger_ms) {
  if (monitor_watch) monitor_watch->stop();
  if (watch) watch->stop();
  if (socket) {
    zmq_socket_monitor(socket, nullptr, 0);
    set(socket, ZMQ_LINGER, linger_ms);
    zmq_close(std::exchange(socket, nullptr));
  }
  if (monitor) zmq_close(std::exchange(monitor, nullptr));
}

Socket::Socket() = default;
Socket::~Socket() { close(); }

Result<std::unique_ptr<Socket>> Socket::open(Context& context, SocketOptions options, Events events) {
  std::unique_ptr<Socket> opened(new Socket);
  opened->impl_ = std::make_shared<Impl>(*context.impl_, std::move(options), std::move(events));
  TRY(opened->impl_->open());
  return opened;
}

bool Socket::send(const std::string& peer, std::span<const Part> parts) { return impl_->send(peer, parts); }

bool Socket::send(const std::string& peer, const Frames& frames) {
  return impl_->send(peer, parts_of(frames));
}

// The monitor has each event before what the peer sent arrives, but it may not have been read since.
size_t Socket::peers() {
  impl_->receive_events();
  return impl_->peers;
}

void Socket::close(int linger_ms) {
  if (impl_) impl_->close(linger_ms);
}

}  // namespace futar::zmq
