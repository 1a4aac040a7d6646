#include "common/spf/libspf2_layer.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"
#include "common/dns/rdata.h"

namespace futar::spf {

namespace {

using Kind = Mechanism::Kind;

// No such name can exist (RFC 6761 §6.4); what the DNS says of names below it is passed over.
constexpr std::string_view alias_zone = "a.invalid";
// libspf2 silently cuts what compiles to more than 511 octets. A name takes 4 beside its own, a mechanism 8.
constexpr size_t most_compiled = 500;
constexpr int client_term = 0;  // in void_terms_: that the client has no name

char sign(Outcome outcome) {
  switch (outcome) {
    case Outcome::fail:
      return '-';
    case Outcome::softfail:
      return '~';
    case Outcome::neutral:
      return '?';
    default:
      return '+';
  }
}

bool is_plain(std::string_view name) {
  return !name.empty() &&
         std::ranges::all_of(name, [](char c) { return c == '.' || dns::is_name_character(c); });
}

}  // namespace

Libspf2Layer::Libspf2Layer(const Request& request, const Answers& answers) : inquiry_(request, answers) {
  Alias alias;
  alias.name = inquiry_.domain();
  alias.cost = 0;
  alias.decides = true;
  domain_ = add(std::move(alias));
}

std::string Libspf2Layer::add(Alias alias) {
  alias.term = alias.term ? alias.term : ++last_term_;
  std::string name = fmt::format("n{}.{}", aliases_.size(), alias_zone);
  aliases_.emplace(name, std::move(alias));
  return name;
}

Eval<void> Libspf2Layer::count(Alias& alias) {
  terms_ += std::exchange(alias.cost, 0);
  if (terms_ > max_terms)
    return stop(Outcome::permerror, fmt::format("more than {} terms that ask the DNS", max_terms));
  return {};
}

Eval<void> Libspf2Layer::count_void(int term) {
  void_terms_.insert(term);
  if (void_terms_.size() > static_cast<size_t>(max_void_terms))
    return stop(Outcome::permerror,
                fmt::format("more than {} terms ask for what is not there", max_void_terms));
  return {};
}

Libspf2Layer::Alias Libspf2Layer::alias_of(const Mechanism& mechanism, std::string target) const {
  Alias alias;
  alias.name = std::move(target);
  alias.cost = mechanism.domain && uses(*mechanism.domain, 'p') ? 2 : 1;
  alias.any = (inquiry_.client().is_v4() ? mechanism.prefix4 : mechanism.prefix6) == 0;
  alias.exists = mechanism.kind == Kind::exists;
  return alias;
}

Eval<std::string> Libspf2Layer::rewrite(const Mechanism& mechanism, const std::string& domain) {
  std::string target = TRY(inquiry_.target(mechanism.domain, domain));
  // PTR gives plain names below the target itself, so it stays; the question is counted when it comes.
  if (mechanism.kind == Kind::ptr && is_plain(target)) return "ptr:" + target;
  const std::string name = add(alias_of(mechanism, std::move(target)));
  std::string text = fmt::format("{}:{}", futar::spf::name(mechanism.kind), name);
  if (mechanism.prefix4 > 0 && mechanism.prefix4 < 32) text += fmt::format("/{}", mechanism.prefix4);
  if (mechanism.prefix6 > 0 && mechanism.prefix6 < 128) text += fmt::format("//{}", mechanism.prefix6);
  return text;
}

// The record up to the first term that surely matches: addresses are compared here, so that none is handed on
// that cannot match (they need no question, the meaning stays).
Eval<std::string> Libspf2Layer::rewrite(const Record& record, const Alias& from) {
  std::string text = "v=spf1";
  size_t compiled = 0;
  int asking = 0;
  for (const Mechanism& mechanism : record.mechanisms) {
    const bool network = mechanism.kind == Kind::ip4 || mechanism.kind == Kind::ip6;
    if (network && !mechanism.covers(inquiry_.client())) continue;
    text += fmt::format(" {}", sign(mechanism.outcome));
    if (mechanism.kind == Kind::all) return text + "all";
    if (network)
      return text + fmt::format("ip{}:{}", inquiry_.client().is_v4() ? 4 : 6, inquiry_.client().text());
    const std::string term = TRY(rewrite(mechanism, from.name));
    text += term;
    compiled += term.size() + 16;
    if (compiled > most_compiled) return stop(Outcome::permerror, "the SPF record is too long for libspf2");
    if (++asking > max_terms) return text;  // the last one is not answered any more
  }
  if (!record.redirect) return text + " ?all";
  Alias alias;
  alias.name = TRY(inquiry_.target(record.redirect, from.name));
  alias.cost = uses(*record.redirect, 'p') ? 2 : 1;
  alias.decides = from.decides;
  return text + " redirect=" + add(std::move(alias));
}

Libspf2Layer::Answer Libspf2Layer::record(Alias& alias) {
  const bool first = !has_record_;
  TRY(count(alias));
  std::optional<Record> record;
  if (is_mail_domain(alias.name)) record = TRY(inquiry_.record(alias.name));
  if (!record) {
    const std::string why = fmt::format("{} has no SPF record", printable(alias.name, 100));
    return stop(first ? Outcome::none : Outcome::permerror, why);
  }
  has_record_ = true;
  if (alias.decides) {
    exp_ = record->exp;
    exp_domain_ = alias.name;
  }
  return std::vector{TRY(rewrite(*record, alias))};
}

Libspf2Layer::Answer Libspf2Layer::addresses(Alias& alias) {
  TRY(count(alias));
  const auto& client = inquiry_.client();
  const dns::Type type = client.is_v4() || alias.exists ? dns::Type::a : dns::Type::aaaa;
  const dns::Answer* answer = TRY(inquiry_.ask_firmly(alias.name, type));
  if (answer && answer->is_absent()) TRY(count_void(alias.term));
  std::vector<std::string> octets;
  if (!answer || !answer->has_records()) return octets;
  // libspf2 reads a prefix of 0 as that of one host.
  if (alias.any && !alias.exists) return std::vector{std::string(client.octets())};
  for (const std::string& rdata : answer->rdata)
    if (rdata.size() == (type == dns::Type::a ? 4u : 16u)) octets.push_back(rdata);
  return octets;
}

Libspf2Layer::Answer Libspf2Layer::hosts(Alias& alias) {
  TRY(count(alias));
  const dns::Answer* answer = TRY(inquiry_.ask_firmly(alias.name, dns::Type::mx));
  if (answer && answer->is_absent()) TRY(count_void(alias.term));
  std::vector<std::string> names;
  if (!answer || !answer->has_records()) return names;
  Alias host = alias;
  for (std::string& name : TRY(Inquiry::mx_hosts(*answer, alias.name))) {
    host.name = std::move(name);
    names.push_back(add(host));
  }
  return names;
}

// The client's name is only asked for by ptr. Its addresses are asked under the real name.
Libspf2Layer::Answer Libspf2Layer::client_names() {
  if (++terms_ > max_terms)
    return stop(Outcome::permerror, fmt::format("more than {} terms that ask the DNS", max_terms));
  ClientNames names = TRY(inquiry_.client_names());
  if (names.absent) TRY(count_void(client_term));
  std::erase_if(names.list, [](const std::string& name) { return is_within(name, alias_zone); });
  return std::move(names.list);
}

Libspf2Layer::Answer Libspf2Layer::answer(std::string_view name, dns::Type type) {
  if (type == dns::Type::ptr) return client_names();
  const auto alias = aliases_.find(name);
  if (alias == aliases_.end()) {
    std::vector<std::string> octets;
    if (TRY(inquiry_.leads_back(std::string(name)))) octets.emplace_back(inquiry_.client().octets());
    return octets;
  }
  if (type == dns::Type::txt) return record(alias->second);
  if (type == dns::Type::mx) return hosts(alias->second);
  return addresses(alias->second);
}

std::vector<std::string> Libspf2Layer::lookup(std::string_view name, dns::Type type) noexcept {
  if (stopped_) return {};
  Answer found = answer(name, type);
  if (found) return *std::move(found);
  stopped_ = std::move(found).error();
  return {};
}

Eval<std::string> Libspf2Layer::explanation() {
  if (!exp_) return "";
  return inquiry_.explanation(*exp_, exp_domain_);
}

}  // namespace futar::spf
