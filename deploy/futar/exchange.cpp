#include "deploy/futar/exchange.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/base/text.h"
#include "common/config/units.h"
#include "common/crypto/imported.h"
#include "common/crypto/scram.h"

namespace futar::deploy {

using directory::AccountRecord;
using directory::Records;
using directory::Targets;
using nlohmann::json;

namespace {

// A key that nobody knows is more likely a slip than something to pass over.
void must_know(const json& item, std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : item.items())
    if (!std::ranges::count(known, key)) throw std::invalid_argument("unknown key " + key);
}

// Octets, or words such as "2GiB".
uint64_t quota_of(const json& item, uint64_t before) {
  const auto found = item.find("quota");
  if (found == item.end()) return before;
  if (!found->is_string()) return found->get<uint64_t>();
  const auto size = config::parse_size(found->get<std::string>());
  if (!size) throw std::invalid_argument(size.error().text);
  return *size;
}

// `before` when it is still right for a password that is given as it is: new keys would be a change each
// time.
Result<std::string> verifier_of(const std::string& address, const json& item, const std::string& before) {
  std::string given = item.value("hash", "");
  if (item.contains("password")) given = "{PLAIN}" + item.at("password").get<std::string>();
  if (given.empty()) return before;
  const std::string plain(crypto::plain_password(given));
  const auto keys = crypto::ScramKeys::parse(before);
  if (!plain.empty() && keys && crypto::password_matches(*keys, plain)) return before;
  auto verifier = crypto::imported_verifier(given);
  if (!verifier) return fail(Error::permanent(address + ": " + verifier.error().text));
  return verifier;
}

Result<void> import_account(Records& records, const json& item, std::vector<std::string>& done) {
  must_know(item, {"address", "hash", "password", "quota", "limit_day", "suspended"});
  const std::string address = TRY(directory::canonical_text(item.at("address").get<std::string>()));
  const auto known = records.accounts.find(address);
  AccountRecord account = known == records.accounts.end() ? AccountRecord{} : known->second;
  account.verifier = TRY(verifier_of(address, item, account.verifier));
  account.quota = quota_of(item, account.quota);
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
  must_know(item, {"alias", "targets"});
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
  must_know(document, {"domains", "accounts", "aliases", "postmaster", "schema"});
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

std::string directory_as_toml(const json& document) {
  std::string text = "# Futár's directory, for `futar directory import`.\n";
  text += fmt::format("domains = {}\n", document.at("domains").dump());
  if (const json& postmaster = document.at("postmaster"); postmaster != "")
    text += fmt::format("postmaster = {}\n", postmaster.dump());
  for (const json& account : document.at("accounts")) {
    text += fmt::format("\n[[accounts]]\naddress = {}\n", account.at("address").dump());
    if (account.value("hash", "") != "") text += fmt::format("hash = {}\n", account.at("hash").dump());
    if (const auto quota = account.at("quota").get<uint64_t>())
      text += fmt::format("quota = \"{}\"\n", config::print_size(quota));
    if (account.at("limit_day") != 0) text += fmt::format("limit_day = {}\n", account.at("limit_day").dump());
    if (account.at("suspended") == true) text += "suspended = true\n";
  }
  for (const json& alias : document.at("aliases"))
    text += fmt::format("\n[[aliases]]\nalias = {}\ntargets = {}\n", alias.at("alias").dump(),
                        alias.at("targets").dump());
  return text;
}

Result<std::vector<std::string>> import_directory(Records& records, const json& document, bool prune) {
  if (!document.is_object())
    return fail(Error::permanent("a document is wanted, as `futar directory export` writes"));
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
