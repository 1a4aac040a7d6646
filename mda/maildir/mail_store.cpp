// Opening and making mailboxes.
#include "mda/maildir/mail_store.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "common/base/text.h"

namespace futar::mda {
namespace {

constexpr const char* special_use[] = {"Sent", "Drafts", "Junk",
                                       "Trash"};  // RFC 6154; Dovecot gives the attributes

Fd open_folder_at(int at, const std::string& name) {
  return Fd(::openat(at, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

/// Opens the components of a path one by one, each without following a link. None: one is not there.
Result<std::optional<Fd>> open_path(int at, std::initializer_list<std::string_view> components) {
  Fd folder;
  for (std::string_view component : components) {
    if (component.empty()) continue;
    folder = open_folder_at(folder.is_open() ? folder.get() : at, std::string(component));
    if (folder.is_open()) continue;
    if (errno == ENOENT) return std::optional<Fd>();
    return fail(errno_error(errno, fmt::format("open folder {}", component)));
  }
  return std::optional<Fd>(std::move(folder));
}

Result<Fd> make_folder_at(int at, const std::string& name) {
  if (::mkdirat(at, name.c_str(), 0700) != 0 && errno != EEXIST)
    return fail(errno_error(errno, "make folder " + name));
  Fd folder = open_folder_at(at, name);
  if (!folder.is_open()) return fail(errno_error(errno, "open folder " + name));
  return folder;
}

Result<void> make_file_at(const Fd& at, const std::string& name, std::string_view octets) {
  const Fd fd(::openat(at.get(), name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.is_open()) {
    if (errno == EEXIST) return {};
    return fail(errno_error(errno, "create " + name));
  }
  TRY(write_all(fd, octets, name));
  return sync_file(fd, name);
}

// new/ comes last and after a sync: where it is, the Maildir is whole.
Result<void> make_maildir(const Fd& maildir) {
  for (const char* name : {"cur", "tmp"}) TRY(make_folder_at(maildir.get(), name));
  TRY(sync_folder(maildir, "a new Maildir"));
  TRY(make_folder_at(maildir.get(), "new"));
  return sync_folder(maildir, "a new Maildir");
}

Result<void> make_subfolder(const Fd& mailbox, const std::string& path) {
  const Fd folder = TRY(make_folder_at(mailbox.get(), path));
  TRY(make_file_at(folder, "maildirfolder", ""));
  TRY(make_maildir(folder));
  return sync_folder(folder, path);
}

Result<void> make_special_use(const Fd& mailbox) {
  std::string subscriptions;
  for (const std::string name : special_use) {
    TRY(make_subfolder(mailbox, "." + name));
    subscriptions += name + "\n";
  }
  return make_file_at(mailbox, "subscriptions", subscriptions);
}

constexpr size_t most_subscriptions = 1 << 20;  // octets; a longer list is left alone

/// "" if it is not there.
Result<std::string> read_subscriptions(const Fd& mailbox) {
  const Fd fd(::openat(mailbox.get(), "subscriptions", O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.is_open()) return std::string();
  std::string lines(most_subscriptions, '\0');
  const ssize_t got = ::pread(fd.get(), lines.data(), lines.size(), 0);
  if (got < 0) return fail(errno_error(errno, "read subscriptions"));
  lines.resize(static_cast<size_t>(got));
  return lines;
}

// Dovecot's file: a name a line, below "V\t2" in its newer form, too. It is written anew, as Dovecot does it:
// who reads it meanwhile sees one or the other.
Result<void> subscribe(const Fd& mailbox, const std::string& name) {
  constexpr const char* made = "tmp/subscriptions.futar";
  std::string lines = TRY(read_subscriptions(mailbox));
  if (lines.size() == most_subscriptions) return {};
  for (std::string_view line : split(lines, '\n'))
    if (line == name) return {};
  if (!lines.empty() && !lines.ends_with('\n')) lines += '\n';
  ::unlinkat(mailbox.get(), made, 0);
  TRY(make_file_at(mailbox, made, lines + name + "\n"));
  if (::renameat(mailbox.get(), made, mailbox.get(), "subscriptions") != 0)
    return fail(errno_error(errno, "rename subscriptions"));
  return {};
}

}  // namespace

Result<std::unique_ptr<MailStore>> MailStore::open(const std::string& mailboxes) {
  TRY(make_folders(mailboxes + "/.staging"));
  Fd root = TRY(open_file(mailboxes, O_RDONLY | O_DIRECTORY));
  Fd staging = open_folder_at(root.get(), ".staging");
  if (!staging.is_open()) return fail(errno_error(errno, "open " + mailboxes + "/.staging"));
  return std::unique_ptr<MailStore>(new MailStore(std::move(root), std::move(staging)));
}

Result<std::optional<Fd>> MailStore::open_mailbox(std::string_view account) const {
  const MailboxPath path = TRY(mailbox_path(account));
  return open_path(root_.get(), {path.domain, path.user});
}

Result<std::optional<Fd>> MailStore::open_new(std::string_view account, std::string_view folder) const {
  const MailboxPath path = TRY(mailbox_path(account));
  return open_path(root_.get(), {path.domain, path.user, TRY(folder_path(folder)), "new"});
}

Result<bool> MailStore::make_mailbox(std::string_view account) const {
  if (TRY(open_new(account, "INBOX"))) return false;
  const MailboxPath path = TRY(mailbox_path(account));
  const Fd domain = TRY(make_folder_at(root_.get(), path.domain));
  const Fd mailbox = TRY(make_folder_at(domain.get(), path.user));
  TRY(make_special_use(mailbox));
  TRY(make_maildir(mailbox));
  TRY(sync_folder(domain, path.domain));
  TRY(sync_folder(root_, "the mailboxes' folder"));
  return true;
}

// Subscribed first: where new/ is, nothing is left to do.
Result<bool> MailStore::make_folder(std::string_view account, std::string_view folder) const {
  if (TRY(open_new(account, folder))) return false;
  const auto mailbox = TRY(open_mailbox(account));
  if (!mailbox) return fail(Error::temporary(fmt::format("the mailbox of {} vanished", account)));
  TRY(subscribe(*mailbox, std::string(folder)));
  TRY(make_subfolder(*mailbox, TRY(folder_path(folder))));
  TRY(sync_folder(*mailbox, account));
  return true;
}

}  // namespace futar::mda
