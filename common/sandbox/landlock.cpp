#include "common/sandbox/landlock.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "common/base/file.h"

namespace futar::sandbox {

namespace {

// linux/landlock.h of the build machine may be older than the kernel that runs: the contract is the kernel's.
constexpr uint32_t create_version = 1;
constexpr int rule_path_beneath = 1, rule_net_port = 2;

enum Access : uint64_t {
  execute = 1 << 0,
  write_file = 1 << 1,
  read_file = 1 << 2,
  read_folder = 1 << 3,
  remove_folder = 1 << 4,
  remove_file = 1 << 5,
  make_character_device = 1 << 6,
  make_folder = 1 << 7,
  make_file = 1 << 8,
  make_socket = 1 << 9,
  make_fifo = 1 << 10,
  make_block_device = 1 << 11,
  make_link = 1 << 12,
  refer = 1 << 13,        // ABI 2
  truncate = 1 << 14,     // ABI 3
  device_ioctl = 1 << 15  // ABI 5
};
constexpr uint64_t bind_tcp = 1 << 0, connect_tcp = 1 << 1;                // ABI 4
constexpr uint64_t scope_abstract_socket = 1 << 0, scope_signal = 1 << 1;  // ABI 6

constexpr uint64_t reading = read_file | read_folder;
constexpr uint64_t making = write_file | remove_file | make_file | truncate;
constexpr uint64_t writing = reading | making | remove_folder | make_folder | make_socket | make_link | refer;
constexpr uint64_t for_files = execute | write_file | read_file | truncate | device_ioctl;

struct RulesetAttributes {
  uint64_t files, net, scoped;
};
struct PathBeneath {
  uint64_t allowed;
  int32_t parent;
} __attribute__((packed));
struct NetPort {
  uint64_t allowed, port;
};

uint64_t known_access(int abi) {
  uint64_t known = (refer << 1) - 1;
  if (abi >= 3) known |= truncate;
  if (abi >= 5) known |= device_ioctl;
  return known;
}

size_t known_size(int abi) {
  return abi >= 6   ? sizeof(RulesetAttributes)
         : abi >= 4 ? offsetof(RulesetAttributes, scoped)
                    : sizeof(uint64_t);
}

Result<void> grant(const Fd& ruleset, const std::string& path, uint64_t access) {
  const Fd parent(::open(path.c_str(), O_PATH | O_CLOEXEC));
  if (!parent.is_open()) return {};
  struct stat status{};
  if (::fstat(parent.get(), &status) == 0 && !S_ISDIR(status.st_mode)) access &= for_files;
  const PathBeneath rule{access, parent.get()};
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), rule_path_beneath, &rule, 0) != 0)
    return fail(errno_error(errno, "landlock: " + path));
  return {};
}

Result<void> grant_port(const Fd& ruleset, uint16_t port, uint64_t access) {
  const NetPort rule{access, port};
  if (::syscall(SYS_landlock_add_rule, ruleset.get(), rule_net_port, &rule, 0) != 0)
    return fail(errno_error(errno, "landlock: port " + std::to_string(port)));
  return {};
}

std::optional<std::string> followed(const std::string& path) {
  char* real = ::realpath(path.c_str(), nullptr);
  if (!real) return std::nullopt;
  std::string text = real;
  std::free(real);
  return text;
}

}  // namespace

int landlock_abi() {
  const long abi = ::syscall(SYS_landlock_create_ruleset, nullptr, size_t{0}, create_version);
  return abi < 0 ? 0 : static_cast<int>(abi);
}

Result<int> enter_landlock(const Grants& grants) {
  const int abi = landlock_abi();
  if (abi < landlock_least) return 0;
  const uint64_t known = known_access(abi);
  const RulesetAttributes attributes{
      .files = known,
      .net = abi < 4 ? 0 : bind_tcp | (grants.connect ? connect_tcp : 0),
      .scoped = abi < 6 ? 0 : scope_signal | (grants.abstract_sockets ? 0 : scope_abstract_socket)};
  const Fd ruleset(
      static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, known_size(abi), uint32_t{0})));
  if (!ruleset.is_open()) return fail(errno_error(errno, "landlock_create_ruleset"));
  for (const auto& path : grants.read) TRY(grant(ruleset, path, reading & known));
  for (const auto& path : grants.write) TRY(grant(ruleset, path, writing & known));
  for (const auto& path : grants.make_files) TRY(grant(ruleset, path, making & known));
  if (attributes.net & bind_tcp)
    for (const uint16_t port : grants.bind) TRY(grant_port(ruleset, port, bind_tcp));
  if (attributes.net & connect_tcp)
    for (const uint16_t port : *grants.connect) TRY(grant_port(ruleset, port, connect_tcp));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return fail(errno_error(errno, "no_new_privs"));
  if (::syscall(SYS_landlock_restrict_self, ruleset.get(), uint32_t{0}) != 0)
    return fail(errno_error(errno, "landlock_restrict_self"));
  return abi;
}

bool is_below(const std::string& path, const std::vector<std::string>& granted) {
  const auto real = followed(path);
  return real && std::ranges::any_of(granted, [&](const std::string& one) {
           const auto folder = followed(one);
           return folder && (*real == *folder || *folder == "/" || real->starts_with(*folder + "/"));
         });
}

}  // namespace futar::sandbox
