#include "common/dmarc/check.h"

#include <fmt/format.h>

#include "common/base/text.h"
#include "common/dmarc/organisation.h"
#include "common/dns/rdata.h"

namespace futar::dmarc {
namespace {

constexpr std::string_view prefix = "_dmarc.";
constexpr size_t longest_name = 253;

std::vector<std::string> records_in(const dns::Answer& answer) {
  std::vector<std::string> records;
  if (!answer.has_records()) return records;
  for (const auto& rdata : answer.rdata)
    if (auto txt = dns::parse_txt(rdata); txt && is_record(*txt)) records.push_back(*std::move(txt));
  return records;
}

// One step of RFC 7489 §6.6.3: what stands at _dmarc.`at`.
Task<Discovery> discover_at(dns::Resolver& resolver, std::string author, std::string at) {
  Discovery found;
  found.author = std::move(author);
  found.at = at;
  if (prefix.size() + at.size() > longest_name) co_return found;
  const dns::Answer answer = co_await resolver.ask(std::string(prefix) + at, dns::Type::txt);
  if (answer.is_temporary()) {
    found.state = Discovery::State::later;
    found.why = fmt::format("{}{} TXT: {}", prefix, at, printable(answer.why, 200));
    co_return found;
  }
  const auto records = records_in(answer);
  if (records.empty()) co_return found;
  auto record = parse_record(records.front());
  if (records.size() > 1 || !record) {
    found.state = Discovery::State::broken;
    found.why = records.size() > 1 ? fmt::format("{} DMARC records at {}{}", records.size(), prefix, at)
                                   : record.error().text;
    co_return found;
  }
  found.state = Discovery::State::found;
  found.record = *std::move(record);
  co_return found;
}

}  // namespace

Task<Discovery> discover(dns::Resolver& resolver, std::string author) {
  const std::string organisation = organisational_domain(author);
  Discovery found = co_await discover_at(resolver, author, author);
  if (found.state == Discovery::State::none && organisation != author)
    found = co_await discover_at(resolver, author, organisation);
  co_return found;
}

Task<Evaluation> check(dns::Resolver& resolver, Authors authors, std::vector<Identifier> identifiers,
                       std::mt19937& random) {
  const int dice = std::uniform_int_distribution<int>(0, 99)(random);
  std::vector<Evaluation> evaluations;
  for (const std::string& domain : authors.domains)
    evaluations.push_back(evaluate(co_await discover(resolver, domain), identifiers, dice));
  co_return combine(authors, std::move(evaluations));
}

}  // namespace futar::dmarc
