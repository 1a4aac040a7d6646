#include "deploy/futar/change.h"

#include <fmt/ranges.h>
#include <grp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/base/file.h"
#include "common/config/paths.h"
#include "common/directory/directory_store.h"
#include "common/directory/publisher.h"
#include "deploy/futar/agents.h"

namespace futar::deploy {
namespace {

using directory::DirectoryStore;
using directory::Records;

std::unique_ptr<DirectoryStore> open_store(Program& program) {
  const std::string folder = config::directory_folder(program.config());
  need(make_folders(program.config().text("state_dir"), 0755), exit_code::rights);
  need(make_folders(folder), exit_code::rights);
  if (::access(folder.c_str(), W_OK) != 0) throw Stop{exit_code::rights, "you may not change " + folder};
  return need(DirectoryStore::open(folder));
}

// The group that init named; for root else "dovecot", which Debian's package makes.
std::optional<gid_t> dovecot_group(DirectoryStore& store) {
  const auto named = need(store.setting(dovecot_group_setting));
  if (!named && ::geteuid() != 0) return std::nullopt;
  const group* found = ::getgrnam(named ? named->c_str() : "dovecot");
  if (!found && named) throw Stop{exit_code::unknown, "no such group: " + *named};
  if (!found) return std::nullopt;
  return found->gr_gid;
}

void publish(Program& program, DirectoryStore& store, const Records& records) {
  const config::Config& config = program.config();
  need(directory::publish(records, {.folder = config::published_folder(config),
                                    .default_quota = config.size("mda.quota"),
                                    .credentials_group = group_of_agent(config, "msa"),
                                    .dovecot_group = dovecot_group(store)}));
}

void tell_agents(Program& program, uint64_t generation) {
  std::vector<std::string> away;
  for (const std::string& agent : agent_names()) {
    const Answer answer = ask_agent(program, agent, "reopen", {{"generation", generation}});
    if (!answer.error) continue;
    if (answer.error->kind == Error::Kind::temporary)
      away.push_back(agent);
    else
      program.warn(agent + " could not read the change: " + answer.error->text);
  }
  if (!away.empty())
    program.warn(fmt::format("not running: {}; the change is read at the start", fmt::join(away, ", ")));
}

}  // namespace

void change_directory(Program& program, const std::function<Result<void>(Records&)>& edit) {
  const auto store = open_store(program);
  Records records = need(store->read());
  const Records before = records;
  need(edit(records), exit_code::usage);
  if (records != before) need(store->save(records));
  publish(program, *store, records);
  tell_agents(program, records.generation);
}

Records read_directory(Program& program) { return need(open_store(program)->read()); }

void publish_again(Program& program) {
  const auto store = open_store(program);
  publish(program, *store, need(store->read()));
}

std::optional<std::string> directory_setting(Program& program, const std::string& name) {
  return need(open_store(program)->setting(name));
}

void set_directory_setting(Program& program, const std::string& name, const std::string& value) {
  need(open_store(program)->set_setting(name, value));
}

std::string need_account(const Records& records, const std::string& address) {
  const std::string key = need(directory::canonical_text(address), exit_code::usage);
  if (!records.accounts.contains(key)) throw Stop{exit_code::unknown, "no such account: " + key};
  return key;
}

}  // namespace futar::deploy
