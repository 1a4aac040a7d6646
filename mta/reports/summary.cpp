#include "mta/reports/summary.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "common/base/text.h"

namespace futar::mta {
namespace {

using nlohmann::json;
using reports::Aggregate;
using reports::TlsReport;

constexpr size_t max_text = 100;               // octets; a stranger chooses them
constexpr int64_t latest_s = 4'102'444'800LL;  // 2100

int64_t sane(int64_t time_s) { return std::clamp<int64_t>(time_s, 0, latest_s); }
std::string cut(std::string_view text) { return printable(text, max_text); }

// Entries by what they say, with their count.
class Tally {
 public:
  void add(const json& entry, bool pass, uint64_t count) {
    if (count > 0) counts_[{pass, entry.dump()}] += count;
  }
  /// Into `details`, under `name`.
  void write(json& details, const char* name) const {
    std::vector<std::tuple<bool, uint64_t, std::string>> all;  // the second: so that more sorts earlier
    for (const auto& [key, count] : counts_) all.emplace_back(key.first, ~count, key.second);
    std::ranges::sort(all);
    json list = json::array();
    uint64_t left_out = 0;
    for (const auto& [pass, complement, text] : all) {
      const uint64_t count = ~complement;
      if (list.size() == max_details) {
        left_out += count;
        continue;
      }
      list.push_back(json::parse(text));
      list.back()["count"] = count;
    }
    details[name] = std::move(list);
    details["left_out"] = left_out;
  }

 private:
  std::map<std::pair<bool, std::string>, uint64_t> counts_;
};

std::string checked_words(const std::vector<Aggregate::Checked>& all) {
  return all.empty() ? "" : cut(all.front().result + " " + all.front().domain);
}

json source_json(const Aggregate::Row& row) {
  return {{"source", row.source.text()},
          {"pass", row.dkim_aligned || row.spf_aligned},
          {"from", cut(row.header_from)},
          {"spf", (row.spf_aligned ? "aligned " : "") + checked_words(row.spf)},
          {"dkim", (row.dkim_aligned ? "aligned " : "") + checked_words(row.dkim)},
          {"done", name(row.disposition)},
          {"reason", row.reasons.empty() ? "" : cut(row.reasons.front())}};
}

std::vector<KeptReport> summarise_one(const Aggregate& report, int64_t received_ms) {
  KeptReport kept{KeptReport::Kind::dmarc,
                  report.organisation,
                  report.id,
                  report.domain,
                  sane(report.begin_s),
                  sane(report.end_s),
                  received_ms,
                  0,
                  0,
                  ""};
  Tally tally;
  for (const Aggregate::Row& row : report.rows) {
    const bool pass = row.dkim_aligned || row.spf_aligned;
    (pass ? kept.successes : kept.failures) += row.count;
    tally.add(source_json(row), pass, row.count);
  }
  json details{{"policy", name(report.published.policy)}};
  tally.write(details, "sources");
  kept.details = details.dump();
  return {kept};
}

std::vector<KeptReport> summarise_one(const TlsReport& report, int64_t received_ms) {
  struct Domain {
    KeptReport kept;
    json policies = json::array();
    Tally tally;
  };
  std::map<std::string, Domain> domains;
  for (const TlsReport::Policy& policy : report.policies) {
    Domain& domain = domains[policy.domain];
    domain.kept.successes += policy.successes;
    domain.kept.failures += policy.failures;
    if (domain.policies.size() < max_details) domain.policies.push_back(cut(policy.type));
    for (const TlsReport::Failure& failure : policy.details)
      domain.tally.add({{"result", cut(failure.result)},
                        {"source", cut(failure.sending_ip)},
                        {"host", cut(failure.receiving_host)},
                        {"reason", cut(failure.reason)}},
                       false, failure.sessions);
  }
  std::vector<KeptReport> all;
  for (auto& [name, domain] : domains) {
    json details{{"policies", std::move(domain.policies)}};
    domain.tally.write(details, "failures");
    all.push_back({KeptReport::Kind::tls, report.organisation, report.id, name, sane(report.begin_s),
                   sane(report.end_s), received_ms, domain.kept.successes, domain.kept.failures,
                   details.dump()});
  }
  return all;
}

}  // namespace

std::vector<KeptReport> summarise(const reports::Report& report, int64_t received_ms) {
  return std::visit([&](const auto& one) { return summarise_one(one, received_ms); }, report);
}

}  // namespace futar::mta
