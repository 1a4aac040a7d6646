#include "common/zmq/zap.h"

#include <zmq.h>

#include "common/log/log.h"
#include "common/zmq/frames.h"
#include "common/zmq/keys.h"

namespace futar::zmq {

// Request: version, request id, domain, address, identity, mechanism, client key.
// Reply: version, request id, status code, status text, user id, metadata.
std::vector<std::string> judge_client(const std::vector<std::string>& request,
                                      const std::map<std::string, std::string>& allowed_files) {
  const std::string id = request.size() > 1 ? request[1] : "";
  const std::vector<std::string> denied = {"1.0", id, "400", "key not allowed", "", ""};
  if (request.size() != 7 || request[0] != "1.0" || request[5] != "CURVE") return denied;
  const auto domain = allowed_files.find(request[2]);
  const std::string key = z85(request[6]);
  if (domain == allowed_files.end() || key.empty() || !is_listed(domain->second, key)) {
    log::warning("link: a client from {} with the key {} is not allowed", request[3], key);
    return denied;
  }
  return {"1.0", id, "200", "OK", key, ""};
}

Result<std::unique_ptr<Zap>> Zap::open(net::Loop& loop, void* context) {
  std::unique_ptr<Zap> zap(new Zap);
  zap->socket_ = zmq_socket(context, ZMQ_REP);
  if (!zap->socket_) return fail(zmq_error("a ZAP socket"));
  if (zmq_bind(zap->socket_, "inproc://zeromq.zap.01") != 0) return fail(zmq_error("bind the ZAP socket"));
  zap->watch_ =
      std::make_shared<Watch>(loop, zap->socket_, [self = zap.get()] { return self->answer_waiting(); });
  zap->watch_->start();
  return zap;
}

Zap::~Zap() {
  if (watch_) watch_->stop();
  if (socket_) zmq_close(socket_);
}

bool Zap::answer_waiting() {
  while (auto request = receive_frames(socket_)) send_frames(socket_, judge_client(*request, allowed_files_));
  return false;
}

}  // namespace futar::zmq
