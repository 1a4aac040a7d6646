// One change of the directory: read, edit, save, publish, and tell the agents.
#pragma once
#include <functional>

#include "common/directory/records.h"
#include "deploy/futar/program.h"

namespace futar::deploy {

/// Runs `edit` on the directory. When it succeeds the result is stored, published, and each running agent has
/// reopened it when this returns; an agent that is down is named on stderr. What `edit` throws or refuses
/// changes nothing.
void change_directory(Program& program, const std::function<Result<void>(directory::Records&)>& edit);
/// The directory as it is, for lists.
directory::Records read_directory(Program& program);
/// Writes the published files again; for a config that changed, and after a crash between store and files.
void publish_again(Program& program);
/// Small things that `futar` remembers beside the directory.
std::optional<std::string> directory_setting(Program& program, const std::string& name);
void set_directory_setting(Program& program, const std::string& name, const std::string& value);
constexpr auto dovecot_group_setting = "dovecot_group";  ///< who may read dovecot.passwd

/// The key of an account that must exist; Stop(unknown) otherwise.
std::string need_account(const directory::Records& records, const std::string& address);

}  // namespace futar::deploy
