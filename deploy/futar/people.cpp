// domain add|list|show|remove, user add|list|show|passwd|suspend|resume|remove
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/config/units.h"
#include "common/crypto/scram.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/change.h"
#include "deploy/futar/program.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {
namespace {

using directory::AccountRecord;
using directory::Records;
using nlohmann::json;

// The options of the user commands; they live as long as the command line is needed.
struct UserWords {
  std::string address, password_file, quota, limit;
  bool purge = false;
};

std::string size_words(uint64_t octets) { return octets ? config::print_size(octets) : "as configured"; }

// "500/day" or "500"; 0 takes the account's own limit away.
uint64_t parse_limit(std::string_view text) {
  if (text.ends_with("/day")) text.remove_suffix(4);
  const auto limit = parse_number(text);
  if (!limit || *limit > INT64_MAX) throw Stop{exit_code::usage, "a limit is written as 500/day"};
  return *limit;
}

json account_json(const std::string& address, const AccountRecord& account) {
  return {{"address", address},
          {"quota", account.quota},
          {"limit_day", account.limit_day},
          {"suspended", account.suspended}};
}

json aliases_of(const Records& records, const std::string& address) {
  json aliases = json::array();
  for (const auto& [alias, targets] : records.aliases)
    if (std::ranges::count(targets, address)) aliases.push_back(alias);
  return aliases;
}

size_t accounts_in(const Records& records, const std::string& domain) {
  return static_cast<size_t>(std::ranges::count_if(
      records.accounts, [&](const auto& entry) { return directory::domain_of(entry.first) == domain; }));
}

std::string need_domain(const Records& records, const std::string& domain) {
  const std::string name = need(directory::canonical_domain(domain), exit_code::usage);
  if (!records.domains.contains(name)) throw Stop{exit_code::unknown, name + " is not one of our domains"};
  return name;
}

int list_domains(Program& program) {
  const Records records = read_directory(program);
  json domains = json::array();
  for (const auto& [name, number] : records.domains) {
    domains.push_back({{"domain", name}, {"accounts", accounts_in(records, name)}});
    program.say(name);
  }
  if (program.json) program.print_json({{"domains", domains}});
  return exit_code::done;
}

int show_domain(Program& program, const std::string& domain) {
  const Records records = read_directory(program);
  const std::string name = need_domain(records, domain);
  const auto catch_all = records.aliases.find("@" + name);
  const std::string role = directory::role_account(records, name);
  const json shown = {
      {"domain", name},
      {"accounts", accounts_in(records, name)},
      {"catch_all", catch_all == records.aliases.end() ? json() : json(catch_all->second.at(0))},
      {"postmaster", role}};
  if (program.json) program.print_json(shown);
  program.say(
      fmt::format("{}: {}; mail for unknown names {}; postmaster is {}", name,
                  counted(accounts_in(records, name), "account"),
                  catch_all == records.aliases.end() ? "is refused" : "goes to " + catch_all->second.at(0),
                  role.empty() ? "nobody yet" : role));
  return exit_code::done;
}

void add_domain_commands(CLI::App& app, Program& program) {
  CLI::App* domain = app.add_subcommand("domain", "The domains whose mail lives here")->require_subcommand(1);
  const auto name = std::make_shared<std::string>();
  const auto verb = [&](const char* word, const char* about, std::function<int()> action) {
    CLI::App* sub = domain->add_subcommand(word, about);
    sub->add_option("domain", *name, "Its name")->required();
    command(sub, program, std::move(action));
  };
  verb("add", "Take mail for a domain", [&program, name] {
    change_directory(program, [&](Records& records) { return directory::add_domain(records, *name); });
    return exit_code::done;
  });
  verb("show", "What lives in a domain", [&program, name] { return show_domain(program, *name); });
  verb("remove", "Take no more mail for an empty domain", [&program, name] {
    change_directory(program, [&](Records& records) {
      return directory::remove_domain(records, need_domain(records, *name));
    });
    return exit_code::done;
  });
  command(domain->add_subcommand("list", "All domains"), program,
          [&program] { return list_domains(program); });
}

int add_user(Program& program, const UserWords& words) {
  AccountRecord account;
  if (!words.quota.empty()) account.quota = need(config::parse_size(words.quota), exit_code::usage);
  if (!words.limit.empty()) account.limit_day = parse_limit(words.limit);
  account.verifier = crypto::make_scram_keys(program.password(words.password_file)).text();
  change_directory(program, [&](Records& records) {
    return directory::add_account(records, words.address, std::move(account));
  });
  return exit_code::done;
}

int list_users(Program& program, const std::string& domain) {
  const Records records = read_directory(program);
  json users = json::array();
  for (const auto& [address, account] : records.accounts) {
    if (!domain.empty() && directory::domain_of(address) != need_domain(records, domain)) continue;
    users.push_back(account_json(address, account));
    program.say(account.suspended ? address + "  (suspended)" : address);
  }
  if (program.json) program.print_json({{"users", users}});
  return exit_code::done;
}

int show_user(Program& program, const UserWords& words) {
  const Records records = read_directory(program);
  const std::string address = need_account(records, words.address);
  const AccountRecord& account = records.accounts.at(address);
  json shown = account_json(address, account);
  shown["aliases"] = aliases_of(records, address);
  if (program.json) program.print_json(shown);
  program.say(fmt::format(
      "{}{}\nquota  {}\nlimit  {}", address, account.suspended ? "  (suspended)" : "",
      size_words(account.quota),
      account.limit_day ? fmt::format("{} recipients a day", account.limit_day) : "as configured"));
  for (const json& alias : shown["aliases"]) program.say(fmt::format("alias  {}", alias.get<std::string>()));
  return exit_code::done;
}

// What passwd, suspend and resume have in common.
int change_account(Program& program, const std::string& address,
                   const std::function<void(AccountRecord&)>& change) {
  change_directory(program, [&](Records& records) -> Result<void> {
    change(records.accounts.at(need_account(records, address)));
    return {};
  });
  return exit_code::done;
}

int set_user(Program& program, const UserWords& words) {
  if (words.quota.empty() && words.limit.empty()) throw Stop{exit_code::usage, "say --quota or --limit"};
  return change_account(program, words.address, [&](AccountRecord& account) {
    if (!words.quota.empty()) account.quota = need(config::parse_size(words.quota), exit_code::usage);
    if (!words.limit.empty()) account.limit_day = parse_limit(words.limit);
  });
}

int change_password(Program& program, const UserWords& words) {
  need_account(read_directory(program), words.address);  // before a password is asked for
  const std::string verifier = crypto::make_scram_keys(program.password(words.password_file)).text();
  return change_account(program, words.address, [&](AccountRecord& account) { account.verifier = verifier; });
}

// From trace and history of all agents. Rows and counts stay; what is under way keeps the address it needs.
int purge_address(Program& program, const std::string& address) {
  json out = {{"address", address}};
  int64_t messages = 0, open = 0;
  for (const std::string& agent : agent_names()) {
    const Answer answer = ask_agent(program, agent, "purge", {{"address", address}});
    if (answer.error) tell_missing(program, answer, out);
    if (answer.error) continue;
    out[agent] = answer.value;
    messages = std::max(messages, answer.value.value("messages", int64_t{0}));
    open += answer.value.value("open", int64_t{0});
  }
  program.say(fmt::format("{} erased from the history of {}", address,
                          counted(static_cast<uint64_t>(messages), "message")));
  if (open > 0)
    program.warn(fmt::format("{} still under way: repeat this when they have ended",
                             open == 1 ? "1 message is" : fmt::format("{} messages are", open)));
  if (program.json) program.print_json(out);
  return out.contains("missing") ? exit_code::agent_down : open > 0 ? exit_code::later : exit_code::done;
}

// The account may have gone before: then there is only history to erase.
int remove_and_purge(Program& program, const UserWords& words) {
  const std::string address = need(directory::canonical_text(words.address), exit_code::usage);
  const bool lives = read_directory(program).accounts.contains(address);
  program.confirm(
      lives ? fmt::format("Remove {} and erase it from all history? Its mailbox stays on disk.", address)
            : fmt::format("Erase {} from all history?", address));
  if (lives)
    change_directory(program, [&](Records& records) { return directory::remove_account(records, address); });
  return purge_address(program, address);
}

int remove_user(Program& program, const UserWords& words) {
  if (words.purge) return remove_and_purge(program, words);
  const std::string address = need_account(read_directory(program), words.address);
  program.confirm(fmt::format("Remove {}? Its mailbox stays on disk.", address));
  change_directory(program, [&](Records& records) {
    return directory::remove_account(records, need_account(records, address));
  });
  return exit_code::done;
}

void add_user_commands(CLI::App& app, Program& program) {
  CLI::App* user =
      app.add_subcommand("user", "The accounts: a mailbox and a login each")->require_subcommand(1);
  const auto words = std::make_shared<UserWords>();
  const auto verb = [&](const char* word, const char* about, std::function<int()> action) {
    CLI::App* sub = user->add_subcommand(word, about);
    sub->add_option("address", words->address, "The account")->required();
    command(sub, program, std::move(action));
    return sub;
  };
  const auto password_option = [words](CLI::App* sub) {
    sub->add_option("--password-file", words->password_file, "Its first line is the password; - is stdin");
  };
  const auto limit_options = [words](CLI::App* sub) {
    sub->add_option("--quota", words->quota, "Largest mailbox, such as 2GiB; 0 = as configured");
    sub->add_option("--limit", words->limit, "Recipients it may send to, such as 500/day; 0 = as configured");
  };
  CLI::App* add = verb("add", "Make an account", [&program, words] { return add_user(program, *words); });
  password_option(add);
  limit_options(add);
  limit_options(
      verb("set", "Change quota or limit", [&program, words] { return set_user(program, *words); }));
  password_option(
      verb("passwd", "Set a new password", [&program, words] { return change_password(program, *words); }));
  verb("show", "One account", [&program, words] { return show_user(program, *words); });
  verb("suspend", "No login, no new mail; the mailbox stays", [&program, words] {
    return change_account(program, words->address, [](AccountRecord& account) { account.suspended = true; });
  });
  verb("resume", "End a suspension", [&program, words] {
    return change_account(program, words->address, [](AccountRecord& account) { account.suspended = false; });
  });
  verb("remove", "Remove an account; its mailbox stays on disk", [&program, words] {
    return remove_user(program, *words);
  })->add_flag("--purge", words->purge, "Erase the address from trace and history, too; counts stay");
  CLI::App* list = user->add_subcommand("list", "All accounts, or those of a domain");
  list->add_option("domain", words->address, "Only of this domain");
  command(list, program, [&program, words] { return list_users(program, words->address); });
}

}  // namespace

void add_people_commands(CLI::App& app, Program& program) {
  add_domain_commands(app, program);
  add_user_commands(app, program);
}

}  // namespace futar::deploy
