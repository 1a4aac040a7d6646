#include "common/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace futar {

Fd& Fd::operator=(Fd&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = other.release();
  }
  return *this;
}

void Fd::reset() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Error errno_error(int number, std::string_view what) {
  const std::string text = std::string(what) + ": " + std::strerror(number);
  switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
    case EAGAIN:
      return Error::temporary(text);
    case ENOENT:
    case EACCES:
    case EPERM:
    case EEXIST:
    case ENOTDIR:
    case ELOOP:
      return Error::permanent(text);
    default:
      return Error::ours(text);
  }
}

namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<Fd> open_file(const std::string& path, int flags, mode_t mode) {
  const int fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  if (fd < 0) return fail(errno_error(errno, "open " + path));
  return Fd(fd);
}

Result<void> write_all(const Fd& fd, std::string_view octets, const std::string& path) {
  while (!octets.empty()) {
    const ssize_t written = ::write(fd.get(), octets.data(), octets.size());
    if (written < 0) {
      if (errno == EINTR) continue;
      return fail(errno_error(errno, "write " + path));
    }
    octets.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

Result<void> sync_file(const Fd& fd, const std::string& path) {
  if (::fdatasync(fd.get()) != 0) return fail(errno_error(errno, "fdatasync " + path));
  return {};
}

Result<void> sync_folder(const std::string& path) {
  Fd fd = TRY(open_file(path, O_RDONLY | O_DIRECTORY));
  if (::fsync(fd.get()) != 0) return fail(errno_error(errno, "fsync " + path));
  return {};
}

Result<std::string> read_file(const std::string& path, size_t limit) {
  Fd fd = TRY(open_file(path, O_RDONLY));
  std::string octets;
  char buffer[16384];
  while (true) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(errno_error(errno, "read " + path));
    if (got == 0) return octets;
    octets.append(buffer, static_cast<size_t>(got));
    if (octets.size() > limit)
      return fail(Error::permanent(path + " is larger than " + std::to_string(limit) + " octets"));
  }
}

Result<void> replace_file(const std::string& path, std::string_view octets, mode_t mode) {
  const std::string fresh = path + ".new." + std::to_string(::getpid());
  {
    Fd fd = TRY(open_file(fresh, O_WRONLY | O_CREAT | O_TRUNC, mode));
    ::fchmod(fd.get(), mode);  // the umask must not decide who may read a secret
    TRY(write_all(fd, octets, fresh));
    TRY(sync_file(fd, fresh));
  }
  if (::rename(fresh.c_str(), path.c_str()) != 0) return fail(errno_error(errno, "rename " + fresh));
  return sync_folder(folder_of(path));
}

namespace {

// What the umask took from a new folder's mode is given back; the set-group-id bit that it has inherited
// stays.
Result<void> open_up(const std::string& path, mode_t mode) {
  const Fd fd = TRY(open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail(errno_error(errno, "stat " + path));
  if ((status.st_mode & mode) == mode) return {};
  if (::fchmod(fd.get(), (status.st_mode & 07777) | mode) != 0)
    return fail(errno_error(errno, "chmod " + path));
  return {};
}

}  // namespace

Result<void> make_folders(const std::string& path, mode_t mode) {
  struct stat status{};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) return {};
    return fail(Error::permanent(path + " is not a folder"));
  }
  const std::string parent = folder_of(path);
  if (parent != path) TRY(make_folders(parent, mode));
  if (::mkdir(path.c_str(), mode) == 0)
    TRY(open_up(path, mode));
  else if (errno != EEXIST)
    return fail(errno_error(errno, "mkdir " + path));
  return sync_folder(parent);
}

Result<Fd> lock_folder(const std::string& path) {
  const std::string name = path + "/lock";
  Fd fd = TRY(open_file(name, O_RDWR | O_CREAT));
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return fail(Error::permanent(path + " is in use by another process (" + name + " is locked)"));
  return fd;
}

Result<uint64_t> free_space(const std::string& path) {
  struct statvfs status{};
  if (::statvfs(path.c_str(), &status) != 0) return fail(errno_error(errno, "statvfs " + path));
  return static_cast<uint64_t>(status.f_bavail) * status.f_frsize;
}

}  // namespace futar
