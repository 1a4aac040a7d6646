// The operator's verbs: `futar` asks, an agent answers, over an ipc socket that only the operator's group may open.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "common/base/async.h"
#include "common/base/result.h"
#include "common/zmq/context.h"

namespace futar::proto {

/// A verb gets its arguments as a JSON object and returns one; an Error becomes {"error": text, "kind": ...}.
using Verb = std::function<Task<Result<nlohmann::json>>(nlohmann::json)>;

class ControlServer {
 public:
  ControlServer(net::Loop& loop, zmq::Context& context, std::string endpoint, std::map<std::string, Verb> verbs);
  ~ControlServer();
  Result<void> start();

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Blocking, for the operator's program: asks `verb` at the endpoint and waits up to timeout_ms. Temporary error
/// when nobody answers ("msa does not answer").
Result<nlohmann::json> ask(const std::string& endpoint, const std::string& verb, const nlohmann::json& arguments,
                           int timeout_ms = 5000);

}  // namespace futar::proto
