// The mailboxes on disk: MAILBOXES/DOMAIN/USER/ as Maildir++, and MAILBOXES/.staging/, where new files are
// written before they are moved into a Maildir. Blocking calls, from any thread. No symbolic link is followed
// below MAILBOXES: a user may have written there.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/base/result.h"
#include "mda/maildir/path.h"

namespace futar::mda {

/// A message as it will stand on disk. `text` is in LF already; a big body follows from its CRLF spool file.
struct MailFile {
  std::string top;  ///< Return-Path and Delivered-To of this recipient, LF
  std::shared_ptr<const std::string>
      text;                  ///< the same for all recipients: header, and the body when it is small
  const Fd* body = nullptr;  ///< big body, read from its start by offset, so many may share it
};

/// The fields of RFC 5321 §4.4 (Return-Path) and Delivered-To, LF. Control characters cannot leave their
/// field.
std::string trace_fields(std::string_view reverse_path, std::string_view recipient);
/// CRLF to LF, whole.
std::string with_lf(std::string_view octets);

/// A file in .staging/: written, and on its way to the disk.
struct StagedFile {
  Fd fd;
  FileSizes sizes;
};

enum class Moved {
  yes,
  folder_gone,   ///< the folder was removed since it was opened
  name_taken,    ///< another file has the final name; nothing was done
  staging_gone,  ///< no such staging file
};

class MailStore {
 public:
  /// Makes MAILBOXES and MAILBOXES/.staging where they are missing.
  static Result<std::unique_ptr<MailStore>> open(const std::string& mailboxes);

  /// Writes MAILBOXES/.staging/NAME; durable after sync_file() on it and sync_staging(). All files of a round
  /// are written before the first is synced: then their blocks belong to one journal transaction (ext4), and
  /// one commit serves them all. A leftover of that name is replaced.
  Result<StagedFile> stage(const std::string& name, const MailFile& file) const;
  Result<void> unstage(const std::string& name) const;
  bool is_staged(const std::string& name) const;
  Result<std::vector<std::string>> staged() const;
  Result<void> sync_staging() const;

  /// The account's Maildir; none if it is not there.
  Result<std::optional<Fd>> open_mailbox(std::string_view account) const;
  /// The new/ of a folder; none if the folder or the mailbox is gone.
  Result<std::optional<Fd>> open_new(std::string_view account, std::string_view folder) const;
  /// Makes the Maildir with Sent, Drafts, Junk, Trash and their subscriptions, durably; true if it was not
  /// there.
  Result<bool> make_mailbox(std::string_view account) const;
  /// Makes a folder in a mailbox that is there, and subscribes to it, durably; true if it was not there.
  Result<bool> make_folder(std::string_view account, std::string_view folder) const;

  /// Moves a staging file to FOLDER_NEW/NAME as one step, without replacing anything. Not synced.
  Result<Moved> move(const std::string& staged, const Fd& folder_new, const std::string& name) const;

 private:
  MailStore(Fd root, Fd staging) : root_(std::move(root)), staging_(std::move(staging)) {}
  Result<bool> is_same_file(const std::string& staged, const Fd& folder, const std::string& name) const;

  Fd root_, staging_;
};

/// fsync of an open folder.
Result<void> sync_folder(const Fd& folder, std::string_view what);

}  // namespace futar::mda
