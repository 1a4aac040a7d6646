// futar backup check DIR and futar backup restore DIR.
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/config/paths.h"
#include "common/store/copy.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/backup.h"
#include "deploy/futar/backup/checking.h"
#include "deploy/futar/backup/places.h"
#include "deploy/futar/change.h"

namespace futar::deploy {
namespace {

using backup::Entry;
using backup::Manifest;
using backup::Tree;

struct Opened {
  Tree tree;
  Manifest manifest;
};

Opened open_backup(const std::string& path) {
  if (::access(path.c_str(), R_OK | X_OK) != 0 && errno == EACCES)
    throw Stop{exit_code::rights, "you may not read " + path};
  Tree tree = need(Tree::open(path));
  Manifest manifest = need(backup::read_manifest(tree));
  return {std::move(tree), std::move(manifest)};
}

/// Its path of the parts below state_dir and of the mailboxes.
std::string place_of(const config::Config& config, const std::string& part) {
  if (part == "mail") return config.text("mda.mailboxes");
  return config.text("state_dir") + "/" + part;
}

void need_stopped(const config::Config& config) {
  for (const std::string& agent : agent_names()) {
    const auto lock = open_file(config::state_folder(config, agent) + "/lock", O_RDWR);
    if (lock && ::flock(lock->get(), LOCK_EX | LOCK_NB) != 0)
      throw Stop{exit_code::no, agent + " runs: stop all agents first"};
  }
}

// Never over anything: not over mail, and not over a half of another restore.
void need_empty(const std::string& place) {
  const auto tree = Tree::open(place);
  if (!tree) return;
  need(tree->each_file("", [&](const std::string& path) -> Result<void> {
    if (path == "lock") return {};
    throw Stop{exit_code::no, fmt::format("{}/{} is there: a backup is put back only where nothing is; move "
                                          "{} away first",
                                          place, path, place)};
  }));
}

// Of an installer, who made it for its user; else for whom it belonged to.
Tree open_place(const std::string& place, const std::string& owner) {
  struct stat status{};
  const bool there = ::stat(place.c_str(), &status) == 0;
  need(make_folders(place, 0700), exit_code::rights);
  const passwd* user = owner.empty() ? nullptr : ::getpwnam(owner.c_str());
  if (!there && user && ::geteuid() == 0 && ::lchown(place.c_str(), user->pw_uid, user->pw_gid) != 0)
    throw Stop{exit_code::rights, fmt::format("{} cannot be given to {}", place, owner)};
  return need(Tree::open(place));
}

class Restoration {
 public:
  Restoration(Program& program, const Opened& from) : program_(program), from_(from) {}

  void run() {
    for (const char* part : backup::parts) need_empty(place_of(program_.config(), part));
    for (const char* part : backup::parts) {
      const auto owner = from_.manifest.owners.find(part);
      places_.emplace(part, open_place(place_of(program_.config(), part),
                                       owner == from_.manifest.owners.end() ? "" : owner->second));
    }
    for (const Entry& entry : from_.manifest.entries) put_back(entry);
    leave_marks();
    for (const char* agent : {"mda", "mta", "msa"})  // the last step: an agent has its whole state or none
      need(places_.at(agent).rename(pending(agent), fmt::format("{}.db", agent)));
    for (const char* part : backup::parts) need(places_.at(part).sync());
    publish_again(program_);
    if (::geteuid() == 0) give_to_operator();
  }

  size_t files() const { return files_; }

 private:
  static std::string pending(const std::string& agent) { return agent + ".db.pending"; }

  void put_back(const Entry& entry) {
    const auto slash = entry.path.find('/');
    const std::string part = entry.path.substr(0, slash);
    const auto place = places_.find(part);
    if (place == places_.end()) return put_outside(entry);
    std::string path = entry.path.substr(slash + 1);
    if (path == part + ".db" && part != "directory") path = pending(part);
    copy(entry, place->second, path);
  }

  void copy(const Entry& entry, const Tree& place, const std::string& path) {
    need(place.make_parents(path, entry.folder_mode));
    const auto copied = need(backup::copy_file(from_.tree, entry.path, place, path, entry.mode));
    if (!copied || copied->sha256 != entry.sha256)
      throw Stop{exit_code::no, entry.path + " changed while it was put back"};
    if (!entry.group.empty()) give_to_group(entry, need(place.open_file(path, O_RDONLY)));
    ++files_;
  }

  // A secret that one agent reads in a folder of all, as those of link.keys.
  void give_to_group(const Entry& entry, const Fd& file) {
    const group* named = ::getgrnam(entry.group.c_str());
    if (named && ::fchown(file.get(), static_cast<uid_t>(-1), named->gr_gid) == 0) return;
    program_.warn(fmt::format("{} was readable for the group {}, and is not now", entry.path, entry.group));
  }

  // The config and what it names elsewhere: put where the config in force wants it, never over a file.
  void put_outside(const Entry& entry) {
    for (const char* setting : backup::outside_settings) {
      const std::string above = fmt::format("outside/{}/", setting);
      const std::string& wanted = program_.config().text(setting);
      if (!entry.path.starts_with(above) || wanted.empty()) continue;
      const std::string name = entry.path.substr(above.size());
      const bool is_folder = std::string_view(setting) == "link.keys";
      const std::string path = is_folder ? wanted + "/" + name : wanted;
      if (::access(path.c_str(), F_OK) == 0) {
        program_.warn(fmt::format("{}: {} is there and stays", setting, path));
        return;
      }
      const std::filesystem::path target(path);
      need(make_folders(target.parent_path(), 0755), exit_code::rights);
      copy(entry, need(Tree::open(target.parent_path())), target.filename());
      return;
    }
  }

  // What root has just made beside the directory belongs to whom the directory does, who may not be root.
  void give_to_operator() {
    struct stat status{};
    const Fd folder = need(places_.at("directory").open_file("", O_RDONLY | O_DIRECTORY));
    if (::fstat(folder.get(), &status) != 0) return;
    const auto give = [&](const Tree& tree, const std::string& path) -> Result<void> {
      const Fd fd = TRY(tree.open_file(path, O_RDONLY));
      if (::fchown(fd.get(), status.st_uid, static_cast<gid_t>(-1)) == 0) return {};
      return fail(errno_error(errno, "chown " + path));
    };
    const Tree published = need(Tree::open(config::published_folder(program_.config())));
    need(give(published, ""));
    for (const Tree* tree : {&published, &std::as_const(places_.at("directory"))})
      need(tree->each_file("", [&](const std::string& path) { return give(*tree, path); }));
  }

  // At its first start each agent sees that its database is older than what it did last.
  void leave_marks() {
    const std::string text = store::encode_restored({from_.manifest.taken_ms, system_clock().wall_ms()});
    for (const std::string& agent : agent_names()) {
      const Fd fd = need(places_.at(agent).open_file(store::restored_mark, O_WRONLY | O_CREAT | O_EXCL));
      need(write_all(fd, text, store::restored_mark));
      struct stat above{};
      const Fd folder = need(places_.at(agent).open_file("", O_RDONLY | O_DIRECTORY));
      if (::fstat(folder.get(), &above) == 0 && ::geteuid() == 0)
        std::ignore = ::fchown(fd.get(), above.st_uid, above.st_gid);
    }
  }

  Program& program_;
  const Opened& from_;
  std::map<std::string, Tree> places_;
  size_t files_ = 0;
};

}  // namespace

int check_backup(Program& program, const std::string& path) {
  const Opened opened = open_backup(path);
  const auto faults = need(backup::find_faults(opened.tree, opened.manifest));
  for (const std::string& fault : faults) program.say("WRONG " + fault);
  const std::string when = rfc3339(opened.manifest.taken_ms);
  if (faults.empty())
    program.say(fmt::format("ok: {} files of {}, taken {}", opened.manifest.entries.size(),
                            opened.manifest.hostname, when));
  if (program.json)
    program.print_json({{"backup", path},
                        {"taken", when},
                        {"hostname", opened.manifest.hostname},
                        {"version", opened.manifest.version},
                        {"files", opened.manifest.entries.size()},
                        {"faults", faults}});
  return faults.empty() ? exit_code::done : exit_code::no;
}

int restore_backup(Program& program, const std::string& path) {
  const Opened opened = open_backup(path);
  need_stopped(program.config());
  if (const auto faults = need(backup::find_faults(opened.tree, opened.manifest)); !faults.empty())
    throw Stop{exit_code::no,
               fmt::format("{} is not whole, nothing was put back: {} (futar backup check tells "
                           "all {})",
                           path, faults.front(), faults.size())};
  Restoration restoration(program, opened);
  restoration.run();
  program.say(
      fmt::format("{} files put back, as of {}.", restoration.files(), rfc3339(opened.manifest.taken_ms)));
  program.say(
      "Start the agents. What was not delivered then is held: the old machine may have sent it.\n"
      "When it is surely gone: futar queue list --state held, then futar release --reason \"restored "
      "from backup\"");
  if (program.json) program.print_json({{"backup", path}, {"files", restoration.files()}});
  return exit_code::done;
}

void add_backup_commands(CLI::App& app, Program& program) {
  CLI::App* group =
      app.add_subcommand("backup", "Save the running server, and put it back")->require_subcommand(1);
  const auto folder = std::make_shared<std::string>();
  const auto verb = [&](const char* word, const char* about, int (*deed)(Program&, const std::string&)) {
    CLI::App* sub = group->add_subcommand(word, about);
    sub->add_option("folder", *folder, "Of the backup")->required();
    command(sub, program, [&program, folder, deed] { return deed(program, *folder); });
  };
  verb("create", "Into an empty folder, while all runs", create_backup);
  verb("check", "Whether it is whole", check_backup);
  verb("restore", "Where nothing is, while nothing runs; what was not delivered then is held",
       restore_backup);
}

}  // namespace futar::deploy
