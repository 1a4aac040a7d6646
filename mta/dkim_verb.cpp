#include "mta/dkim_verb.h"

#include <nlohmann/json.hpp>

#include "common/base/text.h"
#include "common/store/ask.h"
#include "mta/queue/signed_store.h"

namespace futar::mta {
namespace {

using nlohmann::json;
using Counts = std::map<std::string, uint64_t>;

constexpr int64_t look_ms = 4000;  // `futar` waits 5 s for an answer

json time_or_null(int64_t wall_ms) { return wall_ms > 0 ? json(rfc3339(wall_ms)) : json(nullptr); }

json selector_json(const Keyring& keyring, const Selector& selector, const Counts& counts) {
  return {{"domain", selector.domain},
          {"selector", selector.selector},
          {"type", crypto::name(selector.type)},
          {"state", keyring.is_orphan(selector) ? "removed" : name(selector.standing)},
          {"made", rfc3339(selector.made_ms)},
          {"since", rfc3339(selector.since_ms)},
          {"looked", time_or_null(selector.looked_ms)},
          {"seen", selector.seen},
          {"name", selector.dns_name()},
          {"record", selector.record},
          {"queued", carried(counts, selector.domain, selector.selector)}};
}

Task<Result<Counts>> count(Subjects s) {
  return store::ask<Counts>(s.reader, [](store::Database& database) { return count_signed(database); });
}

Task<Result<json>> list(Subjects s, std::string domain, bool asked_in_time) {
  const Counts counts = CO_TRY(co_await count(s));
  json selectors = json::array();
  for (const Selector& selector : s.keyring.selectors())
    if (domain.empty() || selector.domain == domain)
      selectors.push_back(selector_json(s.keyring, selector, counts));
  co_return json{{"selectors", std::move(selectors)}, {"asked", asked_in_time}};
}

}  // namespace

Task<Result<json>> dkim_verb(Subjects s, json arguments) {
  const std::string act = arguments.value("act", "list");
  const std::string domain = ascii_lower(arguments.value("domain", ""));
  bool asked_in_time = true;
  if (act == "add") {
    CO_TRY(co_await s.keyring.make(domain, Keyring::Make::first));
  } else if (act == "rotate") {
    CO_TRY(co_await s.keyring.make(domain, Keyring::Make::next));
  } else if (act == "retire") {
    const std::string selector = arguments.value("selector", "");
    const Counts counts = CO_TRY(co_await count(s));
    CO_TRY(co_await s.keyring.retire(domain, selector, carried(counts, domain, selector),
                                     arguments.value("force", false)));
  } else if (act != "list") {
    co_return fail(Error::permanent("no such act"));
  } else if (arguments.value("check", false)) {
    asked_in_time = co_await s.keyring.looked(look_ms);
  }
  co_return co_await list(s, domain, asked_in_time);
}

}  // namespace futar::mta
