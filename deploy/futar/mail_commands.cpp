// send --from A --to B [FILE] | sendmail ... | mailq
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/config/paths.h"
#include "common/directory/directory.h"
#include "common/message/address_list.h"
#include "common/message/date.h"
#include "deploy/futar/program.h"
#include "deploy/futar/sendmail.h"
#include "deploy/futar/submit.h"

namespace futar::deploy {
namespace {

struct SendWords {
  std::string from, file, subject = "A test message";
  std::vector<std::string> to;
};

std::string read_stdin() { return {std::istreambuf_iterator<char>(std::cin), {}}; }

smtp::Address address(const std::string& text) { return need(smtp::parse_address(text), exit_code::usage); }

std::string test_message(const SendWords& words, int64_t now_ms) {
  std::string to;
  for (const auto& one : words.to) to += (to.empty() ? "" : ", ") + one;
  return fmt::format("From: {}\nTo: {}\nSubject: {}\nDate: {}\n\nThis message was made by `futar send`.\n",
                     words.from, to, words.subject, message::date(now_ms));
}

// FILE, or what stands on stdin; on a terminal, and when there is nothing, a short text of our own.
std::string message_text(const SendWords& words) {
  if (!words.file.empty() && words.file != "-")
    return need(read_file(words.file, 256u << 20), exit_code::usage);
  std::string text = words.file.empty() && ::isatty(STDIN_FILENO) ? "" : read_stdin();
  return text.empty() ? test_message(words, system_clock().wall_ms()) : text;
}

int send(Program& program, const SendWords& words) {
  Submission submission{.reverse_path = address(words.from),
                        .recipients = {},
                        .message = message_text(words),
                        .notify = "",
                        .envid = "",
                        .ret = ""};
  for (const auto& to : words.to) submission.recipients.push_back(address(to));
  const std::string id = need(submit(config::submit_socket(program.config()), submission));
  program.say(id);
  if (program.json) program.print_json({{"id", id}});
  return exit_code::done;
}

std::string first_domain(Program& program) {
  const auto& config = program.config();
  const auto directory =
      need(directory::Directory::open(config::published_folder(config), config.text("mda.subaddress")));
  return directory->first_domain().value_or(config.hostname());
}

// "bob" is bob at our first domain.
smtp::Address qualified(Program& program, const smtp::Address& given) {
  return given.domain.empty() ? smtp::Address{given.local, first_domain(program)} : given;
}

smtp::Address parse_bare(Program& program, const std::string& text) {
  std::string_view inner = text;
  if (inner.starts_with('<') && inner.ends_with('>')) inner = inner.substr(1, inner.size() - 2);
  if (inner.find('@') != std::string_view::npos) return address(std::string(inner));
  return address(fmt::format("{}@{}", inner, first_domain(program)));
}

std::string user_name() {
  const passwd* user = ::getpwuid(::getuid());
  return user ? user->pw_name : "uid" + std::to_string(::getuid());
}

void add_recipients_of_header(Program& program, const std::string& text,
                              std::vector<smtp::Address>& recipients) {
  const auto fields = message::split_header(as_data(text));
  for (const char* name : {"To", "Cc", "Bcc"})
    for (const auto& one : need(message::addresses_of(fields, name), exit_code::usage))
      recipients.push_back(qualified(program, one));
}

int deliver(Program& program, const SendmailWords& words) {
  const std::string input = read_stdin();
  Submission submission{.reverse_path = {},
                        .recipients = {},
                        .message = std::string(words.dots_end ? until_dot(input) : input),
                        .notify = words.notify,
                        .envid = words.envid,
                        .ret = words.ret};
  if (!words.null_sender)
    submission.reverse_path = parse_bare(program, words.sender.empty() ? user_name() : words.sender);
  for (const auto& to : words.recipients) submission.recipients.push_back(parse_bare(program, to));
  if (words.from_header) add_recipients_of_header(program, submission.message, submission.recipients);
  if (submission.recipients.empty()) throw Stop{exit_code::usage, "sendmail: no recipients"};
  need(submit(config::submit_socket(program.config()), submission));
  return exit_code::done;
}

}  // namespace

int sendmail(Program& program, const std::vector<std::string>& words) {
  const SendmailWords parsed = need(parse_sendmail(words), exit_code::usage);
  switch (parsed.mode) {
    case SendmailWords::Mode::deliver:
      return deliver(program, parsed);
    case SendmailWords::Mode::smtp:
      need(converse(config::submit_socket(program.config())));
      return exit_code::done;
    case SendmailWords::Mode::queue:
      return print_mailq(program);
    case SendmailWords::Mode::aliases:
      return new_aliases(program, aliases_file);
    case SendmailWords::Mode::nothing:
      return exit_code::done;
  }
  return exit_code::done;
}

void add_mail_commands(CLI::App& app, Program& program) {
  const auto words = std::make_shared<SendWords>();
  CLI::App* sent = app.add_subcommand("send", "Send a message, or a short test; prints its id");
  sent->add_option("file", words->file, "The message; - is stdin");
  sent->add_option("--from", words->from, "The sender")->required();
  sent->add_option("--to", words->to, "Recipients; repeatable")->required()->take_all();
  sent->add_option("--subject", words->subject, "Of the test message");
  command(sent, program, [&program, words] { return send(program, *words); });

  CLI::App* mailq = app.add_subcommand("mailq", "The queue as Postfix's mailq prints it");
  command(mailq, program, [&program] { return print_mailq(program); });
  // Its flags are not ours: run_program hands them to sendmail() unread.
  CLI::App* front = app.add_subcommand("sendmail", "Send a message as programs do: -t -i -f and the like");
  command(front, program, [&program] { return sendmail(program, {}); });
}

}  // namespace futar::deploy
