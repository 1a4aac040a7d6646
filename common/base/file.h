// File descriptors and the durable way to write a file: write, fsync, rename, fsync of the folder.
// Power-cut tests record at the system calls (tests/fakes/preload.cpp), so no test seam stands here.
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>

#include "common/base/result.h"

namespace futar {

/// Owns one descriptor.
class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept;
  ~Fd() { reset(); }
  int get() const { return fd_; }
  bool is_open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

/// An Error of errno: no space, quota and too many descriptors are temporary, ENOENT and EACCES permanent,
/// EIO and the rest ours. `what` names the deed and the path.
Error errno_error(int number, std::string_view what);

Result<Fd> open_file(const std::string& path, int flags, mode_t mode = 0600);
Result<void> write_all(const Fd& fd, std::string_view octets, const std::string& path);
Result<void> sync_file(const Fd& fd, const std::string& path);  ///< fdatasync
Result<void> sync_folder(const std::string& path);
/// Up to `limit` octets; longer is an error.
Result<std::string> read_file(const std::string& path, size_t limit = 16 << 20);
/// Replaces path as one step: temporary file beside it, fsync, rename, fsync of the folder.
Result<void> replace_file(const std::string& path, std::string_view octets, mode_t mode);
/// mkdir -p; each made folder has the mode whatever the umask is, and is synced into its parent.
Result<void> make_folders(const std::string& path, mode_t mode = 0700);
/// Takes the exclusive lock of a state folder (flock on path/lock); fails at once when another process has
/// it.
Result<Fd> lock_folder(const std::string& path);
/// Octets free for an unprivileged writer, of the file system that holds path.
Result<uint64_t> free_space(const std::string& path);

}  // namespace futar
