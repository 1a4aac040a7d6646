#include "common/sandbox/filter.h"

#include <linux/audit.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cstddef>

namespace futar::sandbox {

namespace {

#if defined(__x86_64__)
constexpr uint32_t architecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr uint32_t architecture = AUDIT_ARCH_AARCH64;
#else
#error "which architecture is this? see linux/audit.h"
#endif

constexpr sock_filter load_number = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr));

constexpr uint32_t fail_with(int error) {
  return SECCOMP_RET_ERRNO | (static_cast<uint32_t>(error) & SECCOMP_RET_DATA);
}

// Little-endian, as all architectures above are: the lower half comes first.
constexpr uint32_t offset_of(unsigned argument) {
  return static_cast<uint32_t>(offsetof(seccomp_data, args) + 8 * argument);
}

}  // namespace

Filter::Filter()
    : program_{
          BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, arch)),
          BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, architecture, 1, 0),
          BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
          load_number,
      } {}

void Filter::add(uint32_t call, uint32_t action) {
  program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
  program_.push_back(BPF_STMT(BPF_RET | BPF_K, action));
}

void Filter::add(uint32_t call, Argument argument, uint32_t action) {
  const bool equal = argument.is == Argument::Is::equal;
  program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 5));
  program_.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of(argument.index)));
  program_.push_back(BPF_STMT(BPF_ALU | BPF_AND | BPF_K, argument.mask));
  program_.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, argument.value, static_cast<uint8_t>(equal ? 0 : 1),
                              static_cast<uint8_t>(equal ? 1 : 0)));
  program_.push_back(BPF_STMT(BPF_RET | BPF_K, action));
  program_.push_back(load_number);
}

void Filter::allow(uint32_t call) { add(call, SECCOMP_RET_ALLOW); }
void Filter::allow(uint32_t call, Argument argument) { add(call, argument, SECCOMP_RET_ALLOW); }
void Filter::refuse(uint32_t call, int error) { add(call, fail_with(error)); }
void Filter::refuse(uint32_t call, Argument argument, int error) { add(call, argument, fail_with(error)); }

void Filter::refuse_above(uint32_t call, int error) {
  program_.push_back(BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, call, 0, 1));
  program_.push_back(BPF_STMT(BPF_RET | BPF_K, fail_with(error)));
}

bool Filter::install_allowing_the_rest() { return install(SECCOMP_RET_ALLOW); }
bool Filter::install_refusing_the_rest(int error) { return install(fail_with(error)); }

bool Filter::install(uint32_t action) {
  program_.push_back(BPF_STMT(BPF_RET | BPF_K, action));
  const sock_fprog program{static_cast<unsigned short>(program_.size()), program_.data()};
  return ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

}  // namespace futar::sandbox
