// dkim list [DOMAIN] [--check] | add DOMAIN | rotate DOMAIN | retire DOMAIN SELECTOR
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/directory/records.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/program.h"
#include "deploy/futar/render/dkim.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

struct DkimWords {
  std::string domain, selector;
  bool check = false;
};

int show(Program& program, const json& answer) {
  if (program.json)
    program.print_json(answer);
  else
    program.print(dkim_in_words(answer));
  return exit_code::done;
}

json ask_mta(Program& program, const char* act, const DkimWords& words, json more = json::object()) {
  more["act"] = act;
  more["domain"] =
      words.domain.empty() ? "" : need(directory::canonical_domain(words.domain), exit_code::usage);
  return need_agent(program, "mta", "dkim", more);
}

int list(Program& program, const DkimWords& words) {
  return show(program, ask_mta(program, "list", words, {{"check", words.check}}));
}

// What a receiver could no longer prove is asked about first.
int retire(Program& program, const DkimWords& words) {
  const json answer = ask_mta(program, "list", words);
  std::string doubt;
  bool found = false;
  for (const json& selector : answer.at("selectors")) {
    if (text_of(selector, "selector") != words.selector) continue;
    found = true;
    if (text_of(selector, "state") == "active")
      doubt = fmt::format("{} signs", words.selector);
    else if (const uint64_t queued = selector.value("queued", uint64_t{0}); queued > 0)
      doubt =
          fmt::format("{} carried by {}", words.selector + " is still", counted(queued, "queued message"));
  }
  if (!found)
    throw Stop{exit_code::unknown, fmt::format("{} has no selector {}", words.domain, words.selector)};
  if (!doubt.empty()) program.confirm(doubt + "; remove its key all the same?");
  return show(program,
              ask_mta(program, "retire", words, {{"selector", words.selector}, {"force", !doubt.empty()}}));
}

}  // namespace

void add_dkim_commands(CLI::App& app, Program& program) {
  const auto words = std::make_shared<DkimWords>();
  CLI::App* dkim = app.add_subcommand("dkim", "The keys that sign our mail")->require_subcommand(1);
  CLI::App* listed = dkim->add_subcommand("list", "Keys, whether they sign, and what to publish");
  listed->add_option("domain", words->domain, "Only of this domain");
  listed->add_flag("--check", words->check, "Ask the DNS now");
  command(listed, program, [&program, words] { return list(program, *words); });
  const auto add = [&](const char* name, const char* what) {
    CLI::App* sub = dkim->add_subcommand(name, what);
    sub->add_option("domain", words->domain, "One of our domains")->required();
    return sub;
  };
  for (const auto& [act, what] : {std::pair("add", "The first keys of a domain (mta makes them by itself)"),
                                  std::pair("rotate", "The next keys, which sign when the DNS shows them")})
    command(add(act, what), program,
            [&program, words, act] { return show(program, ask_mta(program, act, *words)); });
  CLI::App* retired = add("retire", "Remove the private key of a selector");
  retired->add_option("selector", words->selector, "Of the key, as futar dkim list prints it")->required();
  command(retired, program, [&program, words] { return retire(program, *words); });
}

}  // namespace futar::deploy
