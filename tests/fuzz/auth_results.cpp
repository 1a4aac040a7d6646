// A verdict made of anybody's octets: the field is one field, reads back as the results that went in, and
// forged ones of our name go for good.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "common/base/text.h"
#include "common/message/authentication_results.h"
#include "common/verdict/authentication_results.h"
#include "common/verdict/decision.h"
#include "common/verdict/voucher.h"

using namespace futar;

namespace {

constexpr std::string_view host = "mail.example.org";

/// Takes the input apart at NULs; "" when nothing is left.
struct Pieces {
  std::string_view rest;
  std::string next() {
    const auto end = std::min(rest.find('\0'), rest.size());
    const std::string piece(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return piece;
  }
};

verdict::Verdict verdict_of(Pieces pieces) {
  verdict::Verdict verdict;
  verdict.client = net::IpAddress::parse("2001:db8::1").value();
  verdict.iprev.emplace();
  verdict.sender.local = pieces.next();
  verdict.sender.domain = pieces.next();
  verdict.mail_from.emplace();
  verdict.mail_from->reason = pieces.next();
  verdict.mail_from->domain = pieces.next();
  verdict.dkim.emplace(2);
  for (dkim::Verdict& signature : *verdict.dkim)
    for (std::string* text : {&signature.reason, &signature.domain, &signature.identity, &signature.selector,
                              &signature.algorithm, &signature.start})
      *text = pieces.next();
  verdict.dmarc.emplace();
  verdict.dmarc->from = pieces.next();
  verdict.dmarc->reason = pieces.next();
  verdict.dmarc->outcome = dmarc::Outcome::fail;
  verdict.dmarc->applies = dmarc::Policy::reject;
  verdict.arc.emplace();
  verdict.arc->result = arc::Outcome::pass;
  verdict.arc->reason = pieces.next();
  return verdict;
}

// The number of results: semicolons outside quotes. Quotes end, and no comment begins.
size_t results_in(std::string_view value) {
  size_t results = 0;
  bool quoted = false;
  for (size_t i = 0; i < value.size(); ++i) {
    if (quoted && value[i] == '\\') {
      ++i;
    } else if (value[i] == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      if (value[i] == '(') std::abort();
      if (value[i] == ';') ++results;
    }
  }
  if (quoted) std::abort();
  return results;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string given(reinterpret_cast<const char*>(data), size);
  const auto verdict = verdict_of({given});
  // What the fields of one name say goes into a field of ours, and stays in it.
  const std::string said = message::results_of(message::split_header(given), host);
  const std::string joined = fmt::format("X: {};\r\n\t{}\r\n", host, said);
  if (message::split_header(joined).size() != 1 || message::split_header(joined)[0].text != joined)
    std::abort();
  std::string header = given;
  verdict::stamp(header, host, verdict);
  const auto fields = message::split_header(header);
  if (fields.empty() || !message::claims_to_be_from(fields[0], host)) std::abort();
  for (size_t i = 1; i < fields.size(); ++i)
    if (message::claims_to_be_from(fields[i], host)) std::abort();
  if (results_in(fields[0].value) != 6) std::abort();
  for (const auto line : split(fields[0].text, '\n')) {
    if (line.size() > 900) std::abort();
    if (!std::ranges::all_of(line, [](char c) { return c == '\t' || c == '\r' || (c >= ' ' && c <= '~'); }))
      std::abort();
  }
  // What we write reads back as what it says.
  if (verdict::says_dmarc_pass(fields[0].value, verdict.dmarc->from)) std::abort();
  const auto refused = verdict::decide(verdict::DmarcMode::follow, verdict);
  if (refused.action != verdict::Action::refuse || split(refused.reply.wire(), '\n').size() != 2)
    std::abort();
  return 0;
}
