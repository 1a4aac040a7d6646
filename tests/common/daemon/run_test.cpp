#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <vector>

#include "common/daemon/daemon.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;

namespace {

constexpr int prepared = 99;  ///< no status of run()

// The exit status of a process that runs an agent with these arguments, `prepared` when it came so far.
int run_agent(std::vector<std::string> words) {
  std::fflush(nullptr);  // else the child writes it, too
  const pid_t child = ::fork();
  if (child == 0) {
    (void)!std::freopen("/dev/null", "w", stdout);
    (void)!std::freopen("/dev/null", "w", stderr);
    words.insert(words.begin(), "futar-mta");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    const auto make = [](daemon::Environment&) -> std::unique_ptr<daemon::Agent> { ::_exit(1); };
    ::_exit(daemon::run(static_cast<int>(argv.size()), argv.data(), "mta", make, [] { ::_exit(prepared); }));
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string config_in(const TempFolder& folder, const std::string& more) {
  const std::string path = folder / "futar.toml";
  std::ofstream(path) << "hostname = \"mx.example.org\"\nstate_dir = \"" << folder / "state"
                      << "\"\nrun_dir = \"" << folder / "run" << "\"\n"
                      << more;
  return path;
}

}  // namespace

TEST_CASE("an agent makes its process for libspf2 when it is going to serve and in no other case") {
  const TempFolder folder;
  CHECK(run_agent({"--version"}) == daemon::exit_ok);
  CHECK(run_agent({"--help"}) == daemon::exit_ok);
  CHECK(run_agent({"--nonsense"}) == daemon::exit_usage);
  CHECK(run_agent({"--config", folder / "missing.toml"}) == daemon::exit_config);
  CHECK(run_agent({"--config", config_in(folder, "nonsense = 1\n")}) == daemon::exit_config);
  const std::string good = config_in(folder, "");
  CHECK(run_agent({"--config", good, "--check-config"}) == daemon::exit_ok);
  CHECK(run_agent({"--config", good}) == prepared);
}
