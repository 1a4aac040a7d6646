#include "deploy/futar/dns_spf.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/dns/rdata.h"
#include "common/spf/check.h"
#include "common/spf/native.h"
#include "common/spf/record.h"

namespace futar::deploy {
namespace {

using State = DnsFinding::State;

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
  Trial(dns::Resolver& resolver, net::Loop& loop, const DnsFacts& facts, std::string name)
      : resolver_(resolver), loop_(loop), facts_(facts), name_(std::move(name)) {}

  std::vector<net::IpAddress> refused;  ///< senders that did not pass
  spf::Verdict verdict;                 ///< of the first of these

  Task<bool> passes(std::string text) {
    refused.clear();
    dns::Answer& own = (*answers_)[{name_, dns::Type::txt}];
    own.status = dns::Answer::Status::ok;
    own.rdata = {txt_rdata(text)};
    for (const net::IpAddress& sender : facts_.senders) {
      spf::Request request;
      request.client = sender;
      request.helo = request.receiver = facts_.hostname;
      request.sender = {"postmaster", name_};
      spf::Verdict told = co_await spf::check(engine_, resolver_, loop_, std::move(request), answers_);
      if (told.outcome == spf::Outcome::pass) continue;
      if (refused.empty()) verdict = std::move(told);
      refused.push_back(sender);
    }
    co_return refused.empty();
  }

 private:
  dns::Resolver& resolver_;
  net::Loop& loop_;
  const DnsFacts& facts_;
  std::string name_;
  spf::NativeEvaluator engine_;
  std::shared_ptr<spf::Answers> answers_ = std::make_shared<spf::Answers>();
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

std::vector<std::string> mends(const Trial& trial, const std::string& text, const DnsRecord& record) {
  std::vector<std::string> networks;
  for (const net::IpAddress& address : trial.refused)
    networks.push_back((address.is_v4() ? "ip4:" : "ip6:") + address.text());
  const std::string all = fmt::format("{}", fmt::join(networks, " "));
  const std::string_view short_term = split(record.value, ' ')[1];  // mx, or a
  const size_t place = place_of(text, trial.verdict.mechanism);
  return {with_terms(text, place, short_term), with_terms(text, place, all), with_terms(text, 1, all)};
}

}  // namespace

Task<DnsFinding> judge_spf(dns::Resolver& resolver, net::Loop& loop, const DnsFacts& facts,
                           const DnsRecord& record, const dns::Answer& answer) {
  std::vector<std::string> texts;
  for (const std::string& rdata : answer.rdata)
    if (const auto text = dns::parse_txt(rdata); text && spf::is_record(*text)) texts.push_back(*text);
  if (texts.empty()) co_return DnsFinding{State::missing, "", "", ""};
  DnsFinding finding{State::wrong, fmt::format("{}", fmt::join(texts, ", ")), record.value, ""};
  if (texts.size() > 1) {
    finding.why = "more than one is an error (RFC 7208 §4.5)";
    co_return finding;
  }
  const std::string& text = texts.front();
  if (const auto parsed = spf::parse_record(text); !parsed) {
    finding.why = parsed.error().text;
    co_return finding;
  }
  Trial trial(resolver, loop, facts, record.name);
  if (co_await trial.passes(text)) co_return DnsFinding{State::ok, text, "", ""};
  if (trial.verdict.outcome == spf::Outcome::temperror)
    co_return DnsFinding{State::unknown, text, "", trial.verdict.reason};
  std::vector<std::string> from;
  for (const net::IpAddress& address : trial.refused) from.push_back(address.text());
  finding.why = fmt::format("we send from {}", fmt::join(from, ", "));
  for (std::string& mended : mends(trial, text, record))
    if (co_await trial.passes(mended)) {
      finding.want = std::move(mended);
      break;
    }
  co_return finding;
}

}  // namespace futar::deploy
