// A seccomp filter (seccomp(2), SECCOMP_MODE_FILTER) put together from rules.
#pragma once
#include <linux/filter.h>

#include <cstdint>
#include <vector>

namespace futar::sandbox {

/// When a rule holds, by an argument of the call, of which the lower 32 bits are looked at.
struct Argument {
  enum class Is : uint8_t { equal, other };
  unsigned index;  ///< 0 to 5
  uint32_t mask;
  Is is;
  uint32_t value;  ///< compared with argument & mask
};

/// Rules are tried in the order in which they were added; the first that holds decides. A call of another
/// architecture (32-bit programs) ends the process.
class Filter {
 public:
  Filter();
  void allow(uint32_t call);
  void allow(uint32_t call, Argument argument);
  /// The call fails with this errno.
  void refuse(uint32_t call, int error);
  void refuse(uint32_t call, Argument argument, int error);
  void refuse_above(uint32_t call, int error);  ///< each call with a greater number

  /// In force for this thread and those it starts, until the process ends; calls without a rule are allowed,
  /// or fail with `error`. Needs PR_SET_NO_NEW_PRIVS. errno tells why it is false.
  bool install_allowing_the_rest();
  bool install_refusing_the_rest(int error);

 private:
  void add(uint32_t call, uint32_t action);
  void add(uint32_t call, Argument argument, uint32_t action);
  bool install(uint32_t action);
  std::vector<sock_filter> program_;
};

}  // namespace futar::sandbox
