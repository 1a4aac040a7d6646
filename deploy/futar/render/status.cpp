#include "deploy/futar/render/status.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

constexpr int64_t long_ago_ms = 24 * 3'600'000;

bool answered(const json& agents, const char* name) {
  return agents.contains(name) && agents[name].is_object();
}

int64_t figure(const json& agents, const char* agent, const char* name) {
  return answered(agents, agent) ? agents[agent].value(name, int64_t{0}) : 0;
}

std::string up_words(const json& agents, const char* name, int64_t now_ms) {
  if (!answered(agents, name)) return fmt::format("{}  DOWN", name);
  return fmt::format("{}  up {}", name,
                     duration_in_words(std::max<int64_t>(now_ms - figure(agents, name, "started_ms"), 0)));
}

bool link_up(const json& agents, const char* agent, const char* peer) {
  if (!answered(agents, agent)) return false;
  return agents[agent].value("links", json::object()).value(peer, json::object()).value("up", false);
}

std::string refused_words(const json& agents, const char* agent) {
  if (!answered(agents, agent)) return "";
  return agents[agent].value("links", json::object()).value("mta", json::object()).value("refused", "");
}

std::string egress_need(const json& problem) {
  const std::string publish = printable(problem.value("publish", ""), 2048);
  return printable(problem.value("text", "")) + (publish.empty() ? "" : "; publish " + publish);
}

// The same gateway hides the clients of both from us: one sentence.
std::string hidden_need(const json& agents) {
  const int64_t count = figure(agents, "msa", "hidden_clients") + figure(agents, "mta", "hidden_clients");
  if (count == 0) return "";
  const char* told = figure(agents, "mta", "hidden_clients") ? "mta" : "msa";
  return fmt::format("{} came from {}, the gateway of the container, which hides who the clients are: {}",
                     counted(static_cast<uint64_t>(count), "connection"),
                     printable(agents[told].value("gateway", "")),
                     "none of them may relay, SPF is not judged (deploy/compose/clients.md)");
}

// One line when all agents have the same; an agent of the version before does not tell.
std::string sandbox_words(const json& agents) {
  std::vector<std::string> told, values;
  for (const char* name : {"msa", "mta", "mda"})
    if (answered(agents, name))
      if (const std::string words = agents[name].value("sandbox", ""); !words.empty()) {
        told.push_back(fmt::format("{} {}", name, printable(words)));
        values.push_back(printable(words));
      }
  if (values.empty()) return "";
  const bool same = std::ranges::count(values, values.front()) == std::ssize(values);
  return same ? values.front() : fmt::format("{}", fmt::join(told, ", "));
}

}  // namespace

json open_work(const json& agents) {
  if (!answered(agents, "msa") || !answered(agents, "mta")) return nullptr;
  return figure(agents, "msa", "to_hand_over") + figure(agents, "mta", "waiting") +
         figure(agents, "mta", "in_flight");
}

std::vector<std::string> needs_attention(const json& agents, int64_t now_ms) {
  std::vector<std::string> needs;
  for (const char* name : {"msa", "mta", "mda"})
    if (!answered(agents, name)) needs.push_back(fmt::format("{} does not answer", name));
  if (const int64_t held = figure(agents, "mta", "held"))
    needs.push_back(fmt::format("{} held: futar queue list --state held",
                                held == 1 ? "1 recipient is" : fmt::format("{} recipients are", held)));
  const int64_t oldest = figure(agents, "mta", "oldest_ms");
  if (oldest && now_ms - oldest > long_ago_ms)
    needs.push_back(
        fmt::format("mail waits for {}: futar queue list --older 1d", duration_in_words(now_ms - oldest)));
  if (answered(agents, "mta"))
    for (const json& problem : agents["mta"].value("egress", json::object()).value("problems", json::array()))
      needs.push_back(egress_need(problem));
  for (const char* name : {"msa", "mda"})
    if (const std::string refused = refused_words(agents, name); !refused.empty())
      needs.push_back(fmt::format("{} is refused by mta: {}", name, printable(refused)));
  for (const char* name : {"msa", "mta", "mda"})
    if (answered(agents, name) && agents[name].value("sandbox", "") == "off")
      needs.push_back(
          fmt::format("{} runs without its sandbox: sandbox = true, then futar restart {}", name, name));
  if (std::string hidden = hidden_need(agents); !hidden.empty()) needs.push_back(std::move(hidden));
  if (const int64_t aside = figure(agents, "mta", "rows_set_aside"))
    needs.push_back(
        fmt::format("{} set aside as damaged: futar audit", counted(static_cast<uint64_t>(aside), "row")));
  return needs;
}

std::string status_in_words(const std::string& host, const json& agents, int64_t now_ms) {
  const auto needs = needs_attention(agents, now_ms);
  std::string out = fmt::format("{}  futar {}  {}\n", host, FUTAR_VERSION,
                                needs.empty()       ? "all is well"
                                : needs.size() == 1 ? "1 THING NEEDS YOU"
                                                    : fmt::format("{} THINGS NEED YOU", needs.size()));
  std::vector<std::vector<std::string>> rows;
  rows.push_back(
      {up_words(agents, "msa", now_ms),
       answered(agents, "msa")
           ? fmt::format("{}, {} to hand over, link {}",
                         counted(static_cast<uint64_t>(figure(agents, "msa", "sessions")), "session"),
                         figure(agents, "msa", "to_hand_over"), link_up(agents, "msa", "mta") ? "up" : "down")
           : ""});
  std::string mta;
  if (answered(agents, "mta")) {
    mta = fmt::format("{}, {} wait, {} in flight, {} held",
                      counted(static_cast<uint64_t>(figure(agents, "mta", "sessions")), "session"),
                      figure(agents, "mta", "waiting"), figure(agents, "mta", "in_flight"),
                      figure(agents, "mta", "held"));
    if (const int64_t oldest = figure(agents, "mta", "oldest_ms"))
      mta += fmt::format(", oldest {}", duration_in_words(now_ms - oldest));
  }
  rows.push_back({up_words(agents, "mta", now_ms), mta});
  rows.push_back({up_words(agents, "mda", now_ms),
                  answered(agents, "mda")
                      ? fmt::format("{} delivered, link {}", figure(agents, "mda", "delivered"),
                                    link_up(agents, "mda", "mta") ? "up" : "down")
                      : ""});
  out += table(rows);
  out += fmt::format("since start  accepted {}  submitted {}  delivered {}  relayed {}  bounced {}\n",
                     figure(agents, "mta", "accepted"), figure(agents, "msa", "accepted"),
                     figure(agents, "mta", "delivered"), figure(agents, "mta", "relayed"),
                     figure(agents, "mta", "bounced"));
  if (answered(agents, "mta"))
    if (const std::string dns = agents["mta"].value("dns", ""); !dns.empty())
      out += fmt::format("dns  {}\n", printable(dns));
  if (const std::string sandbox = sandbox_words(agents); !sandbox.empty())
    out += fmt::format("sandbox  {}\n", sandbox);
  if (const int64_t compared = figure(agents, "mta", "spf_compared"))
    out += fmt::format("spf disagreements {} of {}\n", figure(agents, "mta", "spf_disagreed"), compared);
  for (const auto& need : needs) out += fmt::format(" ! {}\n", need);
  return out;
}

namespace {

// What msa handed over is known to mta. msa was asked first: mail goes on, so mta may know of more, never of
// less.
AuditLine link_line(const json& agents) {
  const int64_t handed = figure(agents, "msa", "terminal");
  const int64_t taken = agents["mta"]
                            .value("taken_over", json::object())
                            .value(agents["msa"].value("instance", ""), int64_t{0});
  return {fmt::format("link {} handed over by msa, {} taken over by mta", handed, taken), handed <= taken};
}

}  // namespace

std::vector<AuditLine> audit_lines(const json& agents) {
  std::vector<AuditLine> lines;
  if (answered(agents, "msa")) {
    const int64_t accepted = figure(agents, "msa", "accepted"), waiting = figure(agents, "msa", "waiting"),
                  terminal = figure(agents, "msa", "terminal");
    lines.push_back({fmt::format("msa  {} accepted = {} handed over + {} waiting (messages)", accepted,
                                 terminal, waiting),
                     accepted == terminal + waiting});
  }
  if (answered(agents, "mta")) {
    const int64_t accepted = figure(agents, "mta", "accepted"), added = figure(agents, "mta", "added"),
                  terminal = figure(agents, "mta", "terminal"), waiting = figure(agents, "mta", "waiting"),
                  in_flight = figure(agents, "mta", "in_flight"), held = figure(agents, "mta", "held");
    lines.push_back(
        {fmt::format(
             "mta  {} accepted + {} added = {} terminal + {} waiting + {} in flight + {} held (recipients)",
             accepted, added, terminal, waiting, in_flight, held),
         accepted + added == terminal + waiting + in_flight + held});
  }
  if (answered(agents, "mda"))
    lines.push_back({fmt::format("mda  {} delivered since its start, {} under way",
                                 figure(agents, "mda", "delivered"), figure(agents, "mda", "in_flight")),
                     true});
  if (answered(agents, "msa") && answered(agents, "mta")) lines.push_back(link_line(agents));
  for (const char* name : {"msa", "mta", "mda"}) {
    if (!answered(agents, name)) continue;
    for (const json& problem : agents[name].value("problems", json::array()))
      if (problem.is_string())
        lines.push_back({fmt::format("{}  {}", name, printable(problem.get<std::string>())), false});
  }
  return lines;
}

}  // namespace futar::deploy
