// queue | queue list SEL | show ID | retry|hold|release|bounce|remove SEL | queue reroute SEL --via URL
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "common/base/clock.h"
#include "common/config/host_url.h"
#include "common/config/units.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/program.h"
#include "deploy/futar/queue_before.h"
#include "deploy/futar/render/queue.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

/// SEL of the command line.
struct Selected {
  std::vector<std::string> ids;
  std::string to, from, state, reason, older, via;
  bool all = false;

  bool is_empty() const {
    return ids.empty() && to.empty() && from.empty() && state.empty() && reason.empty() && older.empty() &&
           !all;
  }
  json arguments() const {
    json select = {{"ids", ids}, {"to", to}, {"from", from}, {"state", state}, {"reason", reason}};
    if (!older.empty()) select["older_ms"] = need(config::parse_duration(older), exit_code::usage);
    return select;
  }
};

json listed(Program& program, const Selected& selected) {
  return need_agent(program, "mta", "queue", {{"select", selected.arguments()}})
      .value("recipients", json::array());
}

json destinations_of(Program& program) {
  const Answer answer = ask_agent(program, "mta", "queue_summary");
  if (answer.is_unknown_verb()) return queue_by_destination(listed(program, {}), system_clock().wall_ms());
  const json told = answer.error ? need_agent(program, "mta", "queue_summary") : answer.value;
  return told.value("destinations", json::array());
}

int show_destinations(Program& program) {
  const json destinations = destinations_of(program);
  if (program.json)
    program.print_json({{"destinations", destinations}});
  else
    program.print(destinations_in_words(destinations));
  return exit_code::done;
}

int list(Program& program, const Selected& selected) {
  const json recipients = listed(program, selected);
  if (program.json)
    program.print_json({{"recipients", recipients}});
  else
    program.print(recipients_in_words(recipients, system_clock().wall_ms()));
  return exit_code::done;
}

int show(Program& program, const Selected& selected) {
  const json recipients = listed(program, selected);
  if (recipients.empty())
    throw Stop{exit_code::unknown, "not in the queue; try: futar trace " + selected.ids.front()};
  if (program.json)
    program.print_json({{"recipients", recipients}});
  else
    for (const json& item : recipients) program.print(recipient_in_words(item));
  return exit_code::done;
}

int act(Program& program, const std::string& verb, const Selected& selected) {
  if (selected.is_empty())
    throw Stop{exit_code::usage, "say which: ids, --to, --from, --state, --reason, --older, or --all"};
  if (verb == "bounce" || verb == "remove") {
    const json doomed = listed(program, selected);
    if (doomed.empty()) throw Stop{exit_code::unknown, "nothing matches"};
    program.confirm(fmt::format("{} {}{}?", verb == "bounce" ? "Return" : "Remove",
                                counted(doomed.size(), "recipient"),
                                verb == "bounce" ? " to the sender" : " without telling the sender"));
  }
  json order = {{"act", verb}, {"select", selected.arguments()}, {"by", operator_name()}};
  if (verb == "reroute") order["via"] = need(config::parse_host_url(selected.via), exit_code::usage).text();
  const json answer = need_agent(program, "mta", "queue_act", order);
  const auto count = answer.value("count", uint64_t{0});
  program.say(acted_in_words(verb, answer));
  if (program.json) program.print_json(answer);
  if (count == 0 && !selected.ids.empty()) throw Stop{exit_code::unknown, "nothing in the queue matches"};
  return exit_code::done;
}

void add_selection(CLI::App* app, const std::shared_ptr<Selected>& selected) {
  app->add_option("id", selected->ids, "Whole ids, their last 6 or first 10 characters or more");
  app->add_option("--to", selected->to, "This recipient, @domain, or destination of `futar queue`");
  app->add_option("--from", selected->from, "This sender, or @domain");
  app->add_option("--state", selected->state, "Only in this state")
      ->check(CLI::IsMember({"waiting", "in_flight", "held"}));
  app->add_option("--reason", selected->reason, "Part of the reason");
  app->add_option("--older", selected->older, "Accepted longer ago than this, such as 1d");
}

// The verbs stand behind `queue` and alone: futar queue hold SEL, futar hold SEL.
void add_verbs(CLI::App* parent, Program& program, const std::shared_ptr<Selected>& selected) {
  constexpr std::pair<const char*, const char*> verbs[] = {{"retry", "Try now"},
                                                           {"hold", "Keep, and do not try"},
                                                           {"release", "End a hold"},
                                                           {"bounce", "Give up and tell the sender"},
                                                           {"remove", "Drop without telling anybody"}};
  for (const auto& [verb, about] : verbs) {
    CLI::App* sub = parent->add_subcommand(verb, about);
    add_selection(sub, selected);
    sub->add_flag("--all", selected->all, "All that is in the queue");
    command(sub, program,
            [&program, selected, name = std::string(verb)] { return act(program, name, *selected); });
  }
  CLI::App* sub = parent->add_subcommand("show", "The recipients of one message");
  sub->add_option("id", selected->ids, "Of a message, or a part of one")->required();
  command(sub, program, [&program, selected] { return show(program, *selected); });
}

}  // namespace

int print_mailq(Program& program) {
  program.print(mailq_in_words(listed(program, {})));
  return exit_code::done;
}

void add_queue_commands(CLI::App& app, Program& program) {
  const auto selected = std::make_shared<Selected>();
  CLI::App* queue = app.add_subcommand("queue", "What waits, by destination")->require_subcommand(0, 1);
  queue->callback([queue, &program] {  // CLI11 calls the group's too when a verb stands behind it
    if (queue->get_subcommands().empty()) program.action = [&program] { return show_destinations(program); };
  });
  CLI::App* lists = queue->add_subcommand("list", "What waits, recipient by recipient");
  add_selection(lists, selected);
  command(lists, program, [&program, selected] { return list(program, *selected); });
  add_verbs(queue, program, selected);
  CLI::App* reroute = queue->add_subcommand("reroute", "Send through another server now, what is held, too");
  add_selection(reroute, selected);
  reroute->add_flag("--all", selected->all, "All that is in the queue");
  reroute->add_option("--via", selected->via, "smtp://, smtp+tls:// or smtps:// and HOST[:PORT]")->required();
  command(reroute, program, [&program, selected] { return act(program, "reroute", *selected); });
  add_verbs(&app, program, selected);
}

}  // namespace futar::deploy
