#include "common/reports/aggregate.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/dmarc/organisation.h"
#include "common/reports/xml.h"

namespace futar::reports {
namespace {

constexpr uint64_t max_count = 1'000'000'000'000;  // so that sums over max_rows do not overflow
constexpr int64_t max_time_s = 1ll << 40;

std::unexpected<Error> no_report(std::string_view why) {
  return fail(Error::permanent(fmt::format("no DMARC report: {}", why)));
}

struct Reader {
  Aggregate report;
  Aggregate::Row row;
  Aggregate::Checked checked;
  std::string reason_type, reason_comment;
  bool counted = false;  ///< the row has its count
  bool is_feedback = false;
};

void keep(std::string& to, std::string_view text) { to = printable(text, 255); }

void number(int64_t& to, std::string_view text) {
  if (const auto number = parse_number(text); number && *number < static_cast<uint64_t>(max_time_s))
    to = static_cast<int64_t>(*number);
}

dmarc::Policy policy(std::string_view text) { return dmarc::policy_of(text).value_or(dmarc::Policy::none); }
dmarc::Alignment alignment(std::string_view text) {
  return equal_nocase(text, "s") ? dmarc::Alignment::strict : dmarc::Alignment::relaxed;
}

void add(std::vector<Aggregate::Checked>& to, Aggregate::Checked& checked) {
  if (to.size() < max_checked) to.push_back(std::move(checked));
  checked = {};
}

void add_reason(Reader& r) {
  if (r.row.reasons.size() < max_checked)
    r.row.reasons.push_back(r.reason_comment.empty() ? r.reason_type
                                                     : r.reason_type + ": " + r.reason_comment);
  r.reason_type.clear();
  r.reason_comment.clear();
}

using Text = std::string_view;
/// What the end of an element means, by its path; others mean nothing.
constexpr struct {
  Text path;
  void (*take)(Reader&, Text);
} elements[] = {
    {"feedback", [](Reader& r, Text) { r.is_feedback = true; }},
    {"feedback/report_metadata/org_name", [](Reader& r, Text t) { keep(r.report.organisation, t); }},
    {"feedback/report_metadata/email", [](Reader& r, Text t) { keep(r.report.contact, t); }},
    {"feedback/report_metadata/report_id", [](Reader& r, Text t) { keep(r.report.id, t); }},
    {"feedback/report_metadata/date_range/begin", [](Reader& r, Text t) { number(r.report.begin_s, t); }},
    {"feedback/report_metadata/date_range/end", [](Reader& r, Text t) { number(r.report.end_s, t); }},
    {"feedback/policy_published/domain",
     [](Reader& r, Text t) { r.report.domain = dmarc::canonical_domain(t); }},
    {"feedback/policy_published/adkim", [](Reader& r, Text t) { r.report.published.dkim = alignment(t); }},
    {"feedback/policy_published/aspf", [](Reader& r, Text t) { r.report.published.spf = alignment(t); }},
    {"feedback/policy_published/p", [](Reader& r, Text t) { r.report.published.policy = policy(t); }},
    {"feedback/policy_published/sp",
     [](Reader& r, Text t) { r.report.published.subdomain_policy = dmarc::policy_of(t); }},
    {"feedback/policy_published/pct",
     [](Reader& r, Text t) {
       if (const auto pct = parse_number(t); pct && *pct <= 100)
         r.report.published.percent = static_cast<int>(*pct);
     }},
    {"feedback/record/row/source_ip",
     [](Reader& r, Text t) { r.row.source = net::IpAddress::parse(t).value_or(net::IpAddress()); }},
    {"feedback/record/row/count",
     [](Reader& r, Text t) {
       const auto count = parse_number(t);
       r.counted = count && *count <= max_count;
       r.row.count = r.counted ? *count : 0;
     }},
    {"feedback/record/row/policy_evaluated/disposition",
     [](Reader& r, Text t) { r.row.disposition = policy(t); }},
    {"feedback/record/row/policy_evaluated/dkim",
     [](Reader& r, Text t) { r.row.dkim_aligned = equal_nocase(t, "pass"); }},
    {"feedback/record/row/policy_evaluated/spf",
     [](Reader& r, Text t) { r.row.spf_aligned = equal_nocase(t, "pass"); }},
    {"feedback/record/row/policy_evaluated/reason/type", [](Reader& r, Text t) { keep(r.reason_type, t); }},
    {"feedback/record/row/policy_evaluated/reason/comment",
     [](Reader& r, Text t) { keep(r.reason_comment, t); }},
    {"feedback/record/row/policy_evaluated/reason", [](Reader& r, Text) { add_reason(r); }},
    {"feedback/record/identifiers/header_from", [](Reader& r, Text t) { keep(r.row.header_from, t); }},
    {"feedback/record/identifiers/envelope_from", [](Reader& r, Text t) { keep(r.row.envelope_from, t); }},
    {"feedback/record/identifiers/envelope_to", [](Reader& r, Text t) { keep(r.row.envelope_to, t); }},
    {"feedback/record/auth_results/dkim/domain", [](Reader& r, Text t) { keep(r.checked.domain, t); }},
    {"feedback/record/auth_results/dkim/selector", [](Reader& r, Text t) { keep(r.checked.detail, t); }},
    {"feedback/record/auth_results/dkim/result", [](Reader& r, Text t) { keep(r.checked.result, t); }},
    {"feedback/record/auth_results/dkim", [](Reader& r, Text) { add(r.row.dkim, r.checked); }},
    {"feedback/record/auth_results/spf/domain", [](Reader& r, Text t) { keep(r.checked.domain, t); }},
    {"feedback/record/auth_results/spf/scope", [](Reader& r, Text t) { keep(r.checked.detail, t); }},
    {"feedback/record/auth_results/spf/result", [](Reader& r, Text t) { keep(r.checked.result, t); }},
    {"feedback/record/auth_results/spf", [](Reader& r, Text) { add(r.row.spf, r.checked); }},
};

Result<void> end_record(Reader& reader) {
  if (reader.row.source == net::IpAddress() || !reader.counted)
    return no_report(fmt::format("row {} lacks its source or count", reader.report.rows.size() + 1));
  if (reader.report.rows.size() == max_rows) return no_report(fmt::format("more than {} rows", max_rows));
  reader.report.rows.push_back(std::move(reader.row));
  reader.row = {};
  reader.checked = {};
  reader.counted = false;
  return {};
}

}  // namespace

Result<Aggregate> parse_aggregate(std::string_view xml) {
  Reader reader;
  TRY(walk_xml(xml, [&](std::string_view path, std::string_view text) -> Result<void> {
    if (path == "feedback/record") return end_record(reader);
    const auto element = std::ranges::find_if(elements, [&](const auto& e) { return e.path == path; });
    if (element != std::end(elements)) element->take(reader, text);
    return {};
  }));
  const Aggregate& report = reader.report;
  if (!reader.is_feedback) return no_report("its first element is not <feedback>");
  if (report.organisation.empty() || report.id.empty())
    return no_report("it does not say who reports, or its id");
  if (report.domain.empty()) return no_report("it names no domain");
  if (report.end_s <= 0 || report.begin_s > report.end_s) return no_report("it covers no time");
  return std::move(reader.report);
}

}  // namespace futar::reports
