// The command line as a whole.
#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "common/log/log.h"
#include "deploy/futar/program.h"

namespace futar::deploy {
namespace {

std::string base_name(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

void add_global_options(CLI::App& app, Program& program) {
  app.add_option("--config", program.config_file,
                 "Config file (else FUTAR_CONFIG, else /etc/futar/futar.toml)");
  app.add_flag("--json", program.json, "Answer as JSON");
  app.add_flag("--yes", program.yes, "Do not ask");
  app.add_option("--color", program.color, "Colours in words for people")
      ->check(CLI::IsMember({"auto", "always", "never"}));
}

// Reads the line; the exit code when there is nothing to do but that (help, or a fault in the line).
std::optional<int> parse(CLI::App& app, Program& program, std::vector<std::string> words) {
  add_global_options(app, program);
  app.require_subcommand(1);
  app.fallthrough();  // global options may stand anywhere; subcommands inherit it
  app.set_version_flag("--version", std::string("futar ") + FUTAR_VERSION);
  for (auto add :
       {add_setup_commands, add_people_commands, add_alias_commands, add_directory_commands, add_ask_commands,
        add_audit_commands, add_queue_commands, add_run_commands, add_backup_commands, add_mail_commands,
        add_dns_commands, add_dkim_commands, add_report_commands, add_tls_commands, add_judge_commands,
        add_sign_commands, add_link_commands})
    add(app, program);
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    app.parse(words);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    const bool is_help = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(error, std::cout, std::cerr);
    return is_help ? exit_code::done : exit_code::usage;
  }
}

// Where the words of sendmail begin, if that is the command: behind its name, which only global options
// precede.
std::optional<size_t> sendmail_at(const std::vector<std::string>& words) {
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "sendmail") return i + 1;
    if (words[i] == "--config" || words[i] == "--color")
      ++i;
    else if (!words[i].starts_with("--"))
      return std::nullopt;
  }
  return std::nullopt;
}

int run(std::vector<std::string> words, const std::string& name) {
  CLI::App app{"Futár: the operator's program", "futar"};
  Program program;
  std::vector<std::string> of_sendmail;
  if (name == "sendmail" || name == "mailq" || name == "newaliases") {
    of_sendmail = std::exchange(words, {name});
  } else if (const auto at = sendmail_at(words)) {
    of_sendmail.assign(words.begin() + static_cast<ptrdiff_t>(*at), words.end());
    words.resize(*at);
  }
  if (const auto code = parse(app, program, words)) return *code;
  if (words.back() == "sendmail") return sendmail(program, of_sendmail);
  return program.action();
}

}  // namespace

int run_program(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  try {
    const int code = run({argv + 1, argv + argc}, base_name(argv[0]));
    std::cout.flush();
    return code;
  } catch (const Stop& stop) {
    std::cout.flush();
    std::cerr << stop.words << '\n';
    return stop.code;
  } catch (const std::exception& error) {
    std::cout.flush();
    std::cerr << "futar: " << error.what() << '\n';
    return exit_code::ours;
  }
}

}  // namespace futar::deploy
