#include "deploy/futar/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/base/text.h"
#include "common/crypto/crypt.h"
#include "common/crypto/scram.h"

namespace futar::deploy {

using directory::AccountRecord;
using directory::Records;
using directory::Targets;
using nlohmann::json;

namespace {

// A SCRAM verifier, or a hash of crypt(5) with or without its {CRYPT}.
Result<std::string> checked_verifier(const std::string& address, std::string verifier) {
  constexpr std::string_view crypt_scheme = "{CRYPT}";
  if (verifier.empty() || crypto::ScramKeys::parse(verifier)) return verifier;
  const std::string hash =
      starts_with_nocase(verifier, crypt_scheme) ? verifier.substr(crypt_scheme.size()) : verifier;
  if (!crypto::is_crypt_hash(hash))
    return fail(
        Error::permanent(address + ": the hash is neither {SCRAM-SHA-256} nor a strong one of crypt"));
  return fmt::format("{}{}", crypt_scheme, hash);
}

Result<void> import_account(Records& records, const json& item, std::vector<std::string>& done) {
  const std::string address = TRY(directory::canonical_text(item.at("address").get<std::string>()));
  const std::string verifier = TRY(checked_verifier(address, item.value("hash", "")));
  const auto known = records.accounts.find(address);
  AccountRecord account = known == records.accounts.end() ? AccountRecord{} : known->second;
  if (!verifier.empty()) account.verifier = verifier;
  account.quota = item.value("quota", account.quota);
  account.limit_day = item.value("limit_day", account.limit_day);
  account.suspended = item.value("suspended", account.suspended);
  if (known == records.accounts.end()) {
    TRY(directory::add_account(records, address, account));
    done.push_back("add account " + address +
                   (account.verifier.empty() ? ", which has no password yet" : ""));
  } else if (known->second != account) {
    known->second = account;
    done.push_back("change account " + address);
  }
  return {};
}

Result<void> import_alias(Records& records, const json& item, std::vector<std::string>& done) {
  const std::string alias = TRY(directory::canonical_text(item.at("alias").get<std::string>()));
  const auto known = records.aliases.find(alias);
  const Targets before = known == records.aliases.end() ? Targets{} : known->second;
  records.aliases.erase(alias);
  TRY(directory::add_alias(records, alias, item.at("targets").get<Targets>()));
  if (records.aliases.at(alias) != before)
    done.push_back((before.empty() ? "add alias " : "change alias ") + alias);
  return {};
}

json list_of(const json& document, const char* key) {
  json list = document.value(key, json::array());
  if (!list.is_array()) throw std::invalid_argument(fmt::format("{} is no list", key));
  return list;
}

// The names of a list of objects, canonical.
std::vector<std::string> names(const json& list, const char* key) {
  std::vector<std::string> out;
  for (const json& item : list)
    if (auto name = directory::canonical_text(item.at(key).get<std::string>())) out.push_back(*name);
  return out;
}

Result<void> prune_missing(Records& records, const json& document, std::vector<std::string>& done) {
  const Records before = records;
  const auto aliases = names(list_of(document, "aliases"), "alias");
  for (const auto& [alias, targets] : before.aliases)
    if (!std::ranges::count(aliases, alias) && records.aliases.erase(alias))
      done.push_back("remove alias " + alias);
  const auto accounts = names(list_of(document, "accounts"), "address");
  for (const auto& [address, account] : before.accounts)
    if (!std::ranges::count(accounts, address)) {
      TRY(directory::remove_account(records, address));
      done.push_back("remove account " + address);
    }
  for (const auto& [name, number] : before.domains) {
    const auto& kept = list_of(document, "domains");
    const bool is_kept = std::ranges::any_of(kept, [&](const json& domain) {
      return directory::canonical_domain(domain.get<std::string>()).value_or("") == name;
    });
    if (is_kept) continue;
    TRY(directory::remove_domain(records, name));
    done.push_back("remove domain " + name);
  }
  return {};
}

Result<std::vector<std::string>> apply(Records& records, const json& document, bool prune) {
  std::vector<std::string> done;
  for (const json& domain : list_of(document, "domains")) {
    const std::string name = TRY(directory::canonical_domain(domain.get<std::string>()));
    if (records.domains.contains(name)) continue;
    TRY(directory::add_domain(records, name));
    done.push_back("add domain " + name);
  }
  for (const json& account : list_of(document, "accounts")) TRY(import_account(records, account, done));
  for (const json& alias : list_of(document, "aliases")) TRY(import_alias(records, alias, done));
  if (document.contains("postmaster")) {
    const std::string postmaster = document.at("postmaster").get<std::string>();
    if (postmaster != records.postmaster) done.push_back("postmaster is " + postmaster);
    records.postmaster = postmaster;
  }
  if (prune) TRY(prune_missing(records, document, done));
  return done;
}

}  // namespace

json export_directory(const Records& records, bool with_hashes) {
  json domains = json::array(), accounts = json::array(), aliases = json::array();
  std::vector<std::pair<int64_t, std::string>> ordered;  // by age: the first domain is the one that captures
  for (const auto& [name, number] : records.domains) ordered.emplace_back(number, name);
  std::ranges::sort(ordered);
  for (const auto& [number, name] : ordered) domains.push_back(name);
  ordered.clear();
  for (const auto& [address, account] : records.accounts) ordered.emplace_back(account.number, address);
  std::ranges::sort(ordered);
  for (const auto& [number, address] : ordered) {
    const AccountRecord& account = records.accounts.at(address);
    json item = {{"address", address},
                 {"quota", account.quota},
                 {"limit_day", account.limit_day},
                 {"suspended", account.suspended}};
    if (with_hashes) item["hash"] = account.verifier;
    accounts.push_back(std::move(item));
  }
  for (const auto& [alias, targets] : records.aliases)
    aliases.push_back({{"alias", alias}, {"targets", targets}});
  return {
      {"domains", domains}, {"accounts", accounts}, {"aliases", aliases}, {"postmaster", records.postmaster}};
}

Result<std::vector<std::string>> import_directory(Records& records, const json& document, bool prune) {
  if (!document.is_object())
    return fail(Error::permanent("a JSON object is wanted, as `futar directory export` writes"));
  Records changed = records;
  try {
    auto done = TRY(apply(changed, document, prune));
    records = std::move(changed);
    return done;
  } catch (const std::exception& error) {  // of nlohmann/json, or list_of
    return fail(Error::permanent(fmt::format("not as `futar directory export` writes it: {}", error.what())));
  }
}

}  // namespace futar::deploy
