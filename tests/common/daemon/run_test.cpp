#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <optional>
#include <vector>

#include "common/daemon/daemon.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;

namespace {

constexpr int prepared = 99;  ///< no status of run()

// An agent whose start fails.
class Failing : public daemon::Agent {
 public:
  explicit Failing(Error error) : error_(std::move(error)) {}
  Result<void> bind() override { return {}; }
  Result<void> start() override { return fail(error_); }
  Task<Result<void>> reload() override { co_return Result<void>(); }
  Task<> stop() override { co_return; }

 private:
  Error error_;
};

void quit_prepared() { ::_exit(prepared); }

// The exit status of a process that runs an agent with these arguments: `prepared` when it came so far, or
// what a start that fails with `error` makes of it.
int run_agent(std::vector<std::string> words, std::optional<Error> error = std::nullopt) {
  std::fflush(nullptr);  // else the child writes it, too
  const pid_t child = ::fork();
  if (child == 0) {
    (void)!std::freopen("/dev/null", "w", stdout);
    (void)!std::freopen("/dev/null", "w", stderr);
    words.insert(words.begin(), "futar-mta");
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    const auto make = [&](daemon::Environment&) { return std::make_unique<Failing>(*error); };
    const auto prepare = error ? [] {} : quit_prepared;
    ::_exit(daemon::run(static_cast<int>(argv.size()), argv.data(), "mta", make, prepare));
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

TEST_CASE("a start that only a person can mend ends as a wrong config does, and is not tried again") {
  const TempFolder folder;
  const std::string good = config_in(folder, "");
  CHECK(run_agent({"--config", good}, Error::permanent("mta.db is of a later release")) ==
        daemon::exit_config);
  CHECK(run_agent({"--config", good}, Error::ours("mta.db is damaged")) == daemon::exit_io);
  CHECK(run_agent({"--config", good}, Error::temporary("no space")) == daemon::exit_software);
}
