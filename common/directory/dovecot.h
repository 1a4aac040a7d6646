// dovecot.passwd: the accounts as Dovecot's passwd-file driver reads them. Pure.
#pragma once
#include <string>

#include "common/directory/records.h"

namespace futar::directory {

constexpr auto dovecot_file = "dovecot.passwd";

/// One line an account, user:verifier::::::fields; the quota (octets; 0 = none) as userdb_quota_rule.
/// Suspended accounts and those without a password are left out: for Dovecot they do not exist. uid, gid,
/// home and mail are Dovecot's own defaults.
std::string dovecot_passwd(const Records& records, uint64_t default_quota);

}  // namespace futar::directory
