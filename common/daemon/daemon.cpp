#include "common/daemon/daemon.h"

#include <fcntl.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/config/paths.h"
#include "common/daemon/confinement.h"
#include "common/daemon/descriptors.h"
#include "common/log/log.h"
#include "common/net/gateways.h"
#include "common/store/database.h"

namespace futar::daemon {
namespace {

struct Arguments {
  std::optional<std::string> config, user;
  bool check_config = false;
  std::optional<int> finished;  ///< exit status, when the arguments were all there was to do
};

constexpr char usage[] =
    "usage: futar-%s [--config FILE] [--check-config] [--user NAME] [--version] [--help]\n\n"
    "  --config FILE    the config; else FUTAR_CONFIG, else /etc/futar/futar.toml\n"
    "  --check-config   reads it, says what is wrong, exits 0 or 78\n"
    "  --user NAME      started as root: becomes this user, who may bind the ports below 1024 at the "
    "start\n\n"
    "Runs in the foreground and logs to standard error. SIGTERM ends it in order, SIGHUP reloads.\n";

Arguments parse_arguments(int argc, char** argv, const std::string& agent) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") {
      std::printf(usage, agent.c_str());
      arguments.finished = exit_ok;
    } else if (word == "--version") {
      std::printf("futar-%s %s\n", agent.c_str(), FUTAR_VERSION);
      arguments.finished = exit_ok;
    } else if (word == "--check-config") {
      arguments.check_config = true;
    } else if ((word == "--config" || word == "--user") && i + 1 < argc) {
      (word == "--config" ? arguments.config : arguments.user) = argv[++i];
    } else {
      std::fprintf(stderr, "futar-%s: unknown argument: %s\n", agent.c_str(), argv[i]);
      std::fprintf(stderr, usage, agent.c_str());
      arguments.finished = exit_usage;
    }
  }
  return arguments;
}

int complain(const std::string& agent, const Error& error, int status) {
  std::fprintf(stderr, "futar-%s: %s\n", agent.c_str(), error.text.c_str());
  return status;
}

// Written beside and renamed, so that a reader never sees half a number.
Result<void> write_pid_file(const std::string& path) {
  const std::string fresh = path + ".new";
  Fd fd = TRY(open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC));
  ::fchmod(fd.get(), 0644);  // the umask is for mail, a pid is no secret
  TRY(write_all(fd, std::to_string(::getpid()) + "\n", fresh));
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fail(errno_error(errno, "rename " + fresh));
  return {};
}

// A client that comes when there are no descriptors left is turned away: better known at the start.
void check_descriptors(const config::Config& config, const std::string& agent) {
  const uint64_t allowed = raise_descriptor_limit(), wanted = descriptors_for_sessions(config, agent);
  if (allowed < wanted)
    log::warning(
        "{} open files are allowed, {}.sessions may need {}: raise the limit (LimitNOFILE=, ulimit -n)",
        allowed, agent, wanted);
}

// The folders in which the agent writes. What root makes, or has made before, becomes the user's.
Result<void> make_ground(const config::Config& config, const std::string& name, const passwd* user) {
  for (const char* parent : {"state_dir", "run_dir"}) TRY(make_folders(config.text(parent), 0755));
  for (const config::Folder& folder : config::own_folders(config, name)) {
    TRY(make_folders(folder.path, folder.mode));
    struct stat status{};
    if (!user || ::lstat(folder.path.c_str(), &status) != 0 || status.st_uid != 0) continue;
    if (::lchown(folder.path.c_str(), user->pw_uid, status.st_gid == 0 ? user->pw_gid : status.st_gid) != 0)
      return fail(errno_error(errno, "give away " + folder.path));
  }
  return {};
}

// A folder that went to another host leaves this behind at the old one (deploy/move.md).
Result<void> check_not_moved(const std::string& state) {
  const std::string mark = state + "/moved";
  const auto where = read_file(mark, 4096);
  if (!where) return {};
  return fail(
      Error::permanent(fmt::format("this state folder has moved to {}; {} says so, and is to be "
                                   "removed where that is wrong",
                                   printable(trim(*where)), mark)));
}

std::string place_of(const Fd& file) {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  struct stat status{};
  ::fstat(file.get(), &status);
  return fmt::format("{}:{}:{}", host, status.st_dev, status.st_ino);
}

struct Ending {
  bool begun = false;
  int status = exit_ok;
};

Task<> end_in_order(net::Loop& loop, Agent& agent) {
  notify("STOPPING=1");
  co_await agent.stop();
  loop.stop();
}

Task<> wait_for_signals(net::Loop& loop, Agent& agent, const std::function<void(int, std::string)>& end) {
  boost::asio::signal_set signals(loop.context(), SIGTERM, SIGINT, SIGHUP);
  while (true) {
    const int signal = co_await signals.async_wait(boost::asio::use_awaitable);
    if (signal != SIGHUP) {
      end(exit_ok, signal == SIGTERM ? "SIGTERM" : "SIGINT");
      continue;
    }
    notify("RELOADING=1");
    if (Result<void> reloaded = co_await agent.reload(); !reloaded)
      log::error("reload: {}; what was in force stays", reloaded.error().text);
    else
      log::info("reloaded");
    notify("READY=1");
  }
}

// A sign of life in each half of the time: from the io thread, so that it fails to come when that thread
// hangs.
Task<> tell_watchdog(net::Loop& loop, int64_t every_ms) {
  while (true) {
    notify("WATCHDOG=1");
    co_await loop.sleep(std::max<int64_t>(every_ms / 2, 1));
  }
}

// What will not work as asked, such as keys that are none or a database of a later release that says that
// this one may not read it, is for a person to mend: the supervisor need not try again.
int exit_of_start(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::ours:
      return exit_io;
    case Error::Kind::permanent:
      return exit_config;
    case Error::Kind::temporary:
      break;
  }
  return exit_software;
}

// What the supervisor listens on and nobody takes connects clients that are never answered.
void complain_of_unused(const PassedSockets& passed, const std::string& name) {
  for (const std::string& socket : passed.unused())
    log::warning("the supervisor listens on {}, which {}.listen does not name: clients wait there in vain",
                 socket, name);
}

// A config that cannot be read any more is no reason to keep an old certificate.
Result<void> check_new_config(const Confinement& confinement, const Arguments& arguments,
                              const std::string& name) {
  const auto fresh = config::Config::load(arguments.config);
  return fresh ? check_covered(confinement, *fresh, name) : Result<void>();
}

int serve(const std::string& name, const config::Config& config, const Arguments& arguments,
          PassedSockets passed, const MakeAgent& make, const std::function<void()>& prepare) {
  const std::string state = config::state_folder(config, name);
  const passwd* user = arguments.user && ::getuid() == 0 ? ::getpwnam(arguments.user->c_str()) : nullptr;
  if (arguments.user && ::getuid() == 0 && !user)
    return complain(name, Error::permanent("no user named " + *arguments.user), exit_os);
  if (auto made = make_ground(config, name, user); !made) return complain(name, made.error(), exit_os);
  if (prepare) prepare();
  net::Loop loop;
  if (user)
    if (auto became = become(*user); !became) return complain(name, became.error(), exit_os);
  if (auto here = check_not_moved(state); !here) return complain(name, here.error(), exit_config);
  auto lock = lock_folder(state);
  if (!lock) return complain(name, lock.error(), exit_unavailable);
  store::put_temporary_files_in(state);

  Ending ending;
  std::unique_ptr<Agent> agent;
  Environment environment{
      loop, config, name, state, place_of(*lock), system_clock().wall_ms(), std::move(passed), {}, {}, {}};
  environment.end = [&](int status, std::string reason) {
    if (std::exchange(ending.begun, true)) return;
    ending.status = status;
    log::info("ends: {}", reason);
    loop.spawn("stop", end_in_order(loop, *agent));
  };
  agent = make(environment);
  if (auto bound = agent->bind(); !bound) return complain(name, bound.error(), exit_unavailable);
  if (user)
    if (auto given = give_up_ports(); !given) return complain(name, given.error(), exit_os);

  const Confinement confinement = confine(config, name);
  environment.sandbox = confinement.words;
  environment.check_reload = [&] { return check_new_config(confinement, arguments, name); };

  log::start();
  if (!confinement.complaint.empty()) log::warning("sandbox: {}", confinement.complaint);
  check_descriptors(config, name);
  complain_of_unused(environment.passed, name);
  int status = exit_ok;
  if (auto started = agent->start(); !started) {
    log::error("start: {}", started.error().text);
    status = exit_of_start(started.error().kind);
  } else {
    // Where each agent is a user of its own, none may write beside the folders of the others: no pid file
    // then.
    const bool has_pid_file = ::access(config.text("run_dir").c_str(), W_OK) == 0;
    if (has_pid_file)
      if (auto written = write_pid_file(config::pid_file(config, name)); !written)
        log::warning("{}", written.error().text);
    loop.spawn("signals", wait_for_signals(loop, *agent, environment.end));
    log::info("futar-{} {} serves; sandbox: {}", name, FUTAR_VERSION, confinement.words);
    notify("READY=1");
    if (const auto every_ms = watchdog_ms()) loop.spawn("watchdog", tell_watchdog(loop, *every_ms));
    loop.run();
    status = ending.status;
    if (has_pid_file) ::unlink(config::pid_file(config, name).c_str());
  }
  // All that was acknowledged is durable by now. Coroutines that still wait refer to the agent's parts and
  // the parts to the loop; taking them apart would prove nothing that kill -9 must not prove anyway.
  log::stop();
  std::_Exit(status);
}

}  // namespace

int run(int argc, char** argv, const std::string& name, const MakeAgent& make,
        const std::function<void()>& prepare) {
  std::signal(SIGPIPE, SIG_IGN);
  ::umask(0077);
  const Arguments arguments = parse_arguments(argc, argv, name);
  if (arguments.finished) return *arguments.finished;
  const auto config = config::Config::load(arguments.config);
  if (!config) return complain(name, config.error(), exit_config);
  if (auto trusted = net::check_trust("mta.relay_networks", config->list("mta.relay_networks"),
                                      net::hiding_gateways(config->text("container")));
      !trusted)
    return complain(name, trusted.error(), exit_config);
  if (arguments.check_config) {
    std::printf("%s: ok\n", config->file().empty() ? "defaults" : config->file().c_str());
    return exit_ok;
  }
  auto passed = PassedSockets::take();
  if (!passed) return complain(name, passed.error(), exit_os);
  log::configure("futar-" + name,
                 config->text("log.format") == "json" ? log::Format::json : log::Format::postfix);
  return serve(name, *config, arguments, *std::move(passed), make, prepare);
}

}  // namespace futar::daemon
