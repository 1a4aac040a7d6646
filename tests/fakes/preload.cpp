// LD_PRELOAD under a daemon: sees every change of files below one folder. Three uses, chosen by the
// environment:
//
//   FUTAR_RECORD=LOG           each change becomes one record of LOG, which all daemons share; tests/power
//   rebuilds
//                              from it what a disk would hold if the power went at any record
//   FUTAR_FAULT=OP:N:ERRNO[:sticky]   the N-th OP (open write fsync truncate rename link unlink mkdir) fails;
//                              FUTAR_FAULT_FIRED=FILE stays empty until it did
//   FUTAR_POINT=NAME:N:kill|stop      SIGKILL or SIGSTOP at the N-th passing of a point
//   (common/base/point.h);
//                              FUTAR_POINT_LOG=FILE lists the points that were passed
//
// FUTAR_RECORD_ROOT names the folder (absolute, without symbolic links). FUTAR_NOSYNC=1 makes fsync do and
// record nothing. SQLite's "-shm" is no content of a disk and is left out. Each record is written after the
// call that it describes and before that call returns, so what one thread or daemon did because of another's
// call stands behind it in the log.
#include "preload.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

namespace preload {
namespace {

// No constructors: other libraries may call in here before begin() has run.
const char* root = nullptr;
int record_fd = -1;
bool no_sync = false;

struct Fault {
  std::string_view op;
  uint64_t number = 0;
  int error = 0;
  bool sticky = false;
  int fired_fd = -1;
  std::atomic<uint64_t> seen;
} fault;

struct Point {
  std::string_view name;
  uint64_t number = 0;
  int signal = 0;
  int log_fd = -1;
  std::atomic<uint64_t> seen;
} point;

std::atomic<uint64_t> handles[1 << 16];
std::atomic<uint64_t> opened, synced;

bool has_slot(int fd) { return fd >= 0 && fd < static_cast<int>(std::size(handles)); }

}  // namespace

uint64_t handle_of(int fd) { return has_slot(fd) ? handles[fd].load(std::memory_order_relaxed) : 0; }

void set_handle(int fd, uint64_t handle) {
  if (has_slot(fd)) handles[fd].store(handle, std::memory_order_relaxed);
}

uint64_t new_handle() { return static_cast<uint64_t>(getpid()) << 32 | ++opened; }
uint64_t new_sync() { return ++synced; }
bool syncs_are_off() { return no_sync; }

void give_up(const char* why) {
  dprintf(2, "preload: %s: %s\n", why, std::strerror(errno));
  std::abort();
}

// ---- the record
// ---------------------------------------------------------------------------------------------------

/// What tests/power/log.py reads: this, two paths, data.
struct Header {
  uint32_t size = 0, pid = 0;
  uint64_t handle = 0, offset = 0;
  uint16_t first = 0, second = 0;
  char kind = 0;
  uint8_t flag = 0;
  uint16_t unused = 0;
};
static_assert(sizeof(Header) == 32);

void emit(const Record& record, const iovec* data, int count, size_t octets) {
  if (record_fd < 0) return;
  const KeepErrno keep;
  Header header{.pid = static_cast<uint32_t>(getpid()),
                .handle = record.handle,
                .offset = record.offset,
                .first = static_cast<uint16_t>(record.first.size()),
                .second = static_cast<uint16_t>(record.second.size()),
                .kind = record.kind,
                .flag = record.flag};
  std::vector<iovec> pieces{{&header, sizeof header},
                            {const_cast<char*>(record.first.data()), record.first.size()},
                            {const_cast<char*>(record.second.data()), record.second.size()}};
  for (int i = 0; i < count && octets > 0; ++i) {
    pieces.push_back({data[i].iov_base, std::min(octets, data[i].iov_len)});
    octets -= pieces.back().iov_len;
  }
  size_t size = 0;
  for (const iovec& piece : pieces) size += piece.iov_len;
  header.size = static_cast<uint32_t>(size);
  if (syscall(SYS_writev, record_fd, pieces.data(), pieces.size()) != static_cast<long>(size))
    give_up("the record of a change could not be written");
}

std::string below_root(int at, const char* path) {
  if (!root || !path) return {};
  const KeepErrno keep;
  std::string whole = path;
  if (path[0] != '/') {
    char folder[4096];
    const std::string link = at == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(at);
    const ssize_t length = readlink(link.c_str(), folder, sizeof folder);
    if (length <= 0) return {};
    whole = std::string(folder, static_cast<size_t>(length)) + "/" + path;
  }
  const size_t length = std::strlen(root);
  const bool inside = whole.starts_with(root) && (whole.size() == length || whole[length] == '/');
  return inside && !whole.ends_with("-shm") ? whole : std::string();
}

// ---- faults and points
// --------------------------------------------------------------------------------------------

bool fails(std::string_view op) {
  if (fault.op != op) return false;
  const uint64_t number = ++fault.seen;
  if (number != fault.number && !(fault.sticky && number > fault.number)) return false;
  if (fault.fired_fd >= 0)
    dprintf(fault.fired_fd, "%.*s %lu\n", static_cast<int>(op.size()), op.data(), number);
  errno = fault.error;
  return true;
}

namespace {

void passed(const char* name) {
  const KeepErrno keep;
  if (point.log_fd >= 0) dprintf(point.log_fd, "%s\n", name);
  emit({.kind = 'P', .first = name});
  if (point.name == name && ++point.seen == point.number) kill(getpid(), point.signal);
}

// ---- set-up
// -------------------------------------------------------------------------------------------------------

/// Takes the next part off "a:b:c".
std::string_view next_part(std::string_view& text) {
  const size_t colon = text.find(':');
  const std::string_view part = text.substr(0, colon);
  text = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  return part;
}

uint64_t number(std::string_view digits) { return std::strtoull(std::string(digits).c_str(), nullptr, 10); }

int error_named(std::string_view name) {
  constexpr std::pair<std::string_view, int> known[] = {{"EIO", EIO},       {"ENOSPC", ENOSPC},
                                                        {"EDQUOT", EDQUOT}, {"EMFILE", EMFILE},
                                                        {"EACCES", EACCES}, {"EROFS", EROFS}};
  for (const auto& [text, value] : known)
    if (text == name) return value;
  give_up("FUTAR_FAULT names an unknown error");
}

/// Opens the file that the variable names for appending, on a high descriptor, out of the way of programs
/// that count on low ones; -1 when the variable is not set.
int open_named(const char* variable) {
  const char* path = std::getenv(variable);
  if (!path) return -1;
  const long low = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (low < 0) give_up(path);
  const long high = syscall(SYS_fcntl, low, F_DUPFD_CLOEXEC, 900);
  syscall(SYS_close, low);
  return static_cast<int>(high);
}

/// The texts of the variables live in the environment, as long as the process.
__attribute__((constructor)) void begin() {
  root = std::getenv("FUTAR_RECORD_ROOT");
  no_sync = std::getenv("FUTAR_NOSYNC") != nullptr;
  if (const char* text = std::getenv("FUTAR_FAULT")) {
    std::string_view rest = text;
    fault.op = next_part(rest);
    fault.number = number(next_part(rest));
    fault.error = error_named(next_part(rest));
    fault.sticky = rest == "sticky";
    fault.fired_fd = open_named("FUTAR_FAULT_FIRED");
  }
  if (const char* text = std::getenv("FUTAR_POINT")) {
    std::string_view rest = text;
    point.name = next_part(rest);
    point.number = number(next_part(rest));
    point.signal = rest == "stop" ? SIGSTOP : SIGKILL;
  }
  record_fd = open_named("FUTAR_RECORD");
  point.log_fd = open_named("FUTAR_POINT_LOG");
  using Hook = void (*)(const char*);
  if (auto* hook = static_cast<Hook*>(dlsym(RTLD_DEFAULT, "futar_point_hook"))) *hook = passed;
}

}  // namespace
}  // namespace preload
