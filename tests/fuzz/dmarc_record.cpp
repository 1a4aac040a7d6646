// A DMARC record and a From from anybody: what is taken keeps to the RFC's bounds, and a domain that is
// proven by nobody never passes.
#include <algorithm>
#include <cstdlib>

#include "common/dmarc/evaluate.h"
#include "common/dmarc/organisation.h"

using namespace futar;

namespace {

void judge(const dmarc::Authors& authors, const dmarc::Record& record) {
  const dmarc::Identifier evil[] = {
      {dmarc::Identifier::Mechanism::dkim, dmarc::Identifier::State::pass, "evil.test"}};
  std::vector<dmarc::Evaluation> all;
  bool others = false;
  for (const std::string& domain : authors.domains) {
    if (dmarc::canonical_domain(domain) != domain) std::abort();
    others = others || dmarc::organisational_domain(domain) != "evil.test";
    all.push_back(dmarc::evaluate({dmarc::Discovery::State::found, domain, domain, record, ""}, evil, 50));
  }
  const auto found = dmarc::combine(authors, all);
  if (found.outcome == dmarc::Outcome::pass && (others || !authors.ambiguity.empty())) std::abort();
  if (found.outcome != dmarc::Outcome::fail && found.applies != dmarc::Policy::none) std::abort();
  if (authors.hidden && found.applies == dmarc::Policy::none) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto line = std::min(text.find('\n'), text.size());
  const auto record = dmarc::parse_record(text.substr(0, line));
  if (record && !dmarc::is_record(text.substr(0, line))) std::abort();
  if (record && (record->percent < 0 || record->percent > 100)) std::abort();
  if (record)
    for (const auto& report : record->aggregate_reports)
      if (report.uri.find_first_of(" \t\r\n,!") != std::string::npos) std::abort();
  const std::string header(text.substr(std::min(line + 1, text.size())));
  const auto authors = dmarc::authors_of(message::split_header(header));
  if (authors.domains.size() > dmarc::max_author_domains) std::abort();
  judge(authors, record.value_or(dmarc::Record{}));
  return 0;
}
