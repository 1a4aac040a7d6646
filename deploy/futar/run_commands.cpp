// config check|show [--changed]|sample|reference | reload [AGENT] | restart AGENT
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/config/printer.h"
#include "common/net/gateways.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/change.h"
#include "deploy/futar/program.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

json value_json(const config::Value& value) {
  return std::visit([](const auto& v) { return json(v); }, value);
}

// What the reader cannot see: settings that contradict each other or name files that are not there.
std::vector<std::string> contradictions(const config::Config& config) {
  std::vector<std::string> found;
  if (config.text("tls.certificate").empty() != config.text("tls.key").empty())
    found.emplace_back("tls.certificate and tls.key: one without the other");
  for (const char* name :
       {"tls.certificate", "tls.key", "mta.smart_host_password_file", "link.keys", "dns.anchor"}) {
    const std::string& path = config.text(name);
    if (!path.empty() && ::access(path.c_str(), F_OK) != 0)
      found.push_back(fmt::format("{}: {} is not there", name, path));
  }
  for (const char* name : {"link.submission", "link.delivery"})
    if (config.text(name).starts_with("tcp://") && config.text("link.keys").empty())
      found.push_back(fmt::format("{}: tcp needs link.keys", name));
  const auto trusted = net::check_trust("mta.relay_networks", config.list("mta.relay_networks"),
                                        net::hiding_gateways(config.text("container")));
  if (!trusted) found.push_back(trusted.error().text);
  if (config.duration_ms("mta.retry_first") > config.duration_ms("mta.retry_max"))
    found.emplace_back("mta.retry_first is longer than mta.retry_max");
  return found;
}

int check(Program& program) {
  const config::Config& config = program.config();  // Stop(config) with all faults
  const auto found = contradictions(config);
  for (const auto& line : found) program.warn(line);
  const std::string file = config.file().empty() ? "no config file, so the defaults hold" : config.file();
  if (found.empty()) program.say("ok: " + file);
  if (program.json) program.print_json({{"file", config.file()}, {"ok", found.empty()}, {"problems", found}});
  return found.empty() ? exit_code::done : exit_code::config;
}

int show(Program& program, bool changed_only) {
  const config::Config& config = program.config();
  if (!program.json) {
    program.print(config::show(config, changed_only));
    return exit_code::done;
  }
  json settings = json::object();
  for (const auto& entry : config.entries())
    if (!changed_only || !entry.origin.empty())
      settings[entry.option->name()] = {{"value", value_json(entry.value)}, {"origin", entry.origin}};
  program.print_json({{"settings", settings}});
  return exit_code::done;
}

// reload and restart: one agent, or all.
int tell(Program& program, const std::string& verb, const std::string& only) {
  int code = exit_code::done;
  json done = json::object();
  for (const std::string& agent : agent_names()) {
    if (!only.empty() && agent != only) continue;
    const Answer answer = ask_agent(program, agent, verb);
    if (answer.error) {
      program.warn(answer.error->kind == Error::Kind::temporary ? agent + " does not answer"
                                                                : agent + ": " + answer.error->text);
      code = answer.error->kind == Error::Kind::temporary ? exit_code::agent_down : exit_code::no;
      done[agent] = answer.error->text;
      continue;
    }
    program.say(agent + ": done");
    done[agent] = "done";
  }
  if (program.json) program.print_json({{verb, done}});
  return code;
}

void add_config_commands(CLI::App& app, Program& program) {
  CLI::App* config = app.add_subcommand("config", "The settings")->require_subcommand(1);
  command(config->add_subcommand("check", "Find faults"), program, [&program] { return check(program); });
  CLI::App* shown = config->add_subcommand("show", "What holds, and where it was set");
  const auto changed = std::make_shared<bool>(false);
  shown->add_flag("--changed", *changed, "Only what differs from the defaults");
  command(shown, program, [&program, changed] { return show(program, *changed); });
  command(config->add_subcommand("sample", "A config file with every key"), program, [&program] {
    program.print(config::sample());
    return exit_code::done;
  });
  command(config->add_subcommand("reference", "All keys as a table"), program, [&program] {
    program.print(config::reference());
    return exit_code::done;
  });
}

}  // namespace

void add_run_commands(CLI::App& app, Program& program) {
  add_config_commands(app, program);
  const auto agent = std::make_shared<std::string>();
  const auto agents = CLI::IsMember({"msa", "mta", "mda"});

  CLI::App* reload = app.add_subcommand("reload", "Read config, certificates and directory again");
  reload->add_option("agent", *agent, "Only this one")->check(agents);
  command(reload, program, [&program, agent] {
    publish_again(program);
    return tell(program, "reload", *agent);
  });
  CLI::App* restart =
      app.add_subcommand("restart", "End an agent in good order; its supervisor starts it again");
  restart->add_option("agent", *agent, "Which one")->required()->check(agents);
  command(restart, program, [&program, agent] { return tell(program, "restart", *agent); });
}

}  // namespace futar::deploy
