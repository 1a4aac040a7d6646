// status | trace WHAT | explain ID [RECIPIENT] | audit | route ADDRESS [--from A]
#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>
#include <set>

#include "common/base/clock.h"
#include "common/config/units.h"
#include "deploy/futar/agents.h"
#include "deploy/futar/program.h"
#include "deploy/futar/render/explained.h"
#include "deploy/futar/render/refused.h"
#include "deploy/futar/render/route.h"
#include "deploy/futar/render/status.h"
#include "deploy/futar/render/trace.h"

namespace futar::deploy {
namespace {

using nlohmann::json;

// {"mda": answer or null, "msa": ..., "mta": ...}; who is missing is told.
json ask_all(Program& program, const std::string& verb, json& out) {
  json agents = json::object();
  for (const std::string& agent : agent_names()) {
    Answer answer = ask_agent(program, agent, verb);
    if (answer.error) tell_missing(program, answer, out);
    agents[agent] = std::move(answer.value);
  }
  return agents;
}

int status(Program& program) {
  json out = json::object();
  const json agents = ask_all(program, "status", out);
  const int64_t now = system_clock().wall_ms();
  const auto needs = needs_attention(agents, now);
  if (program.json) {
    out["agents"] = agents;
    out["waiting"] = open_work(agents);
    out["needs"] = needs;
    program.print_json(out);
  } else {
    program.print(status_in_words(program.config().hostname(), agents, now));
  }
  return out.contains("missing") ? exit_code::agent_down : needs.empty() ? exit_code::done : exit_code::no;
}

// Whether one agent lives: for health checks.
int status_of(Program& program, const std::string& agent) {
  const json answer = need_agent(program, agent, "status", json::object());
  program.say(agent + " answers");
  if (program.json) program.print_json({{"agents", {{agent, answer}}}});
  return exit_code::done;
}

struct TraceWords {
  std::string what, from, to, client, message_id, last, recipient;
};

struct Found {
  std::vector<TracedMessage> messages;
  std::vector<RefusedMail> refused;
  bool empty() const { return messages.empty() && refused.empty(); }
};

// mta and msa know the messages; without mta there is only what msa has not handed over.
// What one agent finds by words that the other does not have, as the client of a submission or an alias'
// target, the other is asked for by their ids.
void ask_for_the_other_half(Program& program, json& answers) {
  const auto messages = [&](const char* agent) -> json {
    return answers[agent].is_object() ? answers[agent].value("messages", json::array()) : json::array();
  };
  const auto id_of = [](const json& message) { return message.value("id", ""); };
  for (const auto& [from, to] : {std::pair("msa", "mta"), std::pair("mta", "msa")}) {
    if (!answers[to].is_object()) continue;
    std::set<std::string> known;
    for (const json& message : messages(to)) known.insert(id_of(message));
    json wanted = json::array();
    for (const json& message : messages(from))
      if (!known.contains(id_of(message))) wanted.push_back(id_of(message));
    if (wanted.empty()) continue;
    const Answer half = ask_agent(program, to, "trace", {{"ids", wanted}});
    if (half.error) continue;
    for (const json& one : half.value.value("messages", json::array()))
      answers[to]["messages"].push_back(one);
  }
}

Found find_mail(Program& program, const TraceWords& words, json& out) {
  json filters = {
      {"from", words.from}, {"to", words.to}, {"client", words.client}, {"message_id", words.message_id}};
  if (!words.last.empty()) filters["last_ms"] = need(config::parse_duration(words.last), exit_code::usage);
  const json arguments = {{"what", words.what}, {"filters", filters}};
  json answers = json::object();
  for (const char* agent : {"msa", "mta"}) {
    Answer answer = ask_agent(program, agent, "trace", arguments);
    if (answer.error) tell_missing(program, answer, out);
    answers[agent] = std::move(answer.value);
  }
  ask_for_the_other_half(program, answers);
  Found found{join_traces(answers["msa"], answers["mta"]), {}};
  found.refused = join_refused(answers["msa"], answers["mta"], found.messages);
  return found;
}

// Where mda put it; only for a message that was asked for by name, since it is one question each.
json files_of(Program& program, const std::string& id) {
  const Answer answer = ask_agent(program, "mda", "trace", {{"what", id}});
  if (answer.error) return json::array();
  for (const json& message : answer.value.value("messages", json::array()))
    if (message.value("id", "") == id) return message.value("files", json::array());
  return json::array();
}

int nothing_found(Program& program, const json& out) {
  if (program.json)
    program.print_json({{"messages", json::array()}, {"missing", out.value("missing", json::array())}});
  program.warn("nothing is known of it");
  return out.contains("missing") ? exit_code::agent_down : exit_code::unknown;
}

int trace(Program& program, const TraceWords& words) {
  if (words.what.empty() && words.from.empty() && words.to.empty() && words.client.empty() &&
      words.message_id.empty() && words.last.empty())
    throw Stop{exit_code::usage, "say what to trace: an id, an address, or a filter such as --last 2h"};
  json out = json::object();
  const Found found = find_mail(program, words, out);
  if (found.empty()) return nothing_found(program, out);
  json traced = json::array();
  const auto tell = [&](const std::string& text, json value) {
    if (!traced.empty()) program.say("");
    if (!program.json) program.print(text);
    traced.push_back(std::move(value));
  };
  for (const RefusedMail& mail : found.refused) tell(refused_in_words(mail), refused_json(mail));
  for (const TracedMessage& message : found.messages) tell(trace_in_words(message), trace_json(message));
  if (found.messages.size() == 1) traced.back()["files"] = files_of(program, found.messages[0].id);
  out["messages"] = std::move(traced);
  if (program.json) program.print_json(out);
  return exit_code::done;
}

// What receivers would not find proven of our own mail, with the record to publish.
json tell_doubts(Program& program, const std::vector<TracedMessage>& messages) {
  json doubts = json::array();
  for (const TracedMessage& message : messages)
    for (const TracedEvent& event : message.events) {
      if (event.kind != "own check" || event.cause.empty()) continue;
      program.say(event.text);
      doubts.push_back({{"id", message.id}, {"text", event.text}});
    }
  return doubts;
}

// The state of each recipient, why, and what can be done, without the way; of what was refused the same.
int explain(Program& program, const TraceWords& words) {
  json out = json::object();
  const Found found = find_mail(program, words, out);
  if (found.empty()) return nothing_found(program, out);
  json explained = json::array(), refused = json::array();
  for (const RefusedMail& mail : found.refused) {
    if (!words.recipient.empty() && !std::ranges::count(mail.recipients, words.recipient)) continue;
    if (!program.json) program.print(explained_in_words(mail));
    refused.push_back(explained_json(mail));
  }
  for (const TracedMessage& message : found.messages)
    for (const TracedRecipient& recipient : message.recipients) {
      if (!words.recipient.empty() && recipient.address != words.recipient) continue;
      if (!program.json) program.print(explained_in_words(message, recipient));
      explained.push_back(explained_json(message, recipient));
    }
  const json doubts = tell_doubts(program, found.messages);
  if (explained.empty() && refused.empty())
    throw Stop{exit_code::unknown, words.recipient + " is no recipient of it"};
  out["recipients"] = std::move(explained);
  out["refused"] = std::move(refused);
  out["own_check"] = doubts;
  if (program.json) program.print_json(out);
  return exit_code::done;
}

int route(Program& program, const TraceWords& words) {
  const json answer = need_agent(program, "mta", "route", {{"address", words.what}, {"from", words.from}});
  if (program.json)
    program.print_json(answer);
  else
    program.print(route_in_words(answer));
  return answer.value("accepted", true) ? exit_code::done : exit_code::no;
}

}  // namespace

void add_ask_commands(CLI::App& app, Program& program) {
  const auto words = std::make_shared<TraceWords>();
  const auto verb = [&](const char* word, const char* about) { return app.add_subcommand(word, about); };

  CLI::App* asked = verb("status", "How the server is, and what needs you");
  asked->add_option("agent", words->what, "Only whether this agent answers, for a health check")
      ->check(CLI::IsMember({"msa", "mta", "mda"}));
  command(asked, program, [&program, words] {
    return words->what.empty() ? status(program) : status_of(program, words->what);
  });

  CLI::App* traced = verb("trace", "The way of a message, or of mail that was refused");
  traced->add_option("what", words->what, "An id or a part of it, an address, or a Message-ID in <>");
  traced->add_option("--from", words->from, "Sent by this address");
  traced->add_option("--to", words->to, "Sent to this address or @domain");
  traced->add_option("--client", words->client, "From this IP address");
  traced->add_option("--message-id", words->message_id, "With this Message-ID");
  traced->add_option("--last", words->last, "Accepted or refused within this time, such as 2h");
  command(traced, program, [&program, words] { return trace(program, *words); });

  CLI::App* explained = verb("explain", "Why a message is where it is, or why it was refused and what helps");
  explained->add_option("id", words->what, "Of a message, or of mail that was refused; a part is enough")
      ->required();
  explained->add_option("recipient", words->recipient, "Only this one");
  command(explained, program, [&program, words] { return explain(program, *words); });

  CLI::App* routed = verb("route", "What would happen to mail for an address");
  routed->add_option("address", words->what, "The recipient")->required();
  routed->add_option("--from", words->from, "As if sent by this address");
  command(routed, program, [&program, words] { return route(program, *words); });
}

}  // namespace futar::deploy
