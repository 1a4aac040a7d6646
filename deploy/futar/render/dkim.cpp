#include "deploy/futar/render/dkim.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "deploy/futar/render/dns.h"
#include "deploy/futar/render/words.h"

namespace futar::deploy {

using nlohmann::json;

namespace {

constexpr size_t indent = 14;

std::string beside_seen(const json& selector) {
  const std::string seen = text_of(selector, "seen");
  const std::string shown = seen.empty() ? "the DNS has not been asked yet" : seen;
  if (text_of(selector, "state") == "removed") return "does not sign: its domain was removed here";
  return text_of(selector, "state") == "new" ? "does not sign: " + shown : shown;
}

// What its state means for whoever keeps the zone.
std::string advice(const json& selector) {
  const uint64_t queued = selector.value("queued", uint64_t{0});
  const std::string state = text_of(selector, "state");
  if (state == "new") return "publish:";
  if (state != "old" && state != "removed") return "";
  if (queued > 0)
    return fmt::format("leave it in the DNS: {} still {} it", counted(queued, "queued message"),
                       queued == 1 ? "carries" : "carry");
  return fmt::format("safe to remove from the DNS; then futar dkim retire {} {}", text_of(selector, "domain"),
                     text_of(selector, "selector"));
}

}  // namespace

std::string dkim_in_words(const json& answer) {
  std::string out, domain;
  for (const json& selector : answer.at("selectors")) {
    if (text_of(selector, "domain") != domain) out += (domain = text_of(selector, "domain")) + "\n";
    out += fmt::format("  {:<11} {:<8} {} since {}; {}\n", text_of(selector, "selector"),
                       text_of(selector, "type"), text_of(selector, "state"),
                       moment_in_words(parse_rfc3339(text_of(selector, "since"))), beside_seen(selector));
    if (const std::string line = advice(selector); !line.empty())
      out += std::string(indent, ' ') + line + "\n";
    if (text_of(selector, "state") == "new")
      out += fmt::format("{}. 3600 IN TXT {}\n", text_of(selector, "name"),
                         dns_txt_strings(printable(selector.value("record", ""), 64 * 1024)));
  }
  if (out.empty()) out = "no DKIM keys\n";
  if (!answer.value("asked", true)) out += " ! the DNS has not answered in time: see again in a while\n";
  return out;
}

}  // namespace futar::deploy
