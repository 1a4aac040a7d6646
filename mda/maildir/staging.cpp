// MAILBOXES/.staging: writing new files, and moving them into a Maildir.
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

#include <fmt/format.h>

#include "common/base/text.h"
#include "mda/maildir/line_ends.h"
#include "mda/maildir/mail_store.h"

namespace futar::mda {
namespace {

constexpr size_t piece = 128 * 1024;

/// top and text in one call, as most messages are written.
Result<void> write_start(const Fd& fd, const MailFile& file, const std::string& path) {
  iovec parts[] = {{const_cast<char*>(file.top.data()), file.top.size()},
                   {const_cast<char*>(file.text->data()), file.text->size()}};
  const ssize_t got = ::writev(fd.get(), parts, 2);
  if (got < 0 && errno != EINTR) return fail(errno_error(errno, "write " + path));
  size_t written = got < 0 ? 0 : static_cast<size_t>(got);
  for (std::string_view part : {std::string_view(file.top), std::string_view(*file.text)}) {
    const size_t skip = std::min(written, part.size());
    written -= skip;
    TRY(write_all(fd, part.substr(skip), path));
  }
  return {};
}

/// Appends a big body, CRLF to LF. Returns its octets and lines on disk.
Result<FileSizes> write_body(const Fd& fd, const Fd& body, const std::string& path) {
  LineEnds line_ends;
  std::string in(piece, '\0'), out;
  uint64_t octets = 0;
  for (off_t offset = 0;;) {
    const ssize_t got = ::pread(body.get(), in.data(), in.size(), offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(errno_error(errno, "read the body for " + path));
    out.clear();
    if (got == 0)
      line_ends.finish(out);
    else
      line_ends.feed({in.data(), static_cast<size_t>(got)}, out);
    TRY(write_all(fd, out, path));
    octets += out.size();
    if (got == 0) return FileSizes{octets, octets + line_ends.lines()};
    offset += got;
  }
}

uint64_t lines(std::string_view text) { return static_cast<uint64_t>(std::ranges::count(text, '\n')); }

/// What the kernel says about a place that a user has changed is that message's trouble, not the daemon's.
Error move_error(int number, const std::string& what) {
  if (number == EXDEV)
    return Error::temporary(what + ": the mailbox is on another file system than .staging");
  return errno_error(number, what);
}

}  // namespace

std::string trace_fields(std::string_view reverse_path, std::string_view recipient) {
  return fmt::format("Return-Path: <{}>\nDelivered-To: {}\n", printable(reverse_path, 1000),
                     printable(recipient, 1000));
}

std::string with_lf(std::string_view octets) {
  LineEnds line_ends;
  std::string out;
  out.reserve(octets.size());
  line_ends.feed(octets, out);
  line_ends.finish(out);
  return out;
}

Result<StagedFile> MailStore::stage(const std::string& name, const MailFile& file) const {
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  Fd fd(::openat(staging_.get(), name.c_str(), flags, 0600));
  if (!fd.is_open() && errno == EEXIST) {
    TRY(unstage(name));  // of an attempt that failed before its intent
    fd = Fd(::openat(staging_.get(), name.c_str(), flags, 0600));
  }
  if (!fd.is_open()) return fail(errno_error(errno, "create .staging/" + name));
  TRY(write_start(fd, file, name));
  FileSizes sizes{file.top.size() + file.text->size(), 0};
  sizes.virtual_ = sizes.physical + lines(file.top) + lines(*file.text);
  if (file.body) {
    const FileSizes body = TRY(write_body(fd, *file.body, name));
    sizes = {sizes.physical + body.physical, sizes.virtual_ + body.virtual_};
  }
  // Only a start, which makes ext4 choose the blocks; sync_file() is what counts, so an error may show there.
  ::sync_file_range(fd.get(), 0, 0, SYNC_FILE_RANGE_WRITE);
  return StagedFile{std::move(fd), sizes};
}

Result<void> MailStore::unstage(const std::string& name) const {
  if (::unlinkat(staging_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
    return fail(errno_error(errno, "unlink .staging/" + name));
  return {};
}

bool MailStore::is_staged(const std::string& name) const {
  return ::faccessat(staging_.get(), name.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

Result<std::vector<std::string>> MailStore::staged() const {
  std::vector<std::string> names;
  std::error_code error;
  // By the descriptor, not the path: the folder that was opened is the folder that is listed.
  const std::string self = fmt::format("/proc/self/fd/{}", staging_.get());
  for (std::filesystem::directory_iterator entry(self, error), end; !error && entry != end;
       entry.increment(error))
    names.push_back(entry->path().filename().string());
  if (error) return fail(errno_error(error.value(), "list .staging"));
  return names;
}

Result<void> MailStore::sync_staging() const { return sync_folder(staging_, ".staging"); }

Result<void> sync_folder(const Fd& folder, std::string_view what) {
  if (::fsync(folder.get()) != 0) return fail(errno_error(errno, fmt::format("fsync {}", what)));
  return {};
}

// A file system whose rename is not one step across a power cut can leave both names on one file.
Result<bool> MailStore::is_same_file(const std::string& staged, const Fd& folder,
                                     const std::string& name) const {
  struct stat a{}, b{};
  if (::fstatat(staging_.get(), staged.c_str(), &a, AT_SYMLINK_NOFOLLOW) != 0)
    return fail(errno_error(errno, "stat .staging/" + staged));
  if (::fstatat(folder.get(), name.c_str(), &b, AT_SYMLINK_NOFOLLOW) != 0) return false;
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

Result<Moved> MailStore::move(const std::string& staged, const Fd& folder_new,
                              const std::string& name) const {
  if (::renameat2(staging_.get(), staged.c_str(), folder_new.get(), name.c_str(), RENAME_NOREPLACE) == 0)
    return Moved::yes;
  const int number = errno;
  if (number == ENOENT) return is_staged(staged) ? Moved::folder_gone : Moved::staging_gone;
  if (number != EEXIST) return fail(move_error(number, "move .staging/" + staged + " to " + name));
  if (!TRY(is_same_file(staged, folder_new, name))) return Moved::name_taken;
  TRY(unstage(staged));
  return Moved::yes;
}

}  // namespace futar::mda
