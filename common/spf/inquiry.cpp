#include "common/spf/inquiry.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "common/base/text.h"
#include "common/dns/rdata.h"

namespace futar::spf {

namespace {

constexpr size_t longest_name = 253, longest_label = 63;
constexpr size_t longest_expansion = 16 * 1024;
constexpr size_t longest_explanation = 512;

std::string plain(std::string name) {
  if (name.ends_with('.')) name.pop_back();
  return ascii_lower(name);
}

// §7.3: labels go from the left until what is left fits.
std::string cut(std::string name) {
  while (name.size() > longest_name) {
    const size_t dot = name.find('.');
    name.erase(0, dot == name.npos ? name.size() : dot + 1);
  }
  return name;
}

// A name that can be asked for. Macros bring in what peers say: a backslash would be an escape to a resolver,
// octets outside ASCII are no A-labels (RFC 8616 §4).
bool is_askable(std::string_view name) {
  if (name.size() > longest_name) return false;
  if (std::ranges::any_of(name, [](char c) { return c < ' ' || c > '~' || c == '\\'; })) return false;
  return std::ranges::all_of(split(name, '.'),
                             [](auto label) { return !label.empty() && label.size() <= longest_label; });
}

// The host of an MX as it can be asked for, also one with characters that no host name has: an SPF record may
// name it too (§7.1, any visible character). None: malformed, or with a dot inside a label.
std::optional<std::string> host_of(std::string_view rdata) {
  std::string host;
  for (rdata.remove_prefix(std::min<size_t>(rdata.size(), 2)); !rdata.empty();) {
    const auto size = static_cast<uint8_t>(rdata[0]);
    rdata.remove_prefix(1);
    if (size == 0) return rdata.empty() ? std::optional(ascii_lower(host)) : std::nullopt;
    if (size > rdata.size() || rdata.substr(0, size).contains('.')) return std::nullopt;
    host += (host.empty() ? "" : ".") + std::string(rdata.substr(0, size));
    rdata.remove_prefix(size);
  }
  return std::nullopt;
}

std::string shown(std::string_view name) { return printable(name, 100); }

}  // namespace

std::unexpected<Stop> stop(Outcome outcome, std::string why) {
  return std::unexpected(Stop{{}, outcome, std::move(why)});
}

bool is_mail_domain(std::string_view domain) {
  return is_askable(domain) && domain.contains('.') && !domain.starts_with('[');
}

bool is_within(std::string_view name, std::string_view domain) {
  return name.ends_with(domain) &&
         (name.size() == domain.size() || name[name.size() - domain.size() - 1] == '.');
}

bool has_address(const dns::Answer* answer, const net::IpAddress& address) {
  return answer && answer->has_records() &&
         std::ranges::any_of(answer->rdata, [&](const auto& rdata) { return rdata == address.octets(); });
}

Inquiry::Inquiry(const Request& request, const Answers& answers) : request_(request), answers_(answers) {
  values_.sender = request.judged();
  values_.sender.domain = plain(values_.sender.domain);
  values_.client = request.client;
  values_.helo = request.helo;
  values_.receiver = request.receiver;
  values_.now_s = request.now_s;
}

Eval<const dns::Answer*> Inquiry::ask(const std::string& name, dns::Type type) const {
  Question question{plain(name), type};
  if (!is_askable(question.name)) return nullptr;
  const auto answer = answers_.find(question);
  if (answer == answers_.end()) return std::unexpected(Stop{std::move(question), Outcome::temperror, ""});
  return &answer->second;
}

Eval<const dns::Answer*> Inquiry::ask_firmly(const std::string& name, dns::Type type) const {
  const dns::Answer* answer = TRY(ask(name, type));
  if (answer && answer->is_temporary())
    return stop(Outcome::temperror, fmt::format("no answer to {} {}: {}", dns::name(type), shown(name),
                                                printable(answer->why, 100)));
  return answer;
}

Eval<std::optional<Record>> Inquiry::record(const std::string& domain) const {
  const dns::Answer* answer = TRY(ask_firmly(domain, dns::Type::txt));
  if (!answer || !answer->has_records()) return std::nullopt;
  std::optional<std::string> found;
  for (const std::string& rdata : answer->rdata) {
    auto txt = dns::parse_txt(rdata);
    if (!txt || !is_record(*txt)) continue;
    if (found) return stop(Outcome::permerror, fmt::format("{} has more than one SPF record", shown(domain)));
    found = *std::move(txt);
  }
  if (!found) return std::nullopt;
  auto record = parse_record(*found);
  if (!record)
    return stop(Outcome::permerror,
                fmt::format("the SPF record of {}: {}", shown(domain), record.error().text));
  return *std::move(record);
}

Eval<void> Inquiry::set_domain(const MacroString& string, const std::string& domain) {
  values_.domain = domain;
  if (uses(string, 'p')) values_.validated = TRY(validated_name(domain));
  return {};
}

Eval<std::string> Inquiry::target(const std::optional<MacroString>& spec, const std::string& domain) {
  if (!spec) return domain;
  TRY(set_domain(*spec, domain));
  return cut(plain(expand(*spec, values_, longest_expansion)));
}

Eval<std::vector<std::string>> Inquiry::mx_hosts(const dns::Answer& answer, const std::string& name) {
  if (answer.rdata.size() > max_names)
    return stop(Outcome::permerror, fmt::format("{} has more than {} MX", shown(name), max_names));
  std::vector<std::pair<std::string, std::string>> found;  // the preference in network order goes first
  for (const std::string& rdata : answer.rdata)
    if (auto host = host_of(rdata); host && is_askable(*host))
      found.emplace_back(rdata.substr(0, 2), *std::move(host));
  std::ranges::sort(found);
  std::vector<std::string> hosts;
  for (auto& [preference, host] : found) hosts.push_back(std::move(host));
  return hosts;
}

Eval<ClientNames> Inquiry::client_names() const {
  const dns::Answer* answer = TRY(ask(dns::reverse_name(client()), dns::Type::ptr));
  ClientNames names;
  names.absent = answer && answer->is_absent();
  if (!answer || !answer->has_records()) return names;
  for (const std::string& rdata : answer->rdata)
    if (auto name = dns::parse_name(rdata); name && !name->empty() && names.list.size() < max_names)
      names.list.push_back(*std::move(name));
  return names;
}

Eval<bool> Inquiry::leads_back(const std::string& name) const {
  return has_address(TRY(ask(name, client().is_v4() ? dns::Type::a : dns::Type::aaaa)), client());
}

// §7.3: the domain itself if it is among them, else a name below it, else any.
Eval<std::string> Inquiry::validated_name(const std::string& domain) const {
  const ClientNames names = TRY(client_names());
  const auto rank = [own = plain(domain)](const std::string& name) {
    return name == own ? 0 : is_within(name, own) ? 1 : 2;
  };
  for (const int wanted : {0, 1, 2})
    for (const std::string& name : names.list)
      if (rank(name) == wanted && TRY(leads_back(name))) return name;
  return "unknown";
}

Eval<std::string> Inquiry::explanation(const MacroString& exp, const std::string& domain) {
  const std::string name = TRY(target(exp, domain));
  const dns::Answer* answer = TRY(ask(name, dns::Type::txt));
  if (!answer || answer->rdata.size() != 1) return "";
  const auto txt = dns::parse_txt(answer->rdata[0]);
  if (!txt || txt->size() > max_record) return "";
  const auto string = parse_explanation(*txt);
  if (!string) return "";
  TRY(set_domain(*string, domain));
  return printable(expand(*string, values_, longest_expansion), longest_explanation);
}

Verdict Inquiry::verdict(Outcome outcome, std::string reason) const {
  Verdict verdict;
  verdict.outcome = outcome;
  verdict.identity = request_.sender.is_null() ? Identity::helo : request_.identity;
  verdict.domain = printable(domain(), 255);
  verdict.reason = std::move(reason);
  return verdict;
}

Step Inquiry::step(const Stop& stop) const {
  if (stop.missing) return *stop.missing;
  return verdict(stop.outcome, stop.why);
}

}  // namespace futar::spf
