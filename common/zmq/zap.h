// Which client keys may connect (ZeroMQ RFC 27). Without this handler CURVE lets every key in.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/zmq/watch.h"

namespace futar::zmq {

/// The answer to one request. `allowed_files` maps a domain (one a bound socket) to its file of pinned keys.
std::vector<std::string> judge_client(const std::vector<std::string>& request,
                                      const std::map<std::string, std::string>& allowed_files);

/// Serves inproc://zeromq.zap.01 of a context from the io thread.
class Zap {
 public:
  static Result<std::unique_ptr<Zap>> open(net::Loop& loop, void* context);
  ~Zap();
  void allow(const std::string& domain, std::string allowed_file) {
    allowed_files_[domain] = std::move(allowed_file);
  }

 private:
  Zap() = default;
  bool answer_waiting();

  void* socket_ = nullptr;
  std::shared_ptr<Watch> watch_;
  std::map<std::string, std::string> allowed_files_;
};

}  // namespace futar::zmq
