// link keys [--folder DIR]
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <nlohmann/json.hpp>

#include "common/base/file.h"
#include "common/zmq/context.h"
#include "common/zmq/keys.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/program.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

bool is_there(const std::string& path) { return ::access(path.c_str(), F_OK) == 0; }

// Whole from the first moment, and never over one that is there: an agent may use it already.
void write_secret(Program& program, const std::string& path, const std::string& agent,
                  const std::string& text) {
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());  // of a run that was broken off
  const Fd file = need(open_file(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600), exit_code::rights);
  need(write_all(file, text, fresh));
  if (const auto group = group_of_agent(program.config(), agent))
    if (::fchown(file.get(), static_cast<uid_t>(-1), *group) != 0 || ::fchmod(file.get(), 0640) != 0)
      need(Result<void>(fail(errno_error(errno, "give " + fresh + " to " + agent))));
  if (::fsync(file.get()) != 0) need(Result<void>(fail(errno_error(errno, "fsync " + fresh))));
  if (::link(fresh.c_str(), path.c_str()) != 0 && errno != EEXIST)
    need(Result<void>(fail(errno_error(errno, "link " + path))));
  ::unlink(fresh.c_str());
}

// The public key of an agent, whose secret is made when there is none.
std::string public_key(Program& program, const std::string& folder, const std::string& agent,
                       std::vector<std::string>& made) {
  const std::string path = folder + "/" + agent + ".secret";
  if (!is_there(path)) {
    write_secret(program, path, agent, zmq::make_curve_keys().second + "\n");
    made.push_back(path);
  }
  return need(zmq::public_key_of(need(zmq::read_key(path))));
}

void allow(const std::string& path, const std::string& key, const std::string& agent,
           std::vector<std::string>& made) {
  if (is_there(path) && zmq::is_listed(path, key)) return;
  std::string text = is_there(path) ? need(read_file(path)) : "# Who may connect, a public key a line.\n";
  if (!text.ends_with('\n')) text += '\n';
  need(replace_file(path, text + key + " # " + agent + "\n", 0644), exit_code::rights);
  made.push_back(path);
}

int keys(Program& program, std::string folder) {
  if (folder.empty()) folder = program.config().text("link.keys");
  if (folder.empty()) throw Stop{exit_code::usage, "link.keys names no folder; say --folder DIR"};
  need(make_folders(folder, 0755), exit_code::rights);
  std::vector<std::string> made;
  const std::string of_mta = public_key(program, folder, "mta", made) + "\n";
  const std::string told = folder + "/mta.public";
  if (!is_there(told) || need(read_file(told)) != of_mta) {
    need(replace_file(told, of_mta, 0644), exit_code::rights);
    made.push_back(told);
  }
  allow(folder + "/submission.allowed", public_key(program, folder, "msa", made), "msa", made);
  allow(folder + "/delivery.allowed", public_key(program, folder, "mda", made), "mda", made);
  need(sync_folder(folder));
  for (const std::string& path : made) program.say("made " + path);
  if (made.empty()) program.say("all keys are there: " + folder);
  if (program.json) program.print_json({{"folder", folder}, {"made", made}});
  return exit_code::done;
}

}  // namespace

void add_link_commands(CLI::App& app, Program& program) {
  CLI::App* link = app.add_subcommand("link", "The links between the agents")->require_subcommand(1);
  const auto folder = std::make_shared<std::string>();
  CLI::App* sub = link->add_subcommand("keys", "Make the CURVE keys of link.keys that are missing");
  sub->add_option("--folder", *folder, "Another folder than link.keys");
  command(sub, program, [&program, folder] { return keys(program, *folder); });
}

}  // namespace futar::deploy
