// What of a server belongs into a backup, and where it lies there. Pure.
#pragma once
#include <string>
#include <string_view>

namespace futar::backup {

/// First folders of a backup that are put back below state_dir, and the mailboxes ("mail").
constexpr const char* parts[] = {"msa", "mta", "mda", "directory", "tls", "mail"};
/// Settings that name files elsewhere.
constexpr const char* outside_settings[] = {"tls.certificate", "tls.key", "mta.smart_host_password_file",
                                            "link.keys", "dns.anchor"};

/// A file of the mailboxes that is half written, a lock, or a cache of Dovecot that it makes anew.
bool is_passing(std::string_view path);
/// What names a message in its mailbox, whichever folder and flags it has now: "DOMAIN/USER BASE". "" for a
/// file that is none.
std::string message_in(std::string_view path);

}  // namespace futar::backup
