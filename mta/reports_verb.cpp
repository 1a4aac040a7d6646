#include "mta/reports_verb.h"

#include <nlohmann/json.hpp>

#include <algorithm>

#include "common/base/text.h"
#include "common/store/ask.h"
#include "mta/outbound/sts_store.h"
#include "mta/reports/report_store.h"

namespace futar::mta {

using nlohmann::json;
using store::Database;

namespace {

constexpr size_t report_limit = 500, sent_limit = 1000;
constexpr int64_t sent_days = 31;
constexpr int64_t day_ms = 24LL * 3600 * 1000;

json report_json(const KeptReport& report) {
  const json details = json::parse(report.details, nullptr, false);
  return {{"organisation", report.organisation},
          {"id", report.id},
          {"domain", report.domain},
          {"begin", rfc3339(report.begin_s * 1000)},
          {"end", rfc3339(report.end_s * 1000)},
          {"received", rfc3339(report.received_ms)},
          {"successes", report.successes},
          {"failures", report.failures},
          {"details", details.is_object() ? details : json::object()}};
}

// How our own sessions to others ended since then, the most frequent first.
Result<json> sent_json(Database& database, const std::string& domain, int64_t since_ms, int64_t now_ms) {
  TlsResults sums;
  const std::string since = rfc3339(since_ms).substr(0, 10);
  for (int64_t back = 0; back <= sent_days; ++back) {
    const std::string day = rfc3339(now_ms - back * day_ms).substr(0, 10);
    if (day < since) break;
    for (const auto& [key, sessions] : TRY(tls_results(database, day)))
      if (domain.empty() || key.domain == domain)
        sums[{"", key.domain, key.policy_type, key.result}] += sessions;
  }
  std::vector<std::pair<TlsResult, uint64_t>> all(sums.begin(), sums.end());
  std::ranges::sort(all, [](const auto& a, const auto& b) {
    return a.second != b.second ? a.second > b.second : a.first < b.first;
  });
  if (all.size() > sent_limit) all.resize(sent_limit);
  json sent = json::array();
  for (const auto& [key, sessions] : all)
    sent.push_back({{"domain", key.domain},
                    {"policy", key.policy_type},
                    {"result", key.result},
                    {"sessions", sessions}});
  return sent;
}

}  // namespace

Task<Result<json>> reports_verb(Subjects s, json arguments) {
  const std::string word = arguments.value("kind", ""), domain = arguments.value("domain", "");
  if (word != "dmarc" && word != "tls") co_return fail(Error::permanent("no such kind of report"));
  const auto kind = word == "tls" ? KeptReport::Kind::tls : KeptReport::Kind::dmarc;
  const int64_t now = s.queue.clock().wall_ms();
  const int64_t since = std::max<int64_t>(0, now - std::max<int64_t>(0, arguments.value("last_ms", now)));
  co_return co_await store::ask<json>(s.reader, [=](Database& database) -> Result<json> {
    const auto found = TRY(find_reports(database, kind, domain, since / 1000, report_limit));
    json list = json::array();
    for (const KeptReport& report : found) list.push_back(report_json(report));
    json answer{{"reports", std::move(list)}, {"more", found.size() == report_limit}};
    if (kind == KeptReport::Kind::tls) answer["sent"] = TRY(sent_json(database, domain, since, now));
    return answer;
  });
}

}  // namespace futar::mta
