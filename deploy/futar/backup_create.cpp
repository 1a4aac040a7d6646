// futar backup create DIR: what the agents lay ready, then mailboxes, directory, keys, config.
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/config/paths.h"
#include "common/directory/directory_store.h"
#include "common/spool/snapshot.h"
#include "common/store/copy.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/backup.h"
#include "deploy/futar/backup/places.h"
#include "deploy/futar/backup/tree.h"

namespace futar::deploy {
namespace {

using backup::Entry;
using backup::Manifest;
using backup::Tree;
using nlohmann::json;

constexpr int most_passes = 3;
// msa before mta before mda before the mailboxes: what has left one copy is in the next.
constexpr const char* in_order[] = {"msa", "mta", "mda"};

void need_rights(const std::string& path, int how) {
  if (::access(path.c_str(), how) != 0 && errno == EACCES)
    throw Stop{exit_code::rights,
               fmt::format("you may not {} {}: a backup is made by root, or by whom the agents run as",
                           how & W_OK ? "write into" : "read", path)};
}

// A backup among what it copies would hold itself.
void need_outside(const config::Config& config, const std::string& path) {
  const auto target = std::filesystem::weakly_canonical(path);
  for (const char* name : {"state_dir", "mda.mailboxes"}) {
    const auto place = std::filesystem::weakly_canonical(config.text(name));
    if (std::mismatch(place.begin(), place.end(), target.begin(), target.end()).first == place.end())
      throw Stop{exit_code::usage, fmt::format("{} lies in {}, which is to be saved", path, name)};
  }
}

Tree open_target(const std::string& path) {
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    need_rights(path, R_OK | W_OK | X_OK);
    if (!std::filesystem::is_empty(path, error))
      throw Stop{exit_code::usage, path + " is not an empty folder: each backup gets one of its own"};
    if (::chmod(path.c_str(), 0700) != 0) throw Stop{exit_code::rights, "you do not own " + path};
  } else {
    const std::string above = std::filesystem::absolute(path).parent_path();
    need_rights(above, W_OK | X_OK);
    need(make_folders(path, 0700));
  }
  return need(Tree::open(path));
}

class Creation {
 public:
  Creation(Program& program, Tree target) : program_(program), target_(std::move(target)) {
    manifest_.version = FUTAR_VERSION;
    manifest_.hostname = program.config().hostname();
    manifest_.taken_ms = system_clock().wall_ms();
  }

  void run() {
    for (const char* agent : in_order) lay_ready(agent);
    for (const char* agent : in_order) take_agent(agent);
    take_mailboxes();
    take_directory();
    take_rest();
    finish();
  }

  /// Tells the agents that what they laid ready is not needed any more.
  void end() {
    for (const std::string& agent : std::exchange(ready_, {}))
      std::ignore = ask_agent(program_, agent, "backup", {{"act", "end"}});
  }

  const Manifest& manifest() const { return manifest_; }

 private:
  void lay_ready(const std::string& agent) {
    const Answer answer = ask_agent(program_, agent, "backup", {{"act", "begin"}});
    if (answer.error && answer.error->kind == Error::Kind::temporary)
      throw Stop{answer.error->text.find("does not answer") != std::string::npos ? exit_code::agent_down
                                                                                 : exit_code::later,
                 fmt::format("{}: {}; without its part there is no backup", agent, answer.error->text)};
    if (answer.error) need(Result<void>(fail(*answer.error)));
    ready_.push_back(agent);
  }

  // Mode 0600 for all; the manifest remembers what it was.
  bool take(const Tree& from, const std::string& path, const std::string& as) {
    auto entry = need(backup::copy_file(from, path, target_, as, 0600));
    if (entry) manifest_.entries.push_back(*std::move(entry));
    return entry.has_value();
  }

  void note_owner(const std::string& part, const std::string& path) {
    struct stat status{};
    if (::stat(path.c_str(), &status) != 0) return;
    if (const passwd* user = ::getpwuid(status.st_uid)) manifest_.owners[part] = user->pw_name;
  }

  // What was laid ready, and files beside the live database: keys.
  void take_agent(const std::string& agent) {
    const std::string folder = config::state_folder(program_.config(), agent);
    note_owner(agent, folder);
    const Tree state = need(Tree::open(folder));
    const std::string ready = spool::snapshot_folder + std::string("/");
    need(state.each_file(spool::snapshot_folder, [&](const std::string& path) -> Result<void> {
      take(state, path, agent + "/" + path.substr(ready.size()));
      return {};
    }));
    const std::set<std::string> not_taken{"lock", "ballast", store::restored_mark};
    need(state.each_file("", [&](const std::string& path) -> Result<void> {
      const bool live = path.find(".db") != std::string::npos || path.starts_with("spool/");
      if (!live && !path.starts_with(ready) && !not_taken.contains(path))
        take(state, path, agent + "/" + path);
      return {};
    }));
  }

  // A user moves mail while it is copied. What was moved into a folder that had been copied before is found
  // by a second pass; what moves during a pass may be in two places, never in none.
  void take_mailboxes() {
    const std::string folder = program_.config().text("mda.mailboxes");
    note_owner("mail", folder);
    const Tree mail = need(Tree::open(folder));
    std::set<std::string> messages, files;
    for (int pass = 0; pass < most_passes; ++pass) {
      std::set<std::string> found;
      need(mail.each_file("", [&](const std::string& path) -> Result<void> {
        if (backup::is_passing(path) || files.contains(path)) return {};
        const std::string message = backup::message_in(path);
        if (!message.empty() && messages.contains(message)) return {};
        if (!take(mail, path, "mail/" + path)) return {};
        files.insert(path);
        if (!message.empty()) found.insert(message);
        return {};
      }));
      if (found.empty()) break;
      messages.merge(found);
    }
  }

  void take_directory() {
    const std::string folder = config::directory_folder(program_.config());
    note_owner("directory", folder);
    need(target_.make_parents("directory/directory.db"));
    const auto store = need(directory::DirectoryStore::open(folder));
    need(store->copy_to(target_.path() + "/directory/directory.db"));
    manifest_.entries.push_back(need(backup::digest_file(target_, "directory/directory.db")));
  }

  // The self-signed certificate, the config, and files that the config names elsewhere.
  void take_rest() {
    const config::Config& config = program_.config();
    const std::string tls = config.text("state_dir") + "/tls";
    if (const auto tree = Tree::open(tls)) {
      note_owner("tls", tls);
      need(tree->each_file("", [&](const std::string& path) -> Result<void> {
        take(*tree, path, "tls/" + path);
        return {};
      }));
    }
    if (!config.file().empty()) take_outside("config", config.file(), "config");
    for (const char* setting : backup::outside_settings)
      if (const std::string& path = config.text(setting); !path.empty()) {
        take_outside(setting, path, fmt::format("outside/{}", setting));
        manifest_.outside[setting] = path;
      }
  }

  /// A file, or the files of a folder.
  void take_outside(const std::string& what, const std::string& path, const std::string& as) {
    need_rights(path, R_OK);
    const std::filesystem::path real = std::filesystem::weakly_canonical(path);
    std::error_code error;
    const bool folder = std::filesystem::is_directory(real, error);
    const Tree tree = need(Tree::open(folder ? real : real.parent_path()));
    const auto one = [&](const std::string& name) -> Result<void> {
      if (!take(tree, name, as + "/" + name)) program_.warn(what + ": " + path + " is not there");
      return {};
    };
    need(folder ? tree.each_file("", one) : one(real.filename()));
  }

  void finish() {
    need(target_.sync());
    const std::string path = target_.path() + "/" + backup::manifest_file;
    need(replace_file(path, backup::encode(manifest_), 0600));
  }

  Program& program_;
  Tree target_;
  Manifest manifest_;
  std::vector<std::string> ready_;
};

// One at a time on this machine; the folder's own lock, so that no file is left of it.
Fd only_one(const std::string& state_folder) {
  Fd folder = need(open_file(state_folder, O_RDONLY | O_DIRECTORY));
  if (::flock(folder.get(), LOCK_EX | LOCK_NB) != 0)
    throw Stop{exit_code::later, "another backup is being made"};
  return folder;
}

void remove_all(const std::string& path) {
  std::error_code error;
  for (std::filesystem::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
    std::filesystem::remove_all(at->path(), error);
}

}  // namespace

int create_backup(Program& program, const std::string& path) {
  const config::Config& config = program.config();
  for (const char* agent : in_order) need_rights(config::state_folder(config, agent), R_OK | X_OK);
  need_rights(config.text("mda.mailboxes"), R_OK | X_OK);
  need_outside(config, path);
  const Fd lock = only_one(config.text("state_dir"));
  Creation creation(program, open_target(path));
  try {
    creation.run();
  } catch (...) {
    creation.end();
    remove_all(path);  // half a backup is worth less than none
    throw;
  }
  creation.end();
  uint64_t octets = 0;
  for (const Entry& entry : creation.manifest().entries) octets += entry.size;
  const size_t files = creation.manifest().entries.size();
  program.say(fmt::format("{}: {} files, {} octets; look at it with: futar backup check {}", path, files,
                          octets, path));
  if (program.json) program.print_json({{"backup", path}, {"files", files}, {"octets", octets}});
  return exit_code::done;
}

}  // namespace futar::deploy
