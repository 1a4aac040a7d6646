#include "common/daemon/descriptors.h"

#include <sys/resource.h>

namespace futar::daemon {

constexpr uint64_t own_descriptors = 128;  // databases, links, listeners, files of running jobs

uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

uint64_t descriptors_for_sessions(const config::Config& config, const std::string& agent) {
  const std::string name = agent + ".sessions";
  if (!config::find_option(name)) return 0;
  return 2 * static_cast<uint64_t>(config.number(name)) + own_descriptors;
}

}  // namespace futar::daemon
