#include "common/reports/tls_report.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <optional>

#include "common/base/text.h"
#include "common/dmarc/organisation.h"

namespace futar::reports {
namespace {

using nlohmann::json;

constexpr int max_depth = 16;
constexpr size_t max_values = 500'000;  // a value costs up to 100 octets of memory
constexpr uint64_t max_count = 1'000'000'000'000;

Error no_report(std::string_view why) {
  return Error::permanent(fmt::format("no TLS report: {}", printable(why, 200)));
}

/// A reader that gives up before hostile text costs memory.
std::optional<json> bounded(std::string_view text, std::string& why) {
  size_t values = 0;
  const auto count = [&](int depth, json::parse_event_t, json&) {
    if (depth > max_depth || ++values > max_values) throw std::length_error("too deep or too many values");
    return true;
  };
  try {
    return json::parse(text, count);
  } catch (const std::exception& error) {
    why = error.what();
    return std::nullopt;
  }
}

const json& member(const json& object, const char* name) {
  static const json nothing;
  const auto found = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && found != object.end() ? *found : nothing;
}

std::string text_in(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_string() ? printable(value.get_ref<const std::string&>(), 255) : "";
}

uint64_t count_in(const json& object, const char* name) {
  const json& value = member(object, name);
  return value.is_number_unsigned() ? std::min(value.get<uint64_t>(), max_count) : 0;
}

// "2026-11-24T00:00:00Z", "...+01:00" (RFC 3339 §5.6), without fractions; 0 when it is none.
int64_t time_in(const json& object, const char* name) {
  const std::string text = text_in(object, name);
  if (text.size() < 20 || text[4] != '-' || text[7] != '-' || ascii_lower(text[10]) != 't') return 0;
  const auto part = [&](size_t at, size_t size) {
    const auto number = parse_number(std::string_view(text).substr(at, size));
    return number ? static_cast<int>(*number) : -1;
  };
  const std::chrono::year_month_day day{std::chrono::year(part(0, 4)),
                                        std::chrono::month(static_cast<unsigned>(part(5, 2))),
                                        std::chrono::day(static_cast<unsigned>(part(8, 2)))};
  const int hour = part(11, 2), minute = part(14, 2), second = part(17, 2);
  if (!day.ok() || hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60) return 0;
  int64_t offset = 0;
  if (const char sign = text[text.size() - 6]; text.size() >= 25 && (sign == '+' || sign == '-')) {
    const int64_t hours = part(text.size() - 5, 2), minutes = part(text.size() - 2, 2);
    offset = (sign == '+' ? 1 : -1) * (hours * 60 + minutes) * 60;
  }
  const auto days = std::chrono::sys_days(day).time_since_epoch().count();
  return int64_t{days} * 86400 + hour * 3600 + minute * 60 + second - offset;
}

TlsReport::Failure failure_in(const json& detail) {
  return {text_in(detail, "result-type"),           text_in(detail, "sending-mta-ip"),
          text_in(detail, "receiving-mx-hostname"), text_in(detail, "receiving-ip"),
          count_in(detail, "failed-session-count"), text_in(detail, "failure-reason-code")};
}

TlsReport::Policy policy_in(const json& entry) {
  const json& policy = member(entry, "policy");
  const json& summary = member(entry, "summary");
  TlsReport::Policy found{text_in(policy, "policy-type"),
                          dmarc::canonical_domain(text_in(policy, "policy-domain")),
                          count_in(summary, "total-successful-session-count"),
                          count_in(summary, "total-failure-session-count"),
                          {}};
  if (const json& details = member(entry, "failure-details"); details.is_array())
    for (const json& detail : details) found.details.push_back(failure_in(detail));
  return found;
}

}  // namespace

Result<TlsReport> parse_tls_report(std::string_view text) {
  std::string why;
  const auto parsed = bounded(text, why);
  if (!parsed) return fail(no_report(why));
  const json& range = member(*parsed, "date-range");
  TlsReport report{text_in(*parsed, "organization-name"), text_in(*parsed, "contact-info"),
                   text_in(*parsed, "report-id"),         time_in(range, "start-datetime"),
                   time_in(range, "end-datetime"),        {}};
  if (report.organisation.empty() || report.id.empty())
    return fail(no_report("it does not say who reports, or its id"));
  if (report.end_s <= 0 || report.begin_s > report.end_s) return fail(no_report("it covers no time"));
  if (const json& policies = member(*parsed, "policies"); policies.is_array())
    for (const json& entry : policies) {
      report.policies.push_back(policy_in(entry));
      if (report.policies.back().domain.empty()) return fail(no_report("a policy names no domain"));
    }
  return report;
}

}  // namespace futar::reports
