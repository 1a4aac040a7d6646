#include "deploy/futar/agents.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "common/config/paths.h"
#include "proto/control/control.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

constexpr int patience_ms = 5000;
constexpr int long_patience_ms = 300'000;  // for what reads the whole history

bool is_long(std::string_view verb) {
  return verb == "audit" || verb == "pairs" || verb == "repair" || verb == "backup" || verb == "purge";
}

// A socket that is there but closed to us is a matter of rights, not of a dead agent.
bool is_forbidden(const std::string& endpoint) {
  const std::string path = endpoint.substr(std::string_view("ipc://").size());
  return ::access(path.c_str(), W_OK) != 0 && errno == EACCES;
}

// Whether the kernel would let us give a file to this group.
bool may_give(gid_t group) {
  if (::geteuid() == 0) return true;
  std::vector<gid_t> groups(static_cast<size_t>(std::max(::getgroups(0, nullptr), 0)));
  const int count = ::getgroups(static_cast<int>(groups.size()), groups.data());
  return group == ::getegid() || std::count(groups.begin(), groups.begin() + std::max(count, 0), group) > 0;
}

}  // namespace

const std::vector<std::string>& agent_names() {
  static const std::vector<std::string> names{"mda", "msa", "mta"};
  return names;
}

Answer ask_agent(Program& program, const std::string& agent, const std::string& verb, const json& arguments) {
  const std::string endpoint = config::control_endpoint(program.config(), agent);
  if (is_forbidden(endpoint))
    throw Stop{exit_code::rights, "you may not talk to " + agent + " (" + endpoint + ")"};
  auto answer = proto::ask(endpoint, verb, arguments.is_null() ? json::object() : arguments,
                           is_long(verb) ? long_patience_ms : patience_ms);
  if (answer) return {agent, std::move(*answer), std::nullopt};
  return {agent, json(), answer.error()};
}

json need_agent(Program& program, const std::string& agent, const std::string& verb, const json& arguments) {
  Answer answer = ask_agent(program, agent, verb, arguments);
  if (!answer.error) return std::move(answer.value);
  if (answer.error->kind == Error::Kind::temporary)
    throw Stop{exit_code::agent_down, agent + " does not answer"};
  return need(Result<json>(fail(*answer.error)));
}

void tell_missing(Program& program, const Answer& answer, json& value) {
  value["missing"].push_back(answer.agent);
  program.warn(answer.error->kind == Error::Kind::temporary
                   ? answer.agent + " does not answer: what it knows is missing here"
                   : answer.agent + ": " + answer.error->text);
}

std::optional<gid_t> group_of_agent(const config::Config& config, const std::string& agent) {
  struct stat status{};
  if (::stat(config::state_folder(config, agent).c_str(), &status) != 0) return std::nullopt;
  if (status.st_uid == ::geteuid() || !may_give(status.st_gid)) return std::nullopt;
  return status.st_gid;
}

}  // namespace futar::deploy
