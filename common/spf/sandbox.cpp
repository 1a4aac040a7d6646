#include "common/spf/sandbox.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>

#include "common/sandbox/filter.h"

namespace futar::spf {

namespace {

// A sanitizer reserves terabytes of addresses, and asks a pipe whether memory may be read.
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr rlim_t most_memory = RLIM_INFINITY, most_descriptors = 16;
constexpr uint32_t checking[] = {SYS_pipe2};
#else
constexpr rlim_t most_memory = 512u << 20, most_descriptors = 0;
constexpr std::array<uint32_t, 0> checking{};
#endif

// What memory, signals, clocks and the end of a process take, and reading and writing what is open.
constexpr uint32_t computing[] = {
    SYS_read,          SYS_write,           SYS_recvfrom, SYS_sendto,         SYS_close,     SYS_brk,
    SYS_mmap,          SYS_munmap,          SYS_mremap,   SYS_madvise,        SYS_mprotect,  SYS_futex,
    SYS_rt_sigreturn,  SYS_rt_sigaction,    SYS_getpid,   SYS_rt_sigprocmask, SYS_setitimer, SYS_gettid,
    SYS_clock_gettime, SYS_sigaltstack,     SYS_exit,     SYS_exit_group,     SYS_tgkill,    SYS_getrandom,
    SYS_sched_yield,   SYS_restart_syscall, SYS_uname};
constexpr uint32_t forking[] = {SYS_clone,     SYS_wait4,          SYS_prctl,   SYS_seccomp,
                                SYS_prlimit64, SYS_nanosleep,      SYS_getppid, SYS_set_robust_list,
                                SYS_kill,      SYS_clock_nanosleep};

bool limit(__rlimit_resource resource, rlim_t most) {
  const rlimit value{most, most};
  return ::setrlimit(resource, &value) == 0;
}

// A list of what is allowed: calls of kernels to come are refused, too.
bool filter_calls(Sandbox rights) {
  sandbox::Filter filter;
  for (const uint32_t call : computing) filter.allow(call);
  for (const uint32_t call : checking) filter.allow(call);
  if (rights == Sandbox::forks)
    for (const uint32_t call : forking) filter.allow(call);
  return filter.install_refusing_the_rest(EPERM);
}

}  // namespace

bool enter(Sandbox sandbox) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (!limit(RLIMIT_CORE, 0) || !limit(RLIMIT_FSIZE, 0) || !limit(RLIMIT_NOFILE, most_descriptors))
    return false;
  if (sandbox == Sandbox::computes && (!limit(RLIMIT_NPROC, 0) || !limit(RLIMIT_AS, most_memory)))
    return false;
  return filter_calls(sandbox);
}

}  // namespace futar::spf
