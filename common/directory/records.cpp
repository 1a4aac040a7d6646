#include "common/directory/records.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/base/text.h"

namespace futar::directory {
namespace {

std::unexpected<Error> refused(std::string words) { return fail(Error::permanent(std::move(words))); }

bool is_account_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || static_cast<unsigned char>(c) >= 0x80 ||
         std::string_view("!#&'+-=_~.").contains(c);
}

Result<void> must_be_local(const Records& records, std::string_view address) {
  const std::string domain(domain_of(address));
  if (records.domains.contains(domain)) return {};
  return refused(
      fmt::format("{} is not one of our domains; add it first: futar domain add {}", domain, domain));
}

template <class Map>
int64_t next_number(const Map& map, int64_t (*number)(const typename Map::mapped_type&)) {
  int64_t most = 0;
  for (const auto& [name, value] : map) most = std::max(most, number(value));
  return most + 1;
}

// A catch-all answers for whole domain, so it must end somewhere for certain.
Result<void> check_catch_all(const Records& records, const std::string& alias, const Targets& targets) {
  if (targets.size() == 1 && records.accounts.contains(targets[0])) return {};
  return refused(
      fmt::format("{} catches all of a domain: it takes exactly one target, an account of ours", alias));
}

Result<Targets> canonical_targets(const Targets& targets) {
  Targets out;
  for (const auto& target : targets) {
    if (target.starts_with('@')) return refused(target + " is no address");
    out.push_back(TRY(canonical_text(target)));
  }
  return out;
}

}  // namespace

Result<void> add_domain(Records& records, std::string_view domain) {
  const std::string name = TRY(canonical_domain(domain));
  if (records.domains.contains(name)) return refused(name + " is there already");
  records.domains[name] = next_number(records.domains, +[](const int64_t& number) { return number; });
  return {};
}

Result<void> remove_domain(Records& records, std::string_view domain) {
  const std::string name = TRY(canonical_domain(domain));
  if (!records.domains.contains(name)) return refused(name + " is not one of our domains");
  const auto lives_there = [&](const auto& entry) { return domain_of(entry.first) == name; };
  if (const auto account = std::ranges::find_if(records.accounts, lives_there);
      account != records.accounts.end())
    return refused(fmt::format("{} still has accounts, such as {}", name, account->first));
  if (const auto alias = std::ranges::find_if(records.aliases, lives_there); alias != records.aliases.end())
    return refused(fmt::format("{} still has aliases, such as {}", name, alias->first));
  records.domains.erase(name);
  return {};
}

Result<void> add_account(Records& records, std::string_view address, AccountRecord account) {
  const std::string key = TRY(canonical_text(address));
  const std::string_view local = std::string_view(key).substr(0, key.find('@'));
  if (local.empty() || !std::ranges::all_of(local, is_account_character))
    return refused(fmt::format("{}: the part before @ may hold letters, digits and ! # & ' + - = _ ~ .",
                               printable(key)));
  TRY(must_be_local(records, key));
  if (records.accounts.contains(key)) return refused(key + " is there already");
  if (records.aliases.contains(key)) return refused(key + " is an alias already");
  account.number = next_number(records.accounts, +[](const AccountRecord& a) { return a.number; });
  records.accounts.emplace(key, std::move(account));
  return {};
}

Result<void> remove_account(Records& records, std::string_view address) {
  const std::string key = TRY(canonical_text(address));
  if (records.accounts.erase(key) == 0) return refused("no such account: " + key);
  if (records.postmaster == key) records.postmaster.clear();
  for (auto& [alias, targets] : records.aliases) std::erase(targets, key);
  std::erase_if(records.aliases, [](const auto& alias) { return alias.second.empty(); });
  return {};
}

Result<void> add_alias(Records& records, std::string_view alias, const Targets& targets) {
  const std::string key = TRY(canonical_text(alias));
  const Targets wanted = TRY(canonical_targets(targets));
  TRY(must_be_local(records, key));
  if (records.accounts.contains(key)) return refused(key + " is an account already");
  if (wanted.empty()) return refused(key + " needs a target");
  if (std::ranges::count(wanted, key)) return refused(key + " cannot be its own target");
  const auto known = records.aliases.find(key);
  Targets all = known == records.aliases.end() ? Targets{} : known->second;
  for (const auto& target : wanted)
    if (!std::ranges::count(all, target)) all.push_back(target);
  if (key.starts_with('@')) TRY(check_catch_all(records, key, all));
  records.aliases[key] = std::move(all);
  return {};
}

Result<void> remove_alias(Records& records, std::string_view alias, const Targets& targets) {
  const std::string key = TRY(canonical_text(alias));
  const Targets unwanted = TRY(canonical_targets(targets));
  const auto known = records.aliases.find(key);
  if (known == records.aliases.end()) return refused("no such alias: " + key);
  Targets left = known->second;
  for (const auto& target : unwanted)
    if (std::erase(left, target) == 0) return refused(fmt::format("{} does not go to {}", key, target));
  if (unwanted.empty() || left.empty())
    records.aliases.erase(known);
  else
    known->second = std::move(left);
  return {};
}

std::string role_account(const Records& records, std::string_view domain) {
  const auto chosen = records.accounts.find(records.postmaster);
  if (chosen != records.accounts.end() && !chosen->second.suspended) return chosen->first;
  std::string first;
  int64_t least = INT64_MAX;
  for (const auto& [address, account] : records.accounts) {
    if (domain_of(address) != domain || account.suspended || account.number >= least) continue;
    least = account.number;
    first = address;
  }
  return first;
}

}  // namespace futar::directory
