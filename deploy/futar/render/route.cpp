#include "deploy/futar/render/route.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

std::string addresses_of(const json& host) {
  std::vector<std::string> texts;
  for (const json& address : host.value("addresses", json::array()))
    if (address.is_string()) texts.push_back(address.get<std::string>());
  return fmt::format("{}", fmt::join(texts, ", "));
}

std::string hosts_in_words(const json& hosts) {
  if (hosts.empty()) return "";
  std::vector<std::vector<std::string>> rows{{"MX", "host", "addresses", "DNSSEC", "TLS"}};
  for (const json& host : hosts) {
    const json preference = host.value("preference", json());
    rows.push_back({preference.is_number() ? preference.dump() : "-", text_of(host, "name"),
                    addresses_of(host), text_of(host, "dnssec"), text_of(host, "tls")});
  }
  return table(rows);
}

}  // namespace

std::string route_in_words(const json& answer) {
  std::string out = text_of(answer, "text") + "\n" + hosts_in_words(answer.value("hosts", json::array()));
  if (const std::string dns = text_of(answer, "dns"); !dns.empty()) out += fmt::format("dns  {}\n", dns);
  if (const int64_t due = parse_rfc3339(text_of(answer, "due")))
    out += fmt::format(" ! mail for it waits until {}: {}\n", moment_in_words(due),
                       text_of(answer, "last_answer"));
  for (const json& problem : answer.value("problems", json::array()))
    if (problem.is_string()) out += fmt::format(" ! {}\n", printable(problem.get<std::string>()));
  return out;
}

}  // namespace futar::deploy
