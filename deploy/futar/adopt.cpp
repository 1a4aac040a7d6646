#include "deploy/futar/adopt.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/crypto/imported.h"
#include "common/crypto/scram.h"

namespace futar::deploy {
namespace {

using directory::AccountRecord;
using directory::Records;
using directory::Targets;

class Adopting {
 public:
  Adopting(Records& records, std::string domain) : records_(records), domain_(std::move(domain)) {}

  void take_domain(const ForeignEntry& entry) {
    const auto name = directory::canonical_domain(entry.name);
    if (!name) return leave(entry, name.error().text);
    own(*name);
  }
  void take_account(const ForeignEntry& entry);
  void take_aliases(const std::vector<ForeignEntry>& entries);
  void prune_accounts();
  void prune_aliases();
  Adoption told = {};

 private:
  struct Wanted {
    ForeignEntry entry;
    std::string key;
    Targets targets;  ///< canonical
  };
  void leave(const ForeignEntry& entry, std::string_view why) {
    told.left.push_back(fmt::format("line {}: {}", entry.line, printable(why)));
  }
  void own(const std::string& domain) {
    if (directory::add_domain(records_, domain)) told.done.push_back("add domain " + domain);
  }
  Result<std::string> address(std::string_view name) const {
    if (!name.contains('@') && domain_.empty())
      return fail(Error::permanent(fmt::format("{}: of which domain? --domain names it", name)));
    return directory::canonical_text(name.contains('@') ? std::string(name)
                                                        : fmt::format("{}@{}", name, domain_));
  }
  void take_password(const ForeignEntry& entry, AccountRecord& account);
  void drop_dead_ends();
  bool ends_somewhere(const std::string& target, const std::set<std::string>& good) const;
  void take_alias(const ForeignEntry& entry);
  void put_alias(const Wanted& one);

  Records& records_;
  std::string domain_;
  std::vector<Wanted> wanted_;
  std::set<std::string> wanted_keys_;  ///< of wanted_
  std::set<std::string> seen_;         ///< what the file names, taken or not
};

void Adopting::take_password(const ForeignEntry& entry, AccountRecord& account) {
  const std::string plain(crypto::plain_password(entry.password));
  if (!plain.empty()) {  // new keys each time would be a change each time
    const auto keys = crypto::ScramKeys::parse(account.verifier);
    if (keys && crypto::password_matches(*keys, plain)) return;
  }
  auto verifier = crypto::imported_verifier(entry.password);
  if (verifier)
    account.verifier = std::move(*verifier);
  else
    leave(entry, fmt::format("the password of {} is not taken: {}; set one: futar user passwd", entry.name,
                             verifier.error().text));
}

void Adopting::take_account(const ForeignEntry& entry) {
  const auto key = address(entry.name);
  if (!key) return leave(entry, key.error().text);
  if (!seen_.insert(*key).second) return leave(entry, *key + " stands there twice; the first is taken");
  const auto known = records_.accounts.find(*key);
  const bool is_new = known == records_.accounts.end();
  AccountRecord account = is_new ? AccountRecord{} : known->second;
  if (!entry.password.empty()) take_password(entry, account);
  if (entry.quota) account.quota = *entry.quota;
  if (is_new) {
    own(std::string(directory::domain_of(*key)));
    const std::string words = account.verifier.empty() ? ", which has no password yet" : "";
    if (const auto added = directory::add_account(records_, *key, std::move(account)); !added)
      return leave(entry, added.error().text);
    told.done.push_back(fmt::format("add account {}{}", *key, words));
  } else if (known->second != account) {
    known->second = std::move(account);
    told.done.push_back("change account " + *key);
  }
}

// What the file wants, before it is known which targets lead anywhere.
void Adopting::take_alias(const ForeignEntry& entry) {
  const auto key = address(entry.name);
  if (!key) return leave(entry, key.error().text);
  if (!records_.domains.contains(std::string(directory::domain_of(*key))))
    return leave(entry, fmt::format("{}: {} is not one of our domains; add it first: futar domain add {}",
                                    *key, directory::domain_of(*key), directory::domain_of(*key)));
  if (!seen_.insert(*key).second) return leave(entry, *key + " stands there twice; the first is taken");
  Wanted wanted{entry, *key, {}};
  for (const std::string& name : entry.targets) {
    const auto target = name.starts_with('@')
                            ? Result<std::string>(fail(Error::permanent(name + " is a whole domain")))
                            : address(name);
    if (!target)
      leave(entry, fmt::format("{} -> {}: {}", *key, printable(name, 80), target.error().text));
    else
      wanted.targets.push_back(*target);
  }
  if (records_.accounts.contains(*key)) {  // `bob bob` only says that there is a bob
    if (wanted.targets != Targets{*key})
      leave(entry, *key + " is an account: it gets its mail itself, and no alias can pass it on");
  } else if (!wanted.targets.empty()) {
    wanted_keys_.insert(*key);
    wanted_.push_back(std::move(wanted));
  }
}

bool Adopting::ends_somewhere(const std::string& target, const std::set<std::string>& good) const {
  const std::string domain(directory::domain_of(target));
  if (!records_.domains.contains(domain) || records_.accounts.contains(target) || good.contains(target))
    return true;
  const std::string local = target.substr(0, target.find('@'));
  const bool is_wanted = wanted_keys_.contains(target);
  if (!is_wanted && records_.aliases.contains(target)) return true;
  const bool is_role = local == "postmaster" || local == "abuse" || local == "mailer-daemon";
  if (!is_wanted && is_role && !directory::role_account(records_, domain).empty()) return true;
  return !is_wanted && (records_.aliases.contains("@" + domain) || good.contains("@" + domain));
}

// Keeps the targets at which mail ends: an alias is good once one of its targets is, so circles never are.
void Adopting::drop_dead_ends() {
  std::set<std::string> good;
  for (bool grew = true; grew;) {
    grew = false;
    for (const Wanted& one : wanted_)
      if (!good.contains(one.key) &&
          std::ranges::any_of(one.targets, [&](const auto& target) { return ends_somewhere(target, good); }))
        grew = good.insert(one.key).second;
  }
  for (Wanted& one : wanted_)
    std::erase_if(one.targets, [&](const std::string& target) {
      if (target != one.key && ends_somewhere(target, good)) return false;
      leave(one.entry, fmt::format("{} -> {}: mail would find nobody there", one.key, target));
      return true;
    });
}

void Adopting::take_aliases(const std::vector<ForeignEntry>& entries) {
  for (const ForeignEntry& entry : entries) take_alias(entry);
  drop_dead_ends();
  for (const Wanted& one : wanted_) put_alias(one);
}

void Adopting::put_alias(const Wanted& one) {
  if (one.targets.empty()) return;
  const auto known = records_.aliases.find(one.key);
  const Targets before = known == records_.aliases.end() ? Targets{} : known->second;
  told.aliases.push_back(one.key);
  if (before == one.targets) return;
  records_.aliases.erase(one.key);
  if (const auto added = directory::add_alias(records_, one.key, one.targets); !added) {
    if (!before.empty()) records_.aliases[one.key] = before;
    leave(one.entry, added.error().text);
  } else if (records_.aliases.at(one.key) != before) {
    told.done.push_back((before.empty() ? "add alias " : "change alias ") + one.key);
  }
}

void Adopting::prune_accounts() {
  const Records before = records_;
  for (const auto& [address, account] : before.accounts)
    if (!seen_.contains(address) && directory::remove_account(records_, address))
      told.done.push_back("remove account " + address);
}

void Adopting::prune_aliases() {
  const Records before = records_;
  for (const auto& [alias, targets] : before.aliases)
    if (!seen_.contains(alias) && records_.aliases.erase(alias)) told.done.push_back("remove alias " + alias);
}

}  // namespace

Adoption adopt(Records& records, const ForeignFile& file, const std::string& domain, bool prune) {
  Adopting adopting(records, domain);
  adopting.told.left = file.left;
  for (const ForeignEntry& entry : file.domains) adopting.take_domain(entry);
  for (const ForeignEntry& entry : file.accounts) adopting.take_account(entry);
  adopting.take_aliases(file.aliases);
  if (prune && !file.accounts.empty()) adopting.prune_accounts();
  if (prune && !file.aliases.empty()) adopting.prune_aliases();
  return std::move(adopting.told);
}

}  // namespace futar::deploy
