// audit [--repair]
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/program.h"
#include "deploy/futar/render/pairs.h"
#include "deploy/futar/render/status.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

constexpr size_t most_blocks = 50, most_missing = 100;
constexpr int64_t slack_ms = 3'600'000;  // of what is forgotten at about the same age at both ends

/// One end of a link in a question for its pairs.
struct End {
  std::string agent;
  json arguments;
};

json ask_pairs(Program& program, const End& end, std::optional<int64_t> block = {}) {
  json arguments = end.arguments;
  if (block) arguments["block"] = *block;
  return need_agent(program, end.agent, "pairs", arguments);
}

// An agent of the release before has no such verb; says so.
bool knows_pairs(Program& program, const std::string& agent) {
  const bool older = ask_agent(program, agent, "pairs", {{"block", -1}}).is_unknown_verb();
  if (older) program.warn(agent + " is of the release before: its links are compared by their counts alone");
  return !older;
}

// Mail goes on meanwhile: `of` is always asked before `at`, which knows it first.
void compare(Program& program, const End& of, const End& at, std::string_view all_words,
             std::string_view missing_words, std::vector<AuditLine>& lines) {
  const int64_t oldest = system_clock().wall_ms() - program.config().duration_ms("trace.keep") + slack_ms;
  const json claimed = ask_pairs(program, of);
  const Differing differing = differing_blocks(claimed, ask_pairs(program, at));
  std::vector<Missing> missing;
  for (size_t i = 0; i < differing.blocks.size() && i < most_blocks; ++i) {
    const json pairs = ask_pairs(program, of, differing.blocks[i]);
    for (Missing& one : missing_pairs(pairs, ask_pairs(program, at, differing.blocks[i]), oldest))
      if (missing.size() < most_missing) missing.push_back(std::move(one));
  }
  if (missing.empty()) lines.push_back({fmt::format(fmt::runtime(all_words), differing.total), true});
  for (const Missing& one : missing)
    lines.push_back({fmt::format(fmt::runtime(missing_words), printable(one.id), one.number), false});
}

// Equation (c) of design §5, message by message.
void compare_links(Program& program, const json& agents, std::vector<AuditLine>& lines) {
  const auto there = [&](const char* agent) {
    return agents.contains(agent) && agents[agent].is_object() && knows_pairs(program, agent);
  };
  if (!there("mta")) return;
  if (there("msa"))
    compare(program, {"msa", json::object()},
            {"mta", {{"of", "msa"}, {"instance", agents["msa"].value("instance", "")}}},
            "link each of {} that msa handed over is known to mta",
            "link message {} (msa's {}) was handed over, and mta does not know it", lines);
  if (!there("mda")) return;
  const std::string instance = agents["mta"].value("instance", "");
  compare(program, {"mta", {{"of", "mda"}}}, {"mda", {{"instance", instance}}},
          "mail each of {} that mta calls delivered is in mda's ledger",
          "mail message {} (recipient {}) is delivered, says mta, and mda's ledger does not know it", lines);
  compare(program, {"mda", {{"instance", instance}, {"newest", true}}}, {"mta", {{"of", "recipients"}}},
          "mail each of {} in mda's ledger is a recipient of mta",
          "mail message {} (recipient {}) was delivered, says mda's ledger, and mta does not know it", lines);
}

struct Audit {
  json agents = json::object(), missing = json::array();
  std::vector<AuditLine> lines;
  bool clean() const { return std::ranges::all_of(lines, &AuditLine::holds); }
};

Audit run_audit(Program& program) {
  Audit audit;
  json out = json::object();
  for (const char* agent : {"msa", "mda", "mta"}) {
    Answer answer = ask_agent(program, agent, "audit");
    if (answer.error) tell_missing(program, answer, out);
    audit.agents[agent] = std::move(answer.value);
  }
  audit.missing = out.value("missing", json::array());
  audit.lines = audit_lines(audit.agents);
  compare_links(program, audit.agents, audit.lines);
  return audit;
}

void tell(Program& program, const Audit& audit) {
  for (const AuditLine& line : audit.lines) program.say((line.holds ? "ok    " : "WRONG ") + line.text);
}

// What each agent could mend; an agent that is away mends nothing.
json repair(Program& program, const Audit& audit) {
  json done = json::array();
  for (const char* agent : {"msa", "mta"}) {
    if (!audit.agents[agent].is_object()) continue;
    const json answer = need_agent(program, agent, "repair", {{"by", operator_name()}});
    for (const json& one : answer.value("done", json::array()))
      if (one.is_string()) done.push_back(fmt::format("{}  {}", agent, printable(one.get<std::string>())));
  }
  return done;
}

int audit_command(Program& program, bool repairs) {
  Audit audit = run_audit(program);
  tell(program, audit);
  json done = json::array();
  if (repairs && !audit.clean()) {
    program.confirm("Mend what can be mended without a risk?");
    done = repair(program, audit);
    program.say(done.empty() ? "Nothing of it can be mended without a risk." : "Done:");
    for (const json& one : done) program.say("      " + one.get<std::string>());
    audit = run_audit(program);
    program.say(audit.clean() ? "Now all is accounted for:" : "Left for you:");
    for (const AuditLine& line : audit.lines)
      if (!line.holds || audit.clean()) program.say((line.holds ? "ok    " : "WRONG ") + line.text);
  }
  if (program.json) {
    json problems = json::array();
    for (const AuditLine& line : audit.lines)
      if (!line.holds) problems.push_back(line.text);
    json out{{"agents", audit.agents}, {"clean", audit.clean()}, {"problems", problems}, {"repaired", done}};
    if (!audit.missing.empty()) out["missing"] = audit.missing;
    program.print_json(out);
  }
  return !audit.clean() ? exit_code::no : audit.missing.empty() ? exit_code::done : exit_code::agent_down;
}

}  // namespace

void add_audit_commands(CLI::App& app, Program& program) {
  CLI::App* audit = app.add_subcommand("audit", "Prove that no message is unaccounted for");
  const auto repairs = std::make_shared<bool>(false);
  audit->add_flag("--repair", *repairs, "Mend what can be mended without a risk, and tell what is left");
  command(audit, program, [&program, repairs] { return audit_command(program, *repairs); });
}

}  // namespace futar::deploy
