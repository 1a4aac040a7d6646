#include "common/spf/senders.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/dns/rdata.h"
#include "common/spf/native.h"

namespace futar::spf {
namespace {

using State = SenderRecord::State;

constexpr size_t most_compiled = 511;  // octets

// One text as the data of a TXT record.
std::string txt_rdata(std::string_view text) {
  std::string rdata;
  do {
    const std::string_view piece = text.substr(0, 255);
    rdata += static_cast<char>(piece.size());
    rdata += piece;
    text.remove_prefix(piece.size());
  } while (!text.empty());
  return rdata;
}

// A record as it might stand at the name, judged over what the DNS says of all else.
class Trial {
 public:
  Trial(dns::Resolver& resolver, net::Loop& loop, const Senders& senders)
      : resolver_(resolver), loop_(loop), senders_(senders) {}

  std::vector<net::IpAddress> refused;  ///< senders that did not pass
  Verdict verdict;                      ///< of the first of these, else of the last
  const std::shared_ptr<Answers> answers = std::make_shared<Answers>();

  Task<bool> passes(std::string text) {
    refused.clear();
    dns::Answer& own = (*answers)[{senders_.domain, dns::Type::txt}];
    own.status = dns::Answer::Status::ok;
    own.rdata = {txt_rdata(text)};
    for (const net::IpAddress& address : senders_.addresses) {
      Request request;
      request.client = address;
      request.helo = request.receiver = senders_.helo;
      request.sender = {"postmaster", senders_.domain};
      Verdict told = co_await check(engine_, resolver_, loop_, std::move(request), answers);
      const bool passed = told.outcome == Outcome::pass;
      if (refused.empty()) verdict = std::move(told);
      if (!passed) refused.push_back(address);
    }
    co_return refused.empty();
  }

 private:
  dns::Resolver& resolver_;
  net::Loop& loop_;
  const Senders& senders_;
  NativeEvaluator engine_;
};

std::string with_terms(std::string_view text, size_t at, std::string_view terms) {
  auto words = split(text, ' ');
  std::erase(words, "");
  words.insert(words.begin() + static_cast<ptrdiff_t>(std::min(at, words.size())), terms);
  return fmt::format("{}", fmt::join(words, " "));
}

// The word before which a term must stand to count: that which decided, else the first that ends all.
size_t place_of(std::string_view text, std::string_view decided) {
  auto words = split(text, ' ');
  std::erase(words, "");
  for (size_t i = 1; i < words.size(); ++i) {
    std::string_view word = words[i];
    if (word == decided) return i;
    if (std::string_view("+-~?").contains(word[0])) word.remove_prefix(1);
    if (equal_nocase(word, "all") || word.contains('=')) return i;
  }
  return words.size();
}

std::string addresses_as_terms(const std::vector<net::IpAddress>& addresses) {
  std::vector<std::string> terms;
  for (const net::IpAddress& address : addresses)
    terms.push_back((address.is_v4() ? "ip4:" : "ip6:") + address.text());
  return fmt::format("{}", fmt::join(terms, " "));
}

// The smallest change first.
std::vector<std::string> mends(const Trial& trial, const std::string& text, const Senders& senders) {
  const std::string all = addresses_as_terms(trial.refused);
  const size_t place = place_of(text, trial.verdict.mechanism);
  std::vector<std::string> list{with_terms(text, place, all), with_terms(text, 1, all)};
  // mx, or a
  if (const auto wished = split(senders.wish, ' '); wished.size() > 1)
    list.insert(list.begin(), with_terms(text, place, wished[1]));
  return list;
}

size_t compiled_size(const Mechanism& mechanism) {
  constexpr size_t head = 4, piece = 4;
  if (!mechanism.network.empty()) return head + mechanism.network.size();
  size_t size = head;
  for (const Piece& part : mechanism.domain.value_or(MacroString())) size += piece + part.literal.size();
  return size;
}

Task<SenderRecord> judge_missing(Trial& trial, const Senders& senders) {
  SenderRecord record;
  record.state = State::missing;
  record.want = senders.wish;
  record.answers = trial.answers;
  if (senders.addresses.empty() || co_await trial.passes(senders.wish)) co_return record;
  record.want = fmt::format("v=spf1 {} -all", addresses_as_terms(senders.addresses));
  co_return record;
}

}  // namespace

Task<SenderRecord> judge_senders(dns::Resolver& resolver, net::Loop& loop, Senders senders,
                                 dns::Answer answer) {
  SenderRecord record;
  record.why = answer.why;
  if (answer.is_temporary()) co_return record;
  std::vector<std::string> texts;
  for (const std::string& rdata : answer.rdata)
    if (const auto text = dns::parse_txt(rdata); text && is_record(*text)) texts.push_back(*text);
  Trial trial(resolver, loop, senders);
  if (texts.empty()) co_return co_await judge_missing(trial, senders);
  record = {State::wrong, fmt::format("{}", fmt::join(texts, ", ")), senders.wish, "", {}, trial.answers};
  record.verdict.outcome = Outcome::permerror;
  record.verdict.domain = senders.domain;
  if (texts.size() > 1) record.why = "more than one is an error (RFC 7208 §4.5)";
  const std::string& text = texts.front();
  if (const auto parsed = parse_record(text); record.why.empty() && !parsed) record.why = parsed.error().text;
  if (!record.why.empty()) {
    record.verdict.reason = record.why;
    co_return record;
  }
  const bool ok = co_await trial.passes(text);
  record.verdict = trial.verdict;
  if (ok || trial.verdict.outcome == Outcome::temperror) {
    record.state = ok ? State::ok : State::unknown;
    record.want.clear();
    record.why = ok ? "" : trial.verdict.reason;
    co_return record;
  }
  std::vector<std::string> from;
  for (const net::IpAddress& address : trial.refused) from.push_back(address.text());
  record.why = fmt::format("we send from {}", fmt::join(from, ", "));
  for (std::string& mended : mends(trial, text, senders))
    if (co_await trial.passes(mended)) {
      record.want = std::move(mended);
      break;
    }
  co_return record;
}

std::string unseen_by_libspf2(const Record& record) {
  size_t size = 0;
  for (const Mechanism& mechanism : record.mechanisms) {
    size += compiled_size(mechanism);
    if (size > most_compiled) return mechanism.text;
  }
  return "";
}

}  // namespace futar::spf
