#include "deploy/futar/program.h"

#include <pwd.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::deploy {
namespace {

// The first line, its line end dropped.
std::string first_line(std::string_view text) {
  std::string_view line = text.substr(0, text.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return std::string(line);
}

std::string read_line() {
  std::string line;
  if (!std::getline(std::cin, line)) throw Stop{exit_code::usage, "no answer"};
  return first_line(line);
}

std::string ask_hidden(const char* prompt) {
  std::fputs(prompt, stderr);
  termios before{};
  ::tcgetattr(STDIN_FILENO, &before);
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  std::string line;
  std::getline(std::cin, line);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
  std::fputc('\n', stderr);
  return first_line(line);
}

void check_password(const std::string& password) {
  if (password.empty()) throw Stop{exit_code::usage, "the password is empty"};
  if (!is_utf8(password) || password.find('\0') != std::string::npos)
    throw Stop{exit_code::usage, "the password is no UTF-8 text"};
}

}  // namespace

const config::Config& Program::config() {
  if (!config_) config_ = need(config::Config::load(config_file), exit_code::config);
  return *config_;
}

void Program::say(std::string_view text) const {
  if (!json) std::cout << text << '\n';
}

void Program::print(std::string_view text) const { std::cout << text; }

void Program::print_json(const nlohmann::json& value) const {
  nlohmann::json out = value;
  out["schema"] = 1;
  std::cout << out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

void Program::warn(std::string_view text) const {
  std::cout.flush();
  std::cerr << text << '\n';
}

bool Program::colored() const { return color == "always" || (color == "auto" && ::isatty(STDOUT_FILENO)); }

void Program::confirm(const std::string& question) const {
  if (yes) return;
  if (!::isatty(STDIN_FILENO)) throw Stop{exit_code::usage, question + " Say --yes."};
  std::cerr << question << " [y/N] ";
  const std::string answer = read_line();
  if (!equal_nocase(answer, "y") && !equal_nocase(answer, "yes"))
    throw Stop{exit_code::usage, "nothing was done"};
}

std::string Program::password(const std::string& file) const {
  std::string password;
  if (file == "-") {
    password = read_line();
  } else if (!file.empty()) {
    password = first_line(need(read_file(file, 64 * 1024), exit_code::usage));
  } else if (::isatty(STDIN_FILENO)) {
    password = ask_hidden("Password (empty: one is made up): ");
    if (!password.empty() && ask_hidden("Again: ") != password)
      throw Stop{exit_code::usage, "the two differ"};
  }
  if (file.empty() && password.empty()) {
    password = made_up_password();
    warn("password: " + password);
  }
  check_password(password);
  return password;
}

std::string operator_name() {
  if (const char* by_sudo = std::getenv("SUDO_USER")) return by_sudo;
  const passwd* user = ::getpwuid(::getuid());
  return user ? user->pw_name : std::to_string(::getuid());
}

std::string made_up_password() {
  constexpr std::string_view letters = "23456789abcdefghjkmnpqrstuvwxyz";  // no 0 o, 1 l i
  constexpr size_t fair = 256 / letters.size() * letters.size();  // above it some letters would be likelier
  std::string password;
  while (password.size() < 11) {
    const auto octet = static_cast<unsigned char>(crypto::random_bytes(1)[0]);
    if (octet >= fair) continue;
    password += letters[octet % letters.size()];
    if (password.size() == 3 || password.size() == 7) password += '-';
  }
  return password;
}

void command(CLI::App* app, Program& program, std::function<int()> action) {
  app->callback([&program, action = std::move(action)] { program.action = action; });
}

}  // namespace futar::deploy
