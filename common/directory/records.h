// The private directory as a value: what `futar` edits, stores in directory.db, and publishes.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::directory {

struct AccountRecord {
  int64_t number = 0;      ///< order of creation
  std::string verifier;    ///< see credentials.h
  uint64_t quota = 0;      ///< octets, 0 = that of the config
  uint64_t limit_day = 0;  ///< recipients a day, 0 = that of the config
  bool suspended = false;
  bool operator==(const AccountRecord&) const = default;
};

using Targets = std::vector<std::string>;

/// All names are canonical (see directory::canonical). An alias "@example.org" is the catch-all of its domain
/// and has one target, a local account.
struct Records {
  uint64_t generation = 0;
  std::string postmaster;  ///< account that gets what nobody else stands for; "" = each domain's first
  std::map<std::string, int64_t> domains;  ///< name -> order of creation
  std::map<std::string, AccountRecord> accounts;
  std::map<std::string, Targets> aliases;
  bool operator==(const Records&) const = default;
};

// Changes. Each takes text as the operator typed it, and either does all of it or says why not and leaves the
// records as they were. Removing what is not there is an error.
Result<void> add_domain(Records& records, std::string_view domain);
/// Refused while accounts or aliases live in it.
Result<void> remove_domain(Records& records, std::string_view domain);
/// The local part may hold letters, digits and ! # & ' + - = _ ~ . only: it names a folder, and a line in
/// Dovecot's file.
Result<void> add_account(Records& records, std::string_view address, AccountRecord account);
/// Takes it out of all aliases too; an alias without targets goes.
Result<void> remove_account(Records& records, std::string_view address);
/// New targets are added to those that the alias has.
Result<void> add_alias(Records& records, std::string_view alias, const Targets& targets);
/// Only these targets, or with none the whole alias.
Result<void> remove_alias(Records& records, std::string_view alias, const Targets& targets);

/// "bob@Example.ORG" as its key "bob@example.org", "@Example.org" as "@example.org".
Result<std::string> canonical_text(std::string_view address);
/// A domain as its key.
Result<std::string> canonical_domain(std::string_view domain);
std::string_view domain_of(std::string_view address);

/// The account that gets the mail of postmaster, abuse and MAILER-DAEMON of a domain when nothing by that
/// name exists: Records::postmaster, else the domain's first account; suspended ones are passed over. "" if
/// there is none.
std::string role_account(const Records& records, std::string_view domain);

}  // namespace futar::directory
