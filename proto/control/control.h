// The operator's verbs: `futar` asks, an agent answers, over an ipc socket that only the operator's group may
// open.
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

/// A verb gets its arguments as a JSON object and returns one; an Error becomes {"error": text, "kind":
/// "temporary", "permanent" or "ours"}, and so does what it throws (permanent). Several run at once.
using Verb = std::function<Task<Result<nlohmann::json>>(nlohmann::json)>;

/// What an agent gives ControlServer::stop() as the last thing that it stops.
constexpr int64_t last_answers_ms = 1000;

class ControlServer {
 public:
  /// The endpoint's socket gets mode 0660: who may open it is the operator.
  ControlServer(net::Loop& loop, zmq::Context& context, std::string endpoint,
                std::map<std::string, Verb> verbs);
  ~ControlServer();
  Result<void> start();
  /// Returns when no verb runs and who asked has read the answer and gone, or after grace_ms: the end of the
  /// process would take with it what ZeroMQ's thread has not sent yet.
  Task<> stop(int64_t grace_ms);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

/// Blocking, for the operator's program: asks `verb` at the endpoint and waits up to timeout_ms. Temporary
/// error when nobody answers ("msa does not answer"; at once when nobody listens on the ipc path). The verb's
/// own error comes back as it was.
Result<nlohmann::json> ask(const std::string& endpoint, const std::string& verb,
                           const nlohmann::json& arguments, int timeout_ms = 5000);

}  // namespace futar::proto
