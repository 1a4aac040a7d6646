#include "common/spf/sandbox.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <iterator>
#include <vector>

namespace futar::spf {

namespace {

#if defined(__x86_64__)
constexpr uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
#error "which architecture is this? see linux/audit.h"
#endif

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

void allow(std::vector<sock_filter>& filter, uint32_t call) {
  filter.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
}

// A list of what is allowed: calls of kernels to come are refused, too.
bool filter_calls(Sandbox sandbox) {
  std::vector<sock_filter> filter{
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
  };
  for (const uint32_t call : computing) allow(filter, call);
  for (const uint32_t call : checking) allow(filter, call);
  if (sandbox == Sandbox::forks)
    for (const uint32_t call : forking) allow(filter, call);
  filter.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM));
  const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
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
