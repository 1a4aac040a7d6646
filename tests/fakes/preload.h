// The inside of the preloaded library: what preload_calls.cpp (the calls that it takes over) needs from
// preload.cpp (what to do about them).
#pragma once
#include <sys/types.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

namespace preload {

/// Which opening stands behind a descriptor; 0 = not a file below the root.
uint64_t handle_of(int fd);
void set_handle(int fd, uint64_t handle);
uint64_t new_handle();

/// One change, as it goes to the log. `offset` is that of a write, the size of a truncation, the number of an
/// fsync.
struct Record {
  char kind;
  uint8_t flag = 0;
  uint64_t handle = 0, offset = 0;
  std::string_view first = {}, second = {};
};
/// One append, which the kernel keeps whole. `data` may hold more than the `octets` that were really written.
void emit(const Record& record, const iovec* data = nullptr, int count = 0, size_t octets = 0);

/// The absolute form of `path` seen from the folder `at`, if it lies below the root and is recorded; else "".
std::string below_root(int at, const char* path);

/// Counts a call of kind `op`; true, with errno set, when this one has to fail.
bool fails(std::string_view op);
bool syncs_are_off();
uint64_t new_sync();

[[noreturn]] void give_up(const char* why);

struct KeepErrno {
  int value = errno;
  ~KeepErrno() { errno = value; }
};

}  // namespace preload
