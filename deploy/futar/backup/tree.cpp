#include "deploy/futar/backup/tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <vector>

#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::backup {
namespace {

constexpr size_t piece = 256 * 1024;

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? std::string() : path.substr(0, slash);
}

std::string joined(const std::string& folder, const std::string& name) {
  return folder.empty() ? name : folder + "/" + name;
}

struct Close {
  void operator()(DIR* folder) const { ::closedir(folder); }
};

struct Names {
  std::vector<std::string> files, folders;
};

Result<Names> names_in(Fd fd, const std::string& what) {
  const std::unique_ptr<DIR, Close> folder(::fdopendir(fd.get()));
  if (!folder) return fail(errno_error(errno, "list " + what));
  std::ignore = fd.release();  // closedir() has it
  Names names;
  errno = 0;
  while (const dirent* entry = ::readdir(folder.get())) {
    const std::string name = entry->d_name;
    if (name == "." || name == "..") continue;
    struct stat status{};
    if (::fstatat(::dirfd(folder.get()), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) != 0) continue;
    if (S_ISREG(status.st_mode)) names.files.push_back(name);
    if (S_ISDIR(status.st_mode)) names.folders.push_back(name);
  }
  return names;
}

/// openat2(2), or minus errno.
int open_beneath(const Fd& root, const std::string& path, int flags, mode_t mode) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.mode = (flags & O_CREAT) != 0 ? mode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long fd = ::syscall(SYS_openat2, root.get(), path.empty() ? "." : path.c_str(), &how, sizeof how);
  return fd < 0 ? -errno : static_cast<int>(fd);
}

}  // namespace

Result<Tree> Tree::open(const std::string& path) {
  return Tree(path, TRY(futar::open_file(path, O_RDONLY | O_DIRECTORY)));
}

Result<Fd> Tree::open_file(const std::string& path, int flags, mode_t mode) const {
  const int fd = open_beneath(root_, path, flags, mode);
  if (fd < 0) return fail(errno_error(-fd, "open " + path_ + "/" + path));
  return Fd(fd);
}

Result<std::optional<Fd>> Tree::find(const std::string& path, int flags) const {
  const int fd = open_beneath(root_, path, flags, 0);
  if (fd == -ENOENT || fd == -ELOOP || fd == -ENOTDIR) return std::optional<Fd>();
  if (fd < 0) return fail(errno_error(-fd, "open " + path_ + "/" + path));
  return std::optional<Fd>(Fd(fd));
}

Result<void> Tree::each_file(const std::string& folder,
                             const std::function<Result<void>(const std::string&)>& seen) const {
  auto fd = TRY(find(folder, O_RDONLY | O_DIRECTORY));
  if (!fd) return {};
  Names names = TRY(names_in(*std::move(fd), path_ + "/" + folder));
  for (const std::string& name : names.files) TRY(seen(joined(folder, name)));
  std::ranges::sort(names.folders, std::greater());  // new/ before cur/
  for (const std::string& name : names.folders) TRY(each_file(joined(folder, name), seen));
  return {};
}

Result<void> Tree::make_parents(const std::string& path, mode_t mode) const {
  const std::string folder = folder_of(path);
  if (folder.empty() || open_file(folder, O_PATH | O_DIRECTORY)) return {};
  TRY(make_parents(folder, mode));
  const Fd parent = TRY(open_file(folder_of(folder), O_RDONLY | O_DIRECTORY));
  const std::string name = folder.substr(folder.rfind('/') + 1);
  if (::mkdirat(parent.get(), name.c_str(), mode) != 0 && errno != EEXIST)
    return fail(errno_error(errno, "mkdir " + path_ + "/" + folder));
  const Fd made = TRY(open_file(folder, O_RDONLY | O_DIRECTORY));
  struct stat above{};
  if (::fstat(parent.get(), &above) != 0) return fail(errno_error(errno, "stat " + path_));
  if (::geteuid() == 0 && ::fchown(made.get(), above.st_uid, above.st_gid) != 0)
    return fail(errno_error(errno, "chown " + path_ + "/" + folder));
  if (::fchmod(made.get(), mode) != 0) return fail(errno_error(errno, "chmod " + path_ + "/" + folder));
  return {};
}

Result<void> Tree::rename(const std::string& from, const std::string& to) const {
  const Fd folder = TRY(open_file(folder_of(to), O_RDONLY | O_DIRECTORY));
  const std::string old_name = from.substr(from.rfind('/') + 1), name = to.substr(to.rfind('/') + 1);
  if (::renameat(folder.get(), old_name.c_str(), folder.get(), name.c_str()) == 0) return {};
  return fail(errno_error(errno, "rename " + path_ + "/" + from));
}

Result<void> Tree::sync() const {
  if (::syncfs(root_.get()) == 0) return {};
  return fail(errno_error(errno, "sync " + path_));
}

namespace {

/// Reads to the end; `sink` gets each piece.
Result<void> read_to_end(const Fd& fd, const std::string& path,
                         const std::function<Result<void>(std::string_view)>& sink) {
  std::string buffer(piece, '\0');
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(errno_error(errno, "read " + path));
    if (got == 0) return {};
    TRY(sink(std::string_view(buffer).substr(0, static_cast<size_t>(got))));
  }
}

/// What the entry's rights need to be put back: the folder's mode, and a group of the file's own.
Result<void> note_rights(Entry& entry, const Tree& tree, const std::string& path, const struct stat& file) {
  const Fd folder = TRY(tree.open_file(folder_of(path), O_RDONLY | O_DIRECTORY));
  struct stat above{};
  if (::fstat(folder.get(), &above) != 0) return fail(errno_error(errno, "stat the folder of " + path));
  entry.folder_mode = above.st_mode & 0777;
  if (above.st_gid == file.st_gid) return {};
  if (const group* own = ::getgrgid(file.st_gid)) entry.group = own->gr_name;
  return {};
}

// Root gives the file to whom its folder belongs.
Result<void> finish(const Fd& fd, const Fd& folder, const struct stat& original, mode_t mode,
                    const std::string& path) {
  struct stat above{};
  if (::fstat(folder.get(), &above) != 0) return fail(errno_error(errno, "stat the folder of " + path));
  if (::geteuid() == 0 && ::fchown(fd.get(), above.st_uid, above.st_gid) != 0)
    return fail(errno_error(errno, "chown " + path));
  if (::fchmod(fd.get(), mode) != 0) return fail(errno_error(errno, "chmod " + path));
  const std::array<timespec, 2> times{original.st_atim, original.st_mtim};
  if (::futimens(fd.get(), times.data()) != 0) return fail(errno_error(errno, "set the time of " + path));
  return {};
}

}  // namespace

Result<std::optional<Entry>> copy_file(const Tree& from, const std::string& from_path, const Tree& to,
                                       const std::string& to_path, mode_t mode) {
  const auto opened = TRY(from.find(from_path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
  if (!opened) return std::optional<Entry>();
  const Fd& source = *opened;
  struct stat original{};
  if (::fstat(source.get(), &original) != 0) return fail(errno_error(errno, "stat " + from_path));
  if (!S_ISREG(original.st_mode)) return std::optional<Entry>();
  TRY(to.make_parents(to_path));
  const std::string shown = to.path() + "/" + to_path;
  const Fd folder = TRY(to.open_file(folder_of(to_path), O_RDONLY | O_DIRECTORY));
  const Fd target = TRY(to.open_file(to_path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW));
  Entry entry{to_path, 0, "", original.st_mode & 0777};
  TRY(note_rights(entry, from, from_path, original));
  crypto::Sha256 digest;
  TRY(read_to_end(source, from_path, [&](std::string_view octets) -> Result<void> {
    digest.add(octets);
    entry.size += octets.size();
    return write_all(target, octets, shown);
  }));
  entry.sha256 = hex(digest.finish());
  TRY(finish(target, folder, original, mode, shown));
  return std::optional(std::move(entry));
}

Result<Entry> digest_file(const Tree& tree, const std::string& path) {
  const Fd fd = TRY(tree.open_file(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail(errno_error(errno, "stat " + path));
  if (!S_ISREG(status.st_mode)) return fail(Error::permanent(path + " is no regular file"));
  Entry entry{path, 0, "", status.st_mode & 0777};
  crypto::Sha256 digest;
  TRY(read_to_end(fd, path, [&](std::string_view octets) -> Result<void> {
    digest.add(octets);
    entry.size += octets.size();
    return {};
  }));
  entry.sha256 = hex(digest.finish());
  return entry;
}

}  // namespace futar::backup
