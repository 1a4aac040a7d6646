#include "common/daemon/confinement.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>

#include "common/base/file.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;

namespace {

using Paths = std::vector<std::string>;

bool has(const Paths& paths, const std::string& path) {
  return std::ranges::find(paths, path) != paths.end();
}

// A host as it is installed: config, certificates, state and sockets each in a folder of its own.
struct Host {
  explicit Host(const std::string& more = "") {
    for (const char* name : {"etc", "tls", "archive", "link", "state/msa", "state/mta", "state/mda",
                             "state/published", "run", "mail", "elsewhere"})
      std::filesystem::create_directories(folder / name);
    for (const char* name : {"archive/one.pem", "tls/key.pem", "elsewhere/two.pem", "state/mda/mda.db"})
      std::ofstream(folder / name) << "text";
    std::filesystem::create_symlink(folder / "archive/one.pem", folder / "tls/chain.pem");
    write(more);
  }

  void write(const std::string& more, const std::string& certificate = "tls/chain.pem") {
    std::ofstream(folder / "etc/futar.toml")
        << "state_dir = \"" << folder / "state" << "\"\nrun_dir = \"" << folder / "run" << "\"\n"
        << more << "\n[tls]\ncertificate = \"" << folder / certificate << "\"\nkey = \""
        << folder / "tls/key.pem" << "\"\n[mda]\nmailboxes = \"" << folder / "mail" << "\"\n";
  }

  config::Config config() const {
    auto read = config::Config::load(folder / "etc/futar.toml", {});
    REQUIRE_MESSAGE(read, read.error().text);
    return *std::move(read);
  }
  bool opens(const char* name) const {
    return Fd(::open((folder / name).c_str(), O_RDONLY | O_CLOEXEC)).is_open();
  }

  TempFolder folder;
};

int in_child(const std::function<int()>& deed) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(deed());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool has_landlock() {
  if (sandbox::landlock_abi() >= sandbox::landlock_least) return true;
  MESSAGE("SKIPPED: no Landlock here");
  return false;
}

}  // namespace

TEST_CASE("an agent keeps the folders of the files that are named for it, and writes in its own alone") {
  const Host host;
  const auto msa = daemon::grants(host.config(), "msa"), mda = daemon::grants(host.config(), "mda");
  for (const char* name : {"etc", "tls", "archive", "state/published"})
    CHECK(has(msa.read, host.folder / name));
  CHECK(has(msa.write, host.folder / "state/msa"));
  for (const Paths& paths : {msa.read, msa.write})
    for (const char* name : {"state", "state/mta", "state/mda", "mail"})
      CHECK(!has(paths, host.folder / name));
  CHECK(has(mda.write, host.folder / "mail"));
  CHECK(!has(mda.read, host.folder / "tls"));
  CHECK(!has(mda.read, "/etc"));
}

TEST_CASE("a file in a folder that holds the state of all agents is granted alone") {
  const Host host;
  std::filesystem::rename(host.folder / "etc/futar.toml", host.folder / "futar.toml");
  const auto read = config::Config::load(host.folder / "futar.toml", {});
  const auto granted = daemon::grants(*read, "msa").read;
  CHECK(has(granted, host.folder / "futar.toml"));
  CHECK(std::ranges::find_if(granted, [&](const std::string& path) {
          return sandbox::is_below(host.folder / "state", {path});
        }) == granted.end());
}

TEST_CASE("TCP: msa and mda go to mta's link and to nobody else, mta goes anywhere and binds its links") {
  const std::string links =
      "[link]\nsubmission = \"tcp://mail.example.org:2500\"\ndelivery = \"tcp://[::1]:2501\"\n";
  const Host host, far(links);
  CHECK(daemon::grants(host.config(), "msa").connect == std::vector<uint16_t>{});
  CHECK(daemon::grants(far.config(), "msa").connect == std::vector<uint16_t>{2500, 53});
  CHECK(daemon::grants(far.config(), "mda").connect == std::vector<uint16_t>{2501, 53});
  CHECK(!daemon::grants(far.config(), "mta").connect);
  CHECK(daemon::grants(far.config(), "mta").bind == std::vector<uint16_t>{2500, 2501});
  CHECK(daemon::grants(host.config(), "mta").bind.empty());
  CHECK(has(daemon::grants(far.config(), "mta").read, "/etc"));  // resolv.conf may be replaced
  CHECK(!has(daemon::grants(far.config(), "mda").read, "/etc"));
}

TEST_CASE("confined, an agent opens what is its own and nothing of the others; words tell what holds") {
  if (!has_landlock()) return;
  const Host host;
  CHECK(in_child([&] {
          const daemon::Confinement done = daemon::confine(host.config(), "msa");
          if (!done.has_landlock || !done.complaint.empty()) return 1;
          if (done.words != "landlock " + std::to_string(sandbox::landlock_abi()) + " + seccomp") return 2;
          if (!host.opens("tls/chain.pem") || !host.opens("etc/futar.toml")) return 3;
          if (host.opens("state/mda/mda.db") || host.opens("elsewhere/two.pem") || host.opens("mail"))
            return 4;
          return ::fork() < 0 ? 0 : 5;
        }) == 0);
}

TEST_CASE("sandbox = false leaves all open and says so") {
  const Host host("sandbox = false\n");
  CHECK(in_child([&] {
          const daemon::Confinement done = daemon::confine(host.config(), "msa");
          return done.words == "off" && !done.complaint.empty() && host.opens("state/mda/mda.db") ? 0 : 1;
        }) == 0);
}

TEST_CASE("a reload that names a file in another folder answers that a restart is needed") {
  if (!has_landlock()) return;
  Host host;
  const daemon::Confinement confinement{
      .words = "", .complaint = "", .granted = daemon::grants(host.config(), "mta"), .has_landlock = true};
  CHECK(daemon::check_covered(confinement, host.config(), "mta"));
  host.write("", "elsewhere/two.pem");
  const auto judged = daemon::check_covered(confinement, host.config(), "mta");
  REQUIRE(!judged);
  CHECK(judged.error().text.starts_with("restart needed: " + (host.folder / "elsewhere/two.pem")));
  host.write("", "elsewhere/not there.pem");  // the reload itself will tell
  CHECK(daemon::check_covered(confinement, host.config(), "mta"));
  host.write("");
  std::filesystem::remove(host.folder / "tls/chain.pem");
  std::filesystem::create_symlink(host.folder / "elsewhere/two.pem", host.folder / "tls/chain.pem");
  CHECK(!daemon::check_covered(confinement, host.config(), "mta"));
  CHECK(daemon::check_covered({}, host.config(), "mta"));  // without Landlock all is open
}
