// maildirsize on disk, and counting a mailbox. The grammar and the rules stand in maildirsize.cpp.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <functional>
#include <memory>

#include <fmt/format.h>

#include "mda/maildir/maildirsize.h"
#include "mda/maildir/path.h"

namespace futar::mda {
namespace {

constexpr const char* file_name = "maildirsize";

struct Close {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

/// Calls f for each entry; a folder that is gone, or that is none, has none.
Result<void> each_entry(int at, const char* name,
                        const std::function<void(int folder, const char* entry)>& f) {
  const int fd = ::openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return {};
  if (fd < 0) return fail(errno_error(errno, fmt::format("open {}", name)));
  std::unique_ptr<DIR, Close> folder(::fdopendir(fd));
  if (!folder) {
    const int number = errno;
    ::close(fd);
    return fail(errno_error(number, fmt::format("read {}", name)));
  }
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    f(fd, entry->d_name);
    errno = 0;
  }
  if (errno != 0) return fail(errno_error(errno, fmt::format("read {}", name)));
  return {};
}

Result<void> count_messages(int maildir, Usage& usage) {
  for (const char* name : {"cur", "new"}) {
    TRY(each_entry(maildir, name, [&usage](int folder, const char* entry) {
      if (entry[0] == '.') return;
      int64_t octets = physical_size(entry);
      struct stat status{};
      if (octets < 0) {
        if (::fstatat(folder, entry, &status, AT_SYMLINK_NOFOLLOW) != 0) return;  // expunged meanwhile
        octets = status.st_size;
      }
      usage.octets += octets;
      ++usage.messages;
    }));
  }
  return {};
}

Result<std::string> read_up_to(const Fd& fd, size_t limit) {
  std::string text(limit, '\0');
  size_t size = 0;
  while (size < limit) {
    const ssize_t got = ::read(fd.get(), text.data() + size, limit - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(errno_error(errno, "read maildirsize"));
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  text.resize(size);
  return text;
}

/// The sum of the file if it may be believed.
Result<std::optional<Usage>> believed_usage(const Fd& mailbox, uint64_t quota, uint64_t wanted,
                                            int64_t wall_ms) {
  const Fd fd(::openat(mailbox.get(), file_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.is_open()) return std::optional<Usage>();
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail(errno_error(errno, "stat maildirsize"));
  const std::string text = TRY(read_up_to(fd, maildirsize_limit + 1));
  if (text.size() > maildirsize_limit) return std::optional<Usage>();
  const auto file = parse_maildirsize(text);
  const int64_t age_ms = wall_ms - (status.st_mtim.tv_sec * 1000 + status.st_mtim.tv_nsec / 1'000'000);
  if (!file || !is_trusted(*file, quota, wanted, age_ms)) return std::optional<Usage>();
  return std::optional<Usage>(file->sum);
}

// Not synced: after a power cut the file is at worst damaged or missing, and counted anew.
Result<void> write_maildirsize(const Fd& mailbox, uint64_t quota, const Usage& usage) {
  static std::atomic<uint64_t> counter = 0;
  const std::string fresh = fmt::format("tmp/maildirsize.{}.{}", ::getpid(), ++counter);
  const Fd fd(
      ::openat(mailbox.get(), fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!fd.is_open()) return fail(errno_error(errno, "create " + fresh));
  TRY(write_all(fd, print_maildirsize(quota, usage), fresh));
  if (::renameat(mailbox.get(), fresh.c_str(), mailbox.get(), file_name) != 0)
    return fail(errno_error(errno, "rename " + fresh));
  return {};
}

}  // namespace

Result<Usage> count_mailbox(const Fd& mailbox) {
  Usage usage;
  TRY(count_messages(mailbox.get(), usage));
  Result<void> folders;
  TRY(each_entry(mailbox.get(), ".", [&](int at, const char* entry) {
    const std::string_view name = entry;
    if (name.size() < 2 || name[0] != '.' || name == ".." || !folders) return;
    const Fd folder(::openat(at, entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (folder.is_open()) folders = count_messages(folder.get(), usage);
  }));
  TRY(std::move(folders));
  return usage;
}

Result<Usage> mailbox_usage(const Fd& mailbox, uint64_t quota, uint64_t wanted, int64_t wall_ms) {
  if (const auto usage = TRY(believed_usage(mailbox, quota, wanted, wall_ms))) return *usage;
  const Usage usage = TRY(count_mailbox(mailbox));
  TRY(write_maildirsize(mailbox, quota, usage));
  return usage;
}

Result<void> drop_quota(const Fd& mailbox) {
  if (::unlinkat(mailbox.get(), file_name, 0) != 0 && errno != ENOENT)
    return fail(errno_error(errno, "unlink maildirsize"));
  return {};
}

Result<void> add_usage(const Fd& mailbox, const Usage& change) {
  const Fd fd(::openat(mailbox.get(), file_name, O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
  if (!fd.is_open()) {
    if (errno == ENOENT) return {};
    return fail(errno_error(errno, "open maildirsize"));
  }
  return write_all(fd, fmt::format("{} {}\n", change.octets, change.messages), file_name);
}

}  // namespace futar::mda
