// directory export [--with-hashes] | import FILE [--dry-run] [--prune]
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "deploy/futar/change.h"
#include "deploy/futar/exchange.h"
#include "deploy/futar/program.h"

namespace futar::deploy {
namespace {

using directory::Records;
using nlohmann::json;

struct ImportWords {
  std::string file;
  bool dry_run = false, prune = false, with_hashes = false;
};

int import_file(Program& program, const ImportWords& words) {
  const std::string text = need(read_file(words.file), exit_code::usage);
  const json document = json::parse(text, nullptr, false);
  if (document.is_discarded()) throw Stop{exit_code::usage, words.file + " is no JSON"};
  std::vector<std::string> done;
  const auto edit = [&](Records& records) -> Result<void> {
    done = TRY(import_directory(records, document, words.prune));
    return {};
  };
  if (words.dry_run) {
    Records records = read_directory(program);
    need(edit(records), exit_code::usage);
  } else {
    change_directory(program, edit);
  }
  for (const std::string& line : done) program.say((words.dry_run ? "would " : "") + line);
  if (done.empty()) program.say("nothing to do");
  if (program.json) program.print_json({{"done", done}, {"dry_run", words.dry_run}});
  return exit_code::done;
}

}  // namespace

void add_directory_commands(CLI::App& app, Program& program) {
  CLI::App* directory =
      app.add_subcommand("directory", "The whole directory as a JSON file")->require_subcommand(1);
  const auto words = std::make_shared<ImportWords>();

  CLI::App* out = directory->add_subcommand("export", "Print all domains, accounts and aliases");
  out->add_flag("--with-hashes", words->with_hashes, "With password verifiers: keep the output secret");
  command(out, program, [&program, words] {
    program.print_json(export_directory(read_directory(program), words->with_hashes));
    return exit_code::done;
  });

  CLI::App* in = directory->add_subcommand("import", "Add and change what a file says");
  in->add_option("file", words->file)->required();
  in->add_flag("--dry-run", words->dry_run, "Only say what would be done");
  in->add_flag("--prune", words->prune, "Also remove what the file lacks");
  command(in, program, [&program, words] { return import_file(program, *words); });
}

}  // namespace futar::deploy
