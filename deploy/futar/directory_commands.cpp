// directory export [--with-hashes] | import FILE [--format F] [--domain D] [--dry-run] [--prune] | newaliases
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/config/toml_json.h"
#include "deploy/futar/adopt.h"
#include "deploy/futar/change.h"
#include "deploy/futar/exchange.h"
#include "deploy/futar/foreign.h"
#include "deploy/futar/program.h"

namespace futar::deploy {
namespace {

using directory::Records;
using nlohmann::json;

struct ImportWords {
  std::string file, format = "auto", domain;
  bool dry_run = false, prune = false, with_hashes = false;
};

// "" while there is none.
std::string first_domain(const Records& records) {
  const auto first =
      std::ranges::min_element(records.domains, {}, [](const auto& domain) { return domain.second; });
  return first == records.domains.end() ? "" : first->first;
}

void confirm_removals(Program& program, const Adoption& told) {
  std::vector<std::string> removals;
  for (const std::string& line : told.done)
    if (line.starts_with("remove ")) removals.push_back(line);
  if (removals.empty()) return;
  for (const std::string& line : removals) program.warn(line);
  program.confirm(fmt::format("Remove {}? Mailboxes stay on disk.", removals.size() == 1 ? "it" : "these"));
}

int tell_adoption(Program& program, const Adoption& told, bool dry_run) {
  for (const std::string& line : told.done) program.say((dry_run ? "would " : "") + line);
  for (const std::string& line : told.left) program.say("not taken: " + line);
  if (told.done.empty() && told.left.empty()) program.say("nothing to do");
  if (program.json) program.print_json({{"done", told.done}, {"not_taken", told.left}, {"dry_run", dry_run}});
  return told.left.empty() ? exit_code::done : exit_code::no;
}

Result<Adoption> import_document(Records& records, const std::string& text, bool prune) {
  json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) document = json::parse(TRY(config::toml_as_json(text)));
  Adoption told;
  told.done = TRY(import_directory(records, document, prune));
  return told;
}

std::string domain_of_bare_names(const Records& records, const ImportWords& words) {
  if (!words.domain.empty()) return need(directory::canonical_domain(words.domain), exit_code::usage);
  return first_domain(records);
}

// The whole import on these records.
Adoption import_text(Records& records, const std::string& text, const ImportWords& words) {
  const FileKind kind =
      words.format == "auto" ? guess_kind(text) : need(parse_kind(words.format), exit_code::usage);
  if (kind == FileKind::ours) return need(import_document(records, text, words.prune), exit_code::usage);
  return adopt(records, parse_foreign(text, kind), domain_of_bare_names(records, words), words.prune);
}

int import_file(Program& program, const ImportWords& words) {
  constexpr size_t most_octets = 256u << 20;
  const std::string text = need(read_file(words.file, most_octets), exit_code::usage);
  const Records before = read_directory(program);
  Records tried = before;
  Adoption told = import_text(tried, text, words);
  if (!words.dry_run) {
    confirm_removals(program, told);
    change_directory(program, [&](Records& records) -> Result<void> {
      if (records == before)
        records = tried;  // hashing many passwords again would take as long again
      else
        told = import_text(records, text, words);
      return {};
    });
  }
  return tell_adoption(program, told, words.dry_run);
}

// What the file lacks of what it had the last time goes too; aliases of other origin stay.
Adoption import_aliases(Records& records, const std::string& text, const std::vector<std::string>& before) {
  Adoption told = adopt(records, parse_foreign(text, FileKind::aliases), first_domain(records), false);
  for (const std::string& alias : before)
    if (!std::ranges::count(told.aliases, alias) && records.aliases.erase(alias))
      told.done.push_back("remove alias " + alias);
  return told;
}

}  // namespace

int new_aliases(Program& program, const std::string& file) {
  if (::access(file.c_str(), F_OK) != 0) {
    program.say("there is no " + file);
    return exit_code::done;
  }
  const std::string text = need(read_file(file, 16u << 20), exit_code::usage);
  constexpr auto setting = "newaliases";  // what the file had the last time
  const json known = json::parse(directory_setting(program, setting).value_or("[]"), nullptr, false);
  const auto before = known.is_array() ? known.get<std::vector<std::string>>() : std::vector<std::string>{};
  Adoption told;
  change_directory(program, [&](Records& records) -> Result<void> {
    told = import_aliases(records, text, before);
    return {};
  });
  set_directory_setting(program, setting, json(told.aliases).dump());
  return tell_adoption(program, told, false);
}

void add_directory_commands(CLI::App& app, Program& program) {
  CLI::App* directory =
      app.add_subcommand("directory", "All domains, accounts and aliases as one file")->require_subcommand(1);
  const auto words = std::make_shared<ImportWords>();

  CLI::App* out = directory->add_subcommand("export", "Print all domains, accounts and aliases, as TOML");
  out->add_flag("--with-hashes", words->with_hashes, "With password verifiers: keep the output secret");
  command(out, program, [&program, words] {
    const json document = export_directory(read_directory(program), words->with_hashes);
    if (program.json)
      program.print_json(document);
    else
      program.print(directory_as_toml(document));
    return exit_code::done;
  });

  CLI::App* in = directory->add_subcommand(
      "import",
      "Add and change what a file says: of `export`, Dovecot, Postfix or sendmail; exit status 1: "
      "something was not taken");
  in->add_option("file", words->file, "The file; /dev/stdin is what comes in")->required();
  in->add_option("--format", words->format,
                 "ours (TOML or JSON), dovecot (passwd-file), virtual, mailboxes (Postfix's maps), aliases; "
                 "default: by its content")
      ->check(CLI::IsMember({"auto", "ours", "dovecot", "virtual", "mailboxes", "aliases"}));
  in->add_option("--domain", words->domain, "Of names without one; default: our first domain");
  in->add_flag("--dry-run", words->dry_run, "Only say what would be done");
  in->add_flag("--prune", words->prune, "Also remove what the file lacks; asks first");
  command(in, program, [&program, words] { return import_file(program, *words); });

  const auto file = std::make_shared<std::string>(aliases_file);
  CLI::App* aliases =
      app.add_subcommand("newaliases", "Import aliases(5); what left the file since goes too");
  aliases->add_option("file", *file, "In the form of aliases(5)")->capture_default_str();
  command(aliases, program, [&program, file] { return new_aliases(program, *file); });
}

}  // namespace futar::deploy
