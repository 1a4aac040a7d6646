// init DOMAIN [--hostname H] [--smart-host URL] [--address IP]...
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/config/listen.h"
#include "common/config/paths.h"
#include "common/config/printer.h"
#include "common/crypto/scram.h"
#include "common/net/tls_context.h"
#include "deploy/futar/change.h"
#include "deploy/futar/ports.h"
#include "deploy/futar/program.h"
#include "deploy/futar/tls_files.h"

namespace futar::deploy {
namespace {

using directory::Records;
using nlohmann::json;

struct InitWords {
  std::string domain, hostname, smart_host, user, password_file, dovecot_group;
  std::vector<std::string> addresses;
  std::vector<std::string> settings;  ///< --set section.key=value
};

std::string file_to_write(const Program& program) {
  if (program.config_file) return *program.config_file;
  const char* by_variable = std::getenv("FUTAR_CONFIG");
  return by_variable && *by_variable ? by_variable : "/etc/futar/futar.toml";
}

// The settings by section, each as "key = value". The value is TOML if it parses, else a string: the reader's
// own rule for the environment.
config::Config wanted_config(const InitWords& words) {
  config::Environment settings{{"FUTAR__HOSTNAME", words.hostname}};
  if (!words.smart_host.empty()) settings.emplace_back("FUTAR__MTA__SMART_HOST", words.smart_host);
  for (const std::string& setting : words.settings) {
    const auto equals = setting.find('=');
    if (equals == std::string::npos)
      throw Stop{exit_code::usage, "--set wants section.key=value, not " + setting};
    std::string name = setting.substr(0, equals);
    if (const auto dot = name.find('.'); dot != std::string::npos) name.replace(dot, 1, "__");
    settings.emplace_back("FUTAR__" + name, setting.substr(equals + 1));
  }
  return need(config::Config::parse("", "", settings), exit_code::usage);
}

// The config as a file: what was set, without the origins that `show` adds.
std::string config_file_text(const config::Config& config) {
  std::string text = "# Futár's settings. `futar config sample` prints all keys with their defaults.\n";
  std::string_view section;
  for (const auto& entry : config.entries()) {
    if (entry.origin.empty()) continue;
    if (entry.option->section != section) text += fmt::format("\n[{}]\n", section = entry.option->section);
    text += fmt::format("{} = {}\n", entry.option->key, config::print_value(*entry.option, entry.value));
  }
  return text;
}

void write_config(Program& program, const InitWords& words) {
  const std::string path = file_to_write(program);
  if (::access(path.c_str(), F_OK) == 0) {
    program.warn(path + " is there already; it stays as it is");
  } else {
    const std::string text = config_file_text(wanted_config(words));
    const auto slash = path.rfind('/');
    if (slash != std::string::npos && slash > 0)
      need(make_folders(path.substr(0, slash), 0755), exit_code::rights);
    need(replace_file(path, text, 0644), exit_code::rights);
    program.say("wrote " + path);
  }
  program.config_file = path;
}

void make_ground(Program& program) {
  const config::Config& config = program.config();
  need(make_folders(config.text("state_dir"), 0755), exit_code::rights);
  for (const char* agent : {"msa", "mta", "mda"})
    need(make_folders(config::state_folder(config, agent)), exit_code::rights);
  need(make_folders(config.text("mda.mailboxes"), 0755), exit_code::rights);
  if (!config.text("tls.certificate").empty()) return;
  need(make_folders(config.text("state_dir") + "/tls", 0755), exit_code::rights);
  need(net::make_self_signed(config.hostname(), config::certificate_file(config), config::key_file(config)));
  need(open_key(config::key_file(config)));
  program.say("certificate: self-signed, " + config::certificate_file(config));
}

void tell_taken_ports(Program& program) {
  std::vector<std::string> endpoints;
  for (const char* name : {"mta.listen", "msa.listen"})
    for (const std::string& entry : program.config().list(name))
      for (const config::Listen& listen : need(config::parse_listen(entry), exit_code::config))
        endpoints.push_back(listen.endpoint);
  for (const std::string& sentence : taken_ports(endpoints)) program.warn(sentence);
}

// postmaster, abuse and mailer-daemon are answered for by Records::postmaster; root, whose mail is cron's, is
// an address like others.
Result<void> point_root_at(Records& records, const std::string& domain, const std::string& account) {
  const std::string root = "root@" + domain;
  if (records.accounts.contains(root) || records.aliases.contains(root)) return {};
  return directory::add_alias(records, root, {account});
}

// The first account: postmaster's mail goes to it too.
std::string first_account(const InitWords& words) {
  if (!words.user.empty())
    return words.user.find('@') == std::string::npos ? words.user + "@" + words.domain : words.user;
  if (!::isatty(STDIN_FILENO)) return "postmaster@" + words.domain;
  std::cerr << "First account [postmaster@" << words.domain << "]: ";
  std::string answer;
  std::getline(std::cin, answer);
  const auto name = trim(answer);
  if (name.empty()) return "postmaster@" + words.domain;
  return std::string(name) + (name.find('@') == std::string_view::npos ? "@" + words.domain : "");
}

int init(Program& program, InitWords words) {
  words.domain = need(directory::canonical_domain(words.domain), exit_code::usage);
  if (words.hostname.empty()) words.hostname = "mail." + words.domain;
  write_config(program, words);
  tell_taken_ports(program);
  make_ground(program);
  if (!words.dovecot_group.empty())
    set_directory_setting(program, dovecot_group_setting, words.dovecot_group);

  const Records before = read_directory(program);
  const std::string account = need(directory::canonical_text(first_account(words)), exit_code::usage);
  const bool is_new = !before.accounts.contains(account);
  const std::string verifier =
      is_new ? crypto::make_scram_keys(program.password(words.password_file)).text() : "";
  change_directory(program, [&](Records& records) -> Result<void> {
    if (!records.domains.contains(words.domain)) TRY(directory::add_domain(records, words.domain));
    if (is_new) TRY(directory::add_account(records, account, {.verifier = verifier}));
    if (records.postmaster.empty()) records.postmaster = account;
    return point_root_at(records, words.domain, records.postmaster);
  });
  program.say(fmt::format("domain {}, account {}{}", words.domain, account, is_new ? "" : " (as it was)"));
  program.say(fmt::format("root, postmaster and abuse of {} go to {}", words.domain,
                          before.postmaster.empty() ? account : before.postmaster));
  const std::string records = dns_before_start(program, words.domain, words.addresses);
  if (!records.empty()) program.say("\nTo publish in the DNS:\n" + records);
  program.say("next: start futar-mta, futar-msa and futar-mda; then futar status, and futar dns " +
              words.domain + (records.empty() ? " --address IP" : "") + " for what to publish");
  if (program.json)
    program.print_json(
        {{"config", *program.config_file}, {"domain", words.domain}, {"account", account}, {"made", is_new}});
  return exit_code::done;
}

}  // namespace

void add_setup_commands(CLI::App& app, Program& program) {
  const auto words = std::make_shared<InitWords>();
  CLI::App* sub =
      app.add_subcommand("init", "Set up a server for a domain: config, folders, certificate, first account");
  sub->add_option("domain", words->domain, "Whose mail lives here")->required();
  sub->add_option("--hostname", words->hostname, "Name of this server (default mail.DOMAIN)");
  sub->add_option("--smart-host", words->smart_host, "Send through smtps://HOST:465 and the like");
  sub->add_option("--user", words->user,
                  "The first account (default postmaster@DOMAIN); gets postmaster's mail");
  sub->add_option("--password-file", words->password_file, "Its first line is the password; - is stdin");
  sub->add_option(
         "--address", words->addresses,
         "Where others see us, for the records to publish, if no address of this machine; repeatable")
      ->allow_extra_args(false);
  sub->add_option("--dovecot-group", words->dovecot_group, "Group that may read dovecot.passwd");
  sub->add_option("--set", words->settings, "Another setting, section.key=value; repeatable")->take_all();
  command(sub, program, [&program, words] { return init(program, *words); });
}

}  // namespace futar::deploy
