// Takes from this process what it does not need, for good: files, sockets, other programs. Internal to spf.
#pragma once
#include <cstdint>

namespace futar::spf {

enum class Sandbox : uint8_t {
  forks,     ///< may still make children
  computes,  ///< may use the descriptors that it has, memory, and end
};

/// May be called again with less. A system call beyond it fails with EPERM. Also PR_SET_NO_NEW_PRIVS, no core
/// file, no new descriptor. False: the kernel would not; the caller must end then.
bool enter(Sandbox sandbox);

}  // namespace futar::spf
