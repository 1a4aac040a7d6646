// futar backup create|check|restore DIR.
#pragma once
#include <string>

#include "deploy/futar/program.h"

namespace futar::deploy {

/// Copies the running server into an empty folder of mode 0700. What goes wrong leaves nothing behind.
int create_backup(Program& program, const std::string& path);
/// exit_code::no and a line a fault when it is not whole.
int check_backup(Program& program, const std::string& path);
/// Puts it back where the config in force says, while no agent runs and nothing is there.
int restore_backup(Program& program, const std::string& path);

}  // namespace futar::deploy
