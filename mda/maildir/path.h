// Names in the mailbox tree: MAILBOXES/DOMAIN/USER/[.FOLDER/]{cur,new,tmp}/FILE. Pure. Whatever outsiders
// chose (local parts, domains, folder names) becomes exactly one path component here, or is refused.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/base/result.h"

namespace futar::mda {

/// `name` as one path component. '/', '%', control characters, DEL and a dot in front become %xx, so that no
/// two names meet and none is "..", hidden or empty; all else (also UTF-8) stays readable.
std::string path_component(std::string_view name);

/// "bob@example.org" lives in MAILBOXES/example.org/bob.
struct MailboxPath {
  std::string domain, user;  ///< path components
  std::string text() const { return domain + "/" + user; }
};
/// Permanent error for what is no account's address or too long for a file name.
Result<MailboxPath> mailbox_path(std::string_view account);

/// Maildir++: "" for INBOX, ".Junk" for Junk, ".Lists.Futár" for Lists/Futár. Refuses names that could leave
/// the Maildir.
Result<std::string> folder_path(std::string_view folder);

/// What makes a file name unique: SECONDS.M<microseconds>R<row>I<message id>.HOST. Dovecot orders new mail by
/// seconds, then by the number behind M. The id and row are there for people and for a ledger restored from a
/// backup.
std::string unique_name(int64_t wall_us, int64_t row, const MessageId& id, std::string_view host);

/// Octets of a message on disk (LF) and with CRLF: Dovecot's ,S= and ,W=, which save it from opening the
/// file.
struct FileSizes {
  uint64_t physical = 0, virtual_ = 0;
};
std::string with_sizes(std::string_view unique, const FileSizes& sizes);
/// ",S=1234,W=1300" of a file name, or "".
std::string_view sizes_part(std::string_view file_name);
/// The octets that a file name claims by ",S="; -1 if it does not.
int64_t physical_size(std::string_view file_name);

}  // namespace futar::mda
