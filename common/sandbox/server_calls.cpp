#include "common/sandbox/server_calls.h"

#include <linux/sched.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "common/sandbox/filter.h"

namespace futar::sandbox {

namespace {

// Up to Linux 6.10 (mseal); the numbers from 424 on are those of every architecture. One of x32 is greater.
constexpr uint32_t newest_known = 462;
constexpr uint32_t io_uring[] = {425, 426, 427}, pidfd_getfd = 438, process_madvise = 440, memfd_secret = 447;

constexpr uint32_t programs[] = {SYS_execve, SYS_execveat, SYS_memfd_create, memfd_secret};
constexpr uint32_t other_processes[] = {
    SYS_ptrace,     SYS_process_vm_readv,  SYS_process_vm_writev, SYS_pidfd_open,
    SYS_kcmp,       SYS_pidfd_send_signal, SYS_rt_sigqueueinfo,   SYS_rt_tgsigqueueinfo,
    SYS_tkill,      SYS_migrate_pages,     SYS_move_pages,        pidfd_getfd,
    process_madvise};
constexpr uint32_t users[] = {SYS_setuid,    SYS_setgid,    SYS_setreuid,   SYS_setregid,
                              SYS_setresuid, SYS_setresgid, SYS_setfsuid,   SYS_setfsgid,
                              SYS_setgroups, SYS_capset,    SYS_personality};
constexpr uint32_t file_systems[] = {SYS_unshare,       SYS_setns,    SYS_chroot,       SYS_pivot_root,
                                     SYS_mount,         SYS_umount2,  SYS_fsopen,       SYS_fsconfig,
                                     SYS_fsmount,       SYS_fspick,   SYS_move_mount,   SYS_open_tree,
                                     SYS_mknodat,       SYS_swapon,   SYS_swapoff,      SYS_open_by_handle_at,
                                     SYS_fanotify_init, SYS_quotactl, SYS_mount_setattr};
constexpr uint32_t machine[] = {SYS_reboot,        SYS_kexec_load,   SYS_init_module,   SYS_finit_module,
                                SYS_delete_module, SYS_settimeofday, SYS_clock_settime, SYS_clock_adjtime,
                                SYS_adjtimex,      SYS_sethostname,  SYS_setdomainname, SYS_syslog,
                                SYS_acct,          SYS_vhangup,      SYS_nfsservctl};
constexpr uint32_t kernel[] = {SYS_bpf,    SYS_perf_event_open, SYS_userfaultfd,   SYS_add_key,
                               SYS_keyctl, SYS_request_key,     SYS_lookup_dcookie};
#if defined(__x86_64__)
constexpr uint32_t of_architecture[] = {SYS_fork,       SYS_vfork,   SYS_mknod,
                                        SYS_iopl,       SYS_ioperm,  SYS_uselib,
                                        SYS_modify_ldt, SYS__sysctl, SYS_kexec_file_load};
#else
constexpr uint32_t of_architecture[] = {SYS_kexec_file_load};
#endif

using enum Argument::Is;

// Of clone() a thread stays, of clone3() nothing: its flags lie in memory, where no filter sees them. libc
// takes ENOSYS for an older kernel and falls back to clone().
void keep_to_threads(Filter& filter) {
  constexpr uint32_t new_namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                      CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
  filter.refuse(SYS_clone, {0, CLONE_THREAD, other, CLONE_THREAD}, EPERM);
  filter.refuse(SYS_clone, {0, new_namespaces, other, 0}, EPERM);
  filter.refuse(SYS_clone3, ENOSYS);
}

void keep_to_own_signals(Filter& filter) {
  const auto self = static_cast<uint32_t>(::getpid());
  for (const uint32_t call : {SYS_kill, SYS_tgkill}) filter.refuse(call, {0, ~0u, other, self}, EPERM);
}

void keep_memory_apart(Filter& filter) {
  filter.refuse(SYS_mmap, {2, PROT_WRITE | PROT_EXEC, equal, PROT_WRITE | PROT_EXEC}, EPERM);
  for (const uint32_t call : {SYS_mprotect, SYS_pkey_mprotect})
    filter.refuse(call, {2, PROT_EXEC, equal, PROT_EXEC}, EPERM);
  filter.refuse(SYS_shmat, {2, SHM_EXEC, equal, SHM_EXEC}, EPERM);
}

void keep_to_mail_sockets(Filter& filter) {
  for (const uint32_t family : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK})
    filter.allow(SYS_socket, {0, ~0u, equal, family});
  filter.refuse(SYS_socket, EPERM);
}

}  // namespace

bool refuse_what_no_server_needs() {
  Filter filter;
  filter.refuse_above(newest_known, ENOSYS);
  const auto refuse = [&](const auto& calls) {
    for (const uint32_t call : calls) filter.refuse(call, EPERM);
  };
  refuse(programs);
  refuse(other_processes);
  refuse(users);
  refuse(file_systems);
  refuse(machine);
  refuse(kernel);
  refuse(io_uring);
  refuse(of_architecture);
  keep_to_threads(filter);
  keep_to_own_signals(filter);
  keep_memory_apart(filter);
  keep_to_mail_sockets(filter);
  // A terminal that is shared would take this for what its owner typed.
  filter.refuse(SYS_ioctl, {1, ~0u, equal, TIOCSTI}, EPERM);
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && filter.install_allowing_the_rest();
}

}  // namespace futar::sandbox
