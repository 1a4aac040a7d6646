// GET /metrics, /healthz and /readyz of an agent, for a Prometheus on the same machine.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "common/base/async.h"
#include "common/base/result.h"
#include "common/daemon/passed.h"
#include "common/net/listener.h"

namespace futar::config {
class Config;
}

namespace futar::daemon {

/// The socket of metrics.AGENT; closed when that is "". One that cannot be bound is warned of and done
/// without: mail comes first.
Fd bind_metrics(const config::Config& config, std::string_view agent, PassedSockets& passed);

struct MetricsPages {
  std::function<Task<Result<std::string>>()> metrics;  ///< text of an Exposition; an error is a 503
  std::function<std::string()> trouble;  ///< why the agent cannot do its work now, "" = it is ready
};

/// A handful of connections at a time, each for one request and some seconds.
class MetricsServer {
 public:
  MetricsServer(net::Loop& loop, Fd bound, MetricsPages pages);  ///< of a closed Fd: does nothing
  void start();

 private:
  std::unique_ptr<net::Listener> listener_;
};

/// The conversation of one connection: one request, one answer.
Task<> answer_metrics(std::unique_ptr<net::Stream> stream, const MetricsPages& pages);

}  // namespace futar::daemon
