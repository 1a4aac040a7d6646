// The calls that the preloaded library takes from libc: under the daemons, and under SQLite, which reaches
// libc through its dynamic symbols too. Each goes straight to the kernel. What libc opens by itself (fopen,
// opendir) is not seen; the agents write by common/base/file.h only.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdarg>
#include <cstdio>

#include "preload.h"

using namespace preload;

namespace {

// ---- files
// --------------------------------------------------------------------------------------------------------

/// openat(2) that also tells whether it made the file.
int open_telling(int at, const char* path, int flags, mode_t mode, bool& created) {
  created = false;
  if (flags & O_CREAT) {
    const long fd = syscall(SYS_openat, at, path, flags | O_EXCL, mode);
    created = fd >= 0;
    if (created || errno != EEXIST || (flags & O_EXCL)) return static_cast<int>(fd);
  }
  return static_cast<int>(syscall(SYS_openat, at, path, flags, mode));
}

int open_at(int at, const char* path, int flags, mode_t mode) {
  const std::string whole = below_root(at, path);
  if (whole.empty()) {
    const int fd = static_cast<int>(syscall(SYS_openat, at, path, flags, mode));
    set_handle(fd, 0);
    return fd;
  }
  if (fails("open")) return -1;
  bool created = false;
  const int fd = open_telling(at, path, flags, mode, created);
  if (fd < 0) return -1;
  const bool emptied = !created && (flags & O_TRUNC);
  const uint64_t handle = new_handle();
  set_handle(fd, handle);
  emit({.kind = 'O', .flag = static_cast<uint8_t>(created | emptied << 1), .handle = handle, .first = whole});
  return fd;
}

mode_t mode_of(int flags, va_list& rest) {
  return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

/// offset < 0: where the descriptor stands.
ssize_t write_pieces(int fd, const iovec* pieces, int count, off64_t offset) {
  const uint64_t handle = handle_of(fd);
  if (handle && fails("write")) return -1;
  const long written = offset < 0 ? syscall(SYS_writev, fd, pieces, count)
                                  : syscall(SYS_pwritev, fd, pieces, count, offset, 0L);
  if (written > 0 && handle) {
    if (offset < 0) offset = syscall(SYS_lseek, fd, 0L, SEEK_CUR) - written;
    emit({.kind = 'W', .handle = handle, .offset = static_cast<uint64_t>(offset)}, pieces, count,
         static_cast<size_t>(written));
  }
  return written;
}

int sync_fd(int fd, long call) {
  const uint64_t handle = handle_of(fd);
  if (!handle) return static_cast<int>(syscall(call, fd));
  if (fails("fsync")) return -1;
  if (syncs_are_off()) return 0;
  const uint64_t number = new_sync();
  emit({.kind = 'F', .handle = handle, .offset = number});
  const int result = static_cast<int>(syscall(call, fd));
  if (result == 0) emit({.kind = 'f', .handle = handle, .offset = number});
  return result;
}

int set_size(int fd, off64_t size) {
  const uint64_t handle = handle_of(fd);
  if (handle && fails("truncate")) return -1;
  const int result = static_cast<int>(syscall(SYS_ftruncate, fd, size));
  if (result == 0 && handle) emit({.kind = 'T', .handle = handle, .offset = static_cast<uint64_t>(size)});
  return result;
}

int allocate(int fd, int mode, off64_t offset, off64_t length) {
  const uint64_t handle = handle_of(fd);
  if (handle && fails("write")) return -1;
  if (handle && mode != 0) give_up("fallocate with a mode is not recorded");
  struct stat before{};
  if (handle && fstat(fd, &before) != 0) return -1;
  const int result = static_cast<int>(syscall(SYS_fallocate, fd, mode, offset, length));
  if (result == 0 && handle && offset + length > before.st_size)
    emit({.kind = 'T', .handle = handle, .offset = static_cast<uint64_t>(offset + length)});
  return result;
}

int copy_handle(int from, long to) {
  set_handle(static_cast<int>(to), handle_of(from));
  return static_cast<int>(to);
}

// ---- folders
// ------------------------------------------------------------------------------------------------------

/// A call on one or two names: fails when it is its turn, is recorded when it worked.
template <class Call>
int change(std::string_view op, char kind, const std::string& first, const std::string& second, Call call) {
  const bool seen = !first.empty() || !second.empty();
  if (seen && fails(op)) return -1;
  const int result = static_cast<int>(call());
  if (result == 0 && seen) emit({.kind = kind, .first = first, .second = second});
  return result;
}

int rename_at(int from_at, const char* from, int to_at, const char* to, unsigned flags) {
  return change("rename", flags & RENAME_EXCHANGE ? 'X' : 'R', below_root(from_at, from),
                below_root(to_at, to),
                [&] { return syscall(SYS_renameat2, from_at, from, to_at, to, flags); });
}

int link_at(int from_at, const char* from, int to_at, const char* to, int flags) {
  return change("link", 'L', below_root(from_at, from), below_root(to_at, to),
                [&] { return syscall(SYS_linkat, from_at, from, to_at, to, flags); });
}

int unlink_at(int at, const char* path, int flags) {
  return change("unlink", 'U', below_root(at, path), {},
                [&] { return syscall(SYS_unlinkat, at, path, flags); });
}

int make_folder_at(int at, const char* path, mode_t mode) {
  return change("mkdir", 'M', below_root(at, path), {}, [&] { return syscall(SYS_mkdirat, at, path, mode); });
}

/// libc's own function, for those that close a descriptor inside libc.
template <class Function>
Function* libc(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

}  // namespace

// ---- what is taken over
// -------------------------------------------------------------------------------------------

#define EXPORT extern "C" __attribute__((visibility("default")))
#define ALSO(name) __attribute__((alias(#name), visibility("default")))

EXPORT int open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_at(AT_FDCWD, path, flags, mode);
}
EXPORT int openat(int at, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = mode_of(flags, rest);
  va_end(rest);
  return open_at(at, path, flags, mode);
}
EXPORT int creat(const char* path, mode_t mode) {
  return open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC, mode);
}
EXPORT int __open_2(const char* path, int flags) { return open_at(AT_FDCWD, path, flags, 0); }
EXPORT int __openat_2(int at, const char* path, int flags) { return open_at(at, path, flags, 0); }

EXPORT ssize_t write(int fd, const void* data, size_t size) {
  if (!handle_of(fd)) return syscall(SYS_write, fd, data, size);
  const iovec piece{const_cast<void*>(data), size};
  return write_pieces(fd, &piece, 1, -1);
}
EXPORT ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  const iovec piece{const_cast<void*>(data), size};
  return write_pieces(fd, &piece, 1, offset);
}
EXPORT ssize_t writev(int fd, const iovec* pieces, int count) { return write_pieces(fd, pieces, count, -1); }
EXPORT ssize_t pwritev(int fd, const iovec* pieces, int count, off_t offset) {
  return write_pieces(fd, pieces, count, offset);
}
EXPORT ssize_t copy_file_range(int from, off64_t* from_at, int to, off64_t* to_at, size_t size,
                               unsigned flags) {
  if (handle_of(to)) give_up("copy_file_range is not recorded");
  return syscall(SYS_copy_file_range, from, from_at, to, to_at, size, flags);
}
EXPORT int fsync(int fd) { return sync_fd(fd, SYS_fsync); }
EXPORT int fdatasync(int fd) { return sync_fd(fd, SYS_fdatasync); }
EXPORT int ftruncate(int fd, off_t size) noexcept { return set_size(fd, size); }
EXPORT int fallocate(int fd, int mode, off_t offset, off_t length) {
  return allocate(fd, mode, offset, length);
}
EXPORT int posix_fallocate(int fd, off_t offset, off_t length) {
  return allocate(fd, 0, offset, length) == 0 ? 0 : errno;
}

EXPORT int close(int fd) {
  set_handle(fd, 0);
  return static_cast<int>(syscall(SYS_close, fd));
}
EXPORT int closedir(DIR* folder) {
  set_handle(dirfd(folder), 0);
  return libc<int(DIR*)>("closedir")(folder);
}
EXPORT int fclose(FILE* file) {
  set_handle(fileno(file), 0);
  return libc<int(FILE*)>("fclose")(file);
}
EXPORT int dup(int fd) noexcept { return copy_handle(fd, syscall(SYS_dup, fd)); }
EXPORT int dup3(int fd, int to, int flags) noexcept {
  return copy_handle(fd, syscall(SYS_dup3, fd, to, flags));
}
EXPORT int dup2(int fd, int to) noexcept {
  if (fd == to) return syscall(SYS_fcntl, fd, F_GETFD) < 0 ? -1 : to;
  return copy_handle(fd, syscall(SYS_dup3, fd, to, 0));
}
EXPORT int fcntl(int fd, int command, ...) {
  va_list rest;
  va_start(rest, command);
  void* argument = va_arg(rest, void*);
  va_end(rest);
  const long result = syscall(SYS_fcntl, fd, command, argument);
  if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) return copy_handle(fd, result);
  return static_cast<int>(result);
}

EXPORT int rename(const char* from, const char* to) noexcept {
  return rename_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}
EXPORT int renameat(int from_at, const char* from, int to_at, const char* to) noexcept {
  return rename_at(from_at, from, to_at, to, 0);
}
EXPORT int renameat2(int from_at, const char* from, int to_at, const char* to, unsigned flags) noexcept {
  return rename_at(from_at, from, to_at, to, flags);
}
EXPORT int link(const char* from, const char* to) noexcept {
  return link_at(AT_FDCWD, from, AT_FDCWD, to, 0);
}
EXPORT int linkat(int from_at, const char* from, int to_at, const char* to, int flags) noexcept {
  return link_at(from_at, from, to_at, to, flags);
}
EXPORT int unlink(const char* path) noexcept { return unlink_at(AT_FDCWD, path, 0); }
EXPORT int unlinkat(int at, const char* path, int flags) noexcept { return unlink_at(at, path, flags); }
EXPORT int rmdir(const char* path) noexcept { return unlink_at(AT_FDCWD, path, AT_REMOVEDIR); }
EXPORT int remove(const char* path) noexcept {
  const int result = unlink_at(AT_FDCWD, path, 0);
  return result != 0 && errno == EISDIR ? unlink_at(AT_FDCWD, path, AT_REMOVEDIR) : result;
}
EXPORT int mkdir(const char* path, mode_t mode) noexcept { return make_folder_at(AT_FDCWD, path, mode); }
EXPORT int mkdirat(int at, const char* path, mode_t mode) noexcept { return make_folder_at(at, path, mode); }

EXPORT int open64(const char*, int, ...) ALSO(open);
EXPORT int openat64(int, const char*, int, ...) ALSO(openat);
EXPORT int creat64(const char*, mode_t) ALSO(creat);
EXPORT int __open64_2(const char*, int) ALSO(__open_2);
EXPORT int __openat64_2(int, const char*, int) ALSO(__openat_2);
EXPORT ssize_t pwrite64(int, const void*, size_t, off64_t) ALSO(pwrite);
EXPORT ssize_t pwritev64(int, const iovec*, int, off64_t) ALSO(pwritev);
EXPORT int ftruncate64(int, off64_t) noexcept ALSO(ftruncate);
EXPORT int fallocate64(int, int, off64_t, off64_t) ALSO(fallocate);
EXPORT int posix_fallocate64(int, off64_t, off64_t) ALSO(posix_fallocate);
EXPORT int fcntl64(int, int, ...) ALSO(fcntl);
