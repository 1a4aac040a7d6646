// The system calls that a server has no use for.
#pragma once

namespace futar::sandbox {

/// From now on these fail with EPERM, for this thread and those it starts: other programs, other processes
/// (signals to them, too), memory that is both written and executed, sockets but UNIX, IP and netlink
/// ones, other users, namespaces, mounts, modules, devices, clocks, keys, BPF, io_uring. Calls that are newer
/// than this list answer ENOSYS. Sets PR_SET_NO_NEW_PRIVS. False: the kernel would not; errno tells why.
bool refuse_what_no_server_needs();

}  // namespace futar::sandbox
