// What all commands of `futar` share: the global options, the config, exit codes, output, questions.
#pragma once
#include <fmt/format.h>

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/config/config.h"

namespace CLI {
class App;
}

namespace futar::deploy {

/// sysexits(3), and 1 for "the answer is no".
namespace exit_code {
enum : int {
  done = 0,
  no = 1,
  usage = 64,
  unknown = 67,
  agent_down = 69,
  ours = 70,
  later = 75,
  rights = 77,
  config = 78
};
}

/// Ends the program with a code and words for stderr; thrown anywhere below main, caught in run_program.
struct Stop {
  int code;
  std::string words;
};

class Program {
 public:
  std::optional<std::string> config_file;
  bool json = false;
  bool yes = false;
  std::string color = "auto";
  std::function<int()> action;  ///< of the command that was given; returns the exit code

  const config::Config& config();  ///< read at the first use; Stop(config) when it has faults

  void say(std::string_view text) const;               ///< a line on stdout, unless --json
  void print(std::string_view text) const;             ///< as it is on stdout
  void print_json(const nlohmann::json& value) const;  ///< with "schema": 1
  void warn(std::string_view text) const;              ///< a line on stderr
  bool colored() const;

  /// Asks on the terminal; off a terminal only --yes goes on. Stop(usage) when the answer is not yes.
  void confirm(const std::string& question) const;
  /// The password of --password-file (first line; "-" is stdin), or asked twice on a terminal, or made up:
  /// then it is printed, since nobody else knows it.
  std::string password(const std::string& file) const;

 private:
  std::optional<config::Config> config_;
};

/// The value, or Stop with the words of the error. Without a code: temporary 75, ours 70, permanent 1.
template <class T>
T need(Result<T> result, std::optional<int> code = {}) {
  if (result) {
    if constexpr (std::is_void_v<T>)
      return;
    else
      return std::move(*result);
  }
  using enum Error::Kind;
  const Error& error = result.error();
  throw Stop{code                      ? *code
             : error.kind == temporary ? exit_code::later
             : error.kind == ours      ? exit_code::ours
                                       : exit_code::no,
             error.text};
}

/// A command with what it does; `action` runs after the whole line was read.
void command(CLI::App* app, Program& program, std::function<int()> action);

std::string operator_name();     ///< whoever called sudo, or this user: for events
std::string made_up_password();  ///< like 7kd-qzm-2xw: 44 bits that are easy to read out

// One file a group of commands.
void add_people_commands(CLI::App& app, Program& program);
void add_alias_commands(CLI::App& app, Program& program);
void add_directory_commands(CLI::App& app, Program& program);
void add_setup_commands(CLI::App& app, Program& program);
void add_run_commands(CLI::App& app, Program& program);
void add_backup_commands(CLI::App& app, Program& program);
void add_ask_commands(CLI::App& app, Program& program);
void add_audit_commands(CLI::App& app, Program& program);
void add_queue_commands(CLI::App& app, Program& program);
void add_mail_commands(CLI::App& app, Program& program);
void add_dns_commands(CLI::App& app, Program& program);
void add_report_commands(CLI::App& app, Program& program);
void add_tls_commands(CLI::App& app, Program& program);
void add_judge_commands(CLI::App& app, Program& program);
void add_sign_commands(CLI::App& app, Program& program);
void add_dkim_commands(CLI::App& app, Program& program);
void add_link_commands(CLI::App& app, Program& program);

constexpr auto aliases_file = "/etc/aliases";

/// What to publish for a domain, in words, as far as it is known before mta has made keys. `addresses`: where
/// others see us, as the operator wrote it; without any those of this machine, and "" when none is public.
std::string dns_before_start(Program& program, const std::string& domain,
                             const std::vector<std::string>& addresses);

int print_mailq(Program& program);
/// newaliases: imports aliases(5).
int new_aliases(Program& program, const std::string& file);
/// The sendmail front; `words` are those behind its name.
int sendmail(Program& program, const std::vector<std::string>& words);

/// The whole program; the exit code. Called as sendmail, mailq or newaliases it is these.
int run_program(int argc, char** argv);

}  // namespace futar::deploy
