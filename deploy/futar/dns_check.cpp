#include "deploy/futar/dns_check.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/dmarc/record.h"
#include "common/dns/rdata.h"
#include "common/net/gate.h"
#include "deploy/futar/dns_spf.h"

namespace futar::deploy {
namespace {

using State = DnsFinding::State;

// As in a zone file; what cannot be read is "".
std::string text_of(dns::Type type, const std::string& rdata) {
  const auto or_empty = [](const auto& result, auto print) {
    return result ? print(*result) : std::string();
  };
  switch (type) {
    case dns::Type::mx:
      return or_empty(dns::parse_mx(rdata),
                      [](const dns::Mx& mx) { return fmt::format("{} {}.", mx.preference, mx.host); });
    case dns::Type::txt:
      return or_empty(dns::parse_txt(rdata), [](const std::string& text) { return text; });
    case dns::Type::tlsa:
      return or_empty(dns::parse_tlsa(rdata), [](const dns::Tlsa& tlsa) {
        return fmt::format("{} {} {} {}", tlsa.usage, tlsa.selector, tlsa.matching, hex(tlsa.data));
      });
    case dns::Type::srv:
      return or_empty(dns::parse_srv(rdata), [](const dns::Srv& srv) {
        return fmt::format("{} {} {} {}.", srv.priority, srv.weight, srv.port, srv.target);
      });
    default:
      return or_empty(dns::parse_address(rdata),
                      [](const net::IpAddress& address) { return address.text(); });
  }
}

// Whether the text is of the kind that the record is: at the name of a TXT stand others, too.
bool is_of_kind(DnsRole role, std::string_view text) {
  switch (role) {
    case DnsRole::dmarc:
      return dmarc::is_record(text);
    case DnsRole::sts:
      return text.starts_with("v=STSv1");
    case DnsRole::tls_report:
      return text.starts_with("v=TLSRPTv1");
    default:
      return true;
  }
}

std::string last_words(std::string_view text, size_t count) {
  const auto words = split(text, ' ');
  return fmt::format(
      "{}", fmt::join(words.end() - static_cast<ptrdiff_t>(std::min(count, words.size())), words.end(), " "));
}

std::string without_spaces(std::string text) {
  std::erase(text, ' ');
  return text;
}

// Whether what stands there does what ours would.
bool does_it(const DnsRecord& record, const std::string& text) {
  switch (record.role) {
    case DnsRole::mx:
      return last_words(text, 1) == last_words(record.value, 1);  // whatever the preference
    case DnsRole::service:
      return last_words(text, 2) == last_words(record.value, 2);
    case DnsRole::dmarc:
      return dmarc::parse_record(text).has_value();
    case DnsRole::sts:
      return text.contains("id=");
    case DnsRole::tls_report:
      return text.contains("rua=");
    case DnsRole::dkim:
      return without_spaces(text) == without_spaces(record.value);
    case DnsRole::tlsa:
      return text == record.value || text.starts_with("2 ");  // of an authority: not judged
    default:
      return text == record.value;
  }
}

// Of these a second one makes both void (RFC 7489 §6.6.3, RFC 8461 §3.1, RFC 8460 §3).
bool must_be_alone(DnsRole role) {
  return role == DnsRole::dmarc || role == DnsRole::sts || role == DnsRole::tls_report;
}

DnsFinding judge(const DnsRecord& record, const dns::Answer& answer) {
  if (answer.is_temporary()) return {State::unknown, "", "", answer.why};
  std::vector<std::string> texts;
  for (const std::string& rdata : answer.rdata)
    if (const std::string text = text_of(record.type, rdata); is_of_kind(record.role, text))
      texts.push_back(text);
  if (texts.empty()) return {State::missing, "", "", ""};
  DnsFinding wrong{State::wrong, fmt::format("{}", fmt::join(texts, ", ")), record.value, ""};
  if (must_be_alone(record.role) && texts.size() > 1) wrong.why = "more than one counts as none";
  if (record.role == DnsRole::address && answer.canonical_name != record.name)
    wrong.why = "the host of an MX may not be an alias (RFC 2181 §10.3)";
  const auto good = std::ranges::find_if(texts, [&](const auto& text) { return does_it(record, text); });
  if (!wrong.why.empty() || good == texts.end()) return wrong;
  return {State::ok, *good, "", ""};
}

// All at once, so that a DNS that is silent costs one timeout.
Task<std::vector<dns::Answer>> ask_all(dns::Resolver& resolver, net::Loop& loop,
                                       const std::vector<DnsRecord>& records) {
  std::vector<dns::Answer> answers(records.size());
  size_t left = records.size();
  net::Gate done(loop);
  const auto ask = [&](size_t i) -> Task<> {
    answers[i] = co_await resolver.ask(records[i].name, records[i].type);
    if (--left == 0) done.open();
  };
  for (size_t i = 0; i < records.size(); ++i) loop.spawn("dns", ask(i));
  co_await done.wait();
  co_return answers;
}

}  // namespace

std::string_view name(State state) {
  switch (state) {
    case State::ok:
      return "ok";
    case State::missing:
      return "missing";
    case State::wrong:
      return "WRONG";
    case State::unknown:
      return "unknown";
  }
  return "";
}

Task<std::vector<DnsFinding>> check_dns(dns::Resolver& resolver, net::Loop& loop, const DnsFacts& facts,
                                        std::vector<DnsRecord>& records) {
  const std::vector<dns::Answer> answers = co_await ask_all(resolver, loop, records);
  std::vector<DnsFinding> findings;
  for (size_t i = 0; i < records.size(); ++i) {
    DnsRecord& record = records[i];
    const dns::Answer& answer = answers[i];
    if (record.role == DnsRole::spf && answer.has_records())
      findings.push_back(co_await judge_spf(resolver, loop, facts, record, answer));
    else
      findings.push_back(judge(record, answer));
    if (record.role == DnsRole::tlsa && findings.back().state == State::wrong)
      record.level = DnsLevel::required;
  }
  co_return findings;
}

}  // namespace futar::deploy
