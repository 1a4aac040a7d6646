// alias add ALIAS TARGET... | list [DOMAIN] | remove ALIAS [TARGET...]
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "deploy/futar/change.h"
#include "deploy/futar/program.h"

namespace futar::deploy {
namespace {

using directory::Records;
using directory::Targets;
using nlohmann::json;

struct AliasWords {
  std::string alias;
  Targets targets;
};

int list_aliases(Program& program, const std::string& domain) {
  const Records records = read_directory(program);
  json aliases = json::array();
  for (const auto& [alias, targets] : records.aliases) {
    if (!domain.empty() &&
        directory::domain_of(alias) != need(directory::canonical_domain(domain), exit_code::usage))
      continue;
    aliases.push_back({{"alias", alias}, {"targets", targets}});
    program.say(fmt::format("{} -> {}", alias, fmt::join(targets, ", ")));
  }
  if (program.json) program.print_json({{"aliases", aliases}});
  return exit_code::done;
}

int add_alias(Program& program, const AliasWords& words) {
  change_directory(
      program, [&](Records& records) { return directory::add_alias(records, words.alias, words.targets); });
  return exit_code::done;
}

int remove_alias(Program& program, const AliasWords& words) {
  change_directory(program, [&](Records& records) {
    const std::string alias = need(directory::canonical_text(words.alias), exit_code::usage);
    if (!records.aliases.contains(alias)) throw Stop{exit_code::unknown, "no such alias: " + alias};
    return directory::remove_alias(records, alias, words.targets);
  });
  return exit_code::done;
}

}  // namespace

void add_alias_commands(CLI::App& app, Program& program) {
  CLI::App* alias =
      app.add_subcommand("alias", "Addresses that stand for others; @DOMAIN catches the rest of a domain")
          ->require_subcommand(1);
  const auto words = std::make_shared<AliasWords>();

  CLI::App* add = alias->add_subcommand("add", "Let an address go to others, or to more");
  add->add_option("alias", words->alias, "An address of ours; @DOMAIN catches what nobody else is")
      ->required();
  add->add_option("target", words->targets, "Where its mail goes: addresses of ours or of others")
      ->required();
  command(add, program, [&program, words] { return add_alias(program, *words); });

  CLI::App* remove = alias->add_subcommand("remove", "Remove an alias, or some of its targets");
  remove->add_option("alias", words->alias, "The alias")->required();
  remove->add_option("target", words->targets, "Only these; without any, the whole alias");
  command(remove, program, [&program, words] { return remove_alias(program, *words); });

  CLI::App* list = alias->add_subcommand("list", "All aliases, or those of a domain");
  list->add_option("domain", words->alias, "Only of this domain");
  command(list, program, [&program, words] { return list_aliases(program, words->alias); });
}

}  // namespace futar::deploy
