#include <sys/socket.h>
#include <sys/un.h>
#include <zmq.h>

#include <chrono>

#include "common/base/file.h"
#include "common/zmq/frames.h"

namespace futar::zmq {

namespace {

constexpr std::string_view ipc = "ipc://";

// ZeroMQ would dial a missing or dead ipc path until the time is over; a plain connect() knows at once.
bool somebody_listens(std::string_view path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) return false;
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, path.size());
  const Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

struct Dealer {
  void* context = zmq_ctx_new();
  void* socket = zmq_socket(context, ZMQ_DEALER);
  ~Dealer() {
    zmq_close(socket);
    zmq_ctx_term(context);
  }
  void set(int option, int value) { zmq_setsockopt(socket, option, &value, sizeof value); }
};

}  // namespace

Result<Frames> request(const std::string& endpoint, const Frames& question, int timeout_ms) {
  const auto silence = [&] { return fail(Error::temporary(endpoint + " does not answer")); };
  if (endpoint.starts_with(ipc) && !somebody_listens(std::string_view(endpoint).substr(ipc.size())))
    return silence();
  Dealer dealer;
  dealer.set(ZMQ_LINGER, 0);
  dealer.set(ZMQ_IMMEDIATE, 1);
  if (zmq_connect(dealer.socket, endpoint.c_str()) != 0) return fail(zmq_error(endpoint));

  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  const auto wait_for = [&](short event) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
    zmq_pollitem_t item{dealer.socket, 0, event, 0};
    return left > 0 && zmq_poll(&item, 1, left) > 0;
  };
  if (!wait_for(ZMQ_POLLOUT) || !send_packed(dealer.socket, "", parts_of(question)) || !wait_for(ZMQ_POLLIN))
    return silence();
  auto answer = receive_packed(dealer.socket, false);
  if (!answer) return silence();
  return std::move(answer->frames);
}

}  // namespace futar::zmq
