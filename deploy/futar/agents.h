// Asking the three agents over their control sockets.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "deploy/futar/program.h"

namespace futar::deploy {

/// One agent's answer, or why there is none.
struct Answer {
  std::string agent;
  nlohmann::json value;
  std::optional<Error> error;

  /// The agent is of a release before, which does not know the verb.
  bool is_unknown_verb() const { return error && error->text.starts_with("no such verb"); }
};

/// All three, in the order mda, msa, mta: after a change of the directory the agent that lets mail in must be
/// the last to know of a new address.
const std::vector<std::string>& agent_names();

Answer ask_agent(Program& program, const std::string& agent, const std::string& verb,
                 const nlohmann::json& arguments = {});
/// Stop(agent_down) when it does not answer, else as need().
nlohmann::json need_agent(Program& program, const std::string& agent, const std::string& verb,
                          const nlohmann::json& arguments = {});
/// "mda does not answer: what it knows is missing here." on stderr, and into `value`'s list "missing".
void tell_missing(Program& program, const Answer& answer, nlohmann::json& value);

/// The group that may read what only this agent may read: that of its state folder, when the agent is
/// somebody else and the kernel lets us give files to that group. None otherwise.
std::optional<gid_t> group_of_agent(const config::Config& config, const std::string& agent);

}  // namespace futar::deploy
