// The frame of an agent: arguments, config, sockets before the user is dropped, signals, readiness, an
// orderly end.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "common/base/async.h"
#include "common/base/file.h"
#include "common/config/config.h"
#include "common/daemon/passed.h"
#include "common/net/loop.h"

struct passwd;

namespace futar::daemon {

/// sysexits.h, as admins expect them.
enum Exit {
  exit_ok = 0,
  exit_usage = 64,
  exit_unavailable = 69,
  exit_software = 70,
  exit_os = 71,
  exit_io = 74,
  exit_config = 78
};

struct Environment {
  net::Loop& loop;
  const config::Config& config;
  std::string agent;         ///< "msa"
  std::string state_folder;  ///< made and locked
  std::string folder;        ///< where that lies, "HOST:DEVICE:INODE": not what a copy of it says
  int64_t started_ms;
  PassedSockets passed;  ///< of the supervisor; bind() takes from them
  std::string sandbox;   ///< for `futar status`: "landlock 7 + seccomp"
  /// To be asked before anything is reloaded: fails when the config, read anew, names files that were shut
  /// out at the start.
  std::function<Result<void>()> check_reload;
  /// Ends the process in order, with this exit status. io thread.
  std::function<void(int exit_status, std::string reason)> end;
};

/// What an agent's main gives. Called in this order, on the io thread.
class Agent {
 public:
  virtual ~Agent() = default;
  virtual Result<void> bind() = 0;  ///< listening sockets and key files; low ports may be bound, later never
  /// Threads, databases, link; the agent serves when it returns. What it opens from here on must lie in
  /// the granted folders (confinement.h).
  virtual Result<void> start() = 0;
  virtual Task<Result<void>> reload() = 0;  ///< SIGHUP and `futar reload`: certificates, directory
  virtual Task<> stop() = 0;  ///< no new work; returns when running work is done or its grace has passed
};

using MakeAgent = std::function<std::unique_ptr<Agent>(Environment&)>;

/// Runs the agent until SIGTERM, SIGINT or Environment::end. Returns the exit status.
///   --config FILE  --check-config  --user NAME  --version  --help
/// `prepare` is called once before `make`, when arguments and config are good, and before there are threads,
/// keys, sockets of ours or another user: what it forks holds none of them.
int run(int argc, char** argv, const std::string& agent, const MakeAgent& make,
        const std::function<void()>& prepare = {});

/// From root to a user by name (its groups too) who may still bind low ports, as far as root might; to be
/// called before the first thread. Every file is opened as that user from then on: what a reload could not
/// read is found out at the start.
Result<void> become(const passwd& user);
/// The end of that right.
Result<void> give_up_ports();

/// Tells a supervisor that speaks sd_notify(3) (NOTIFY_SOCKET); silent without one.
void notify(const std::string& state);
/// How often the supervisor wants a sign of life, in ms (WATCHDOG_USEC of sd_watchdog_enabled(3)); none when
/// it does not watch this process. `notify("WATCHDOG=1")` is the sign.
std::optional<int64_t> watchdog_ms();

}  // namespace futar::daemon
