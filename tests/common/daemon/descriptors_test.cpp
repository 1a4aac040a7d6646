#include "common/daemon/descriptors.h"

#include <doctest/doctest.h>
#include <sys/resource.h>

using namespace futar;

TEST_CASE("an agent may open as many files as the hard limit grants") {
  rlimit limit{};
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const rlim_t hard = limit.rlim_max;
  limit.rlim_cur = 64;
  REQUIRE(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(daemon::raise_descriptor_limit() == hard);
  REQUIRE(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  CHECK(limit.rlim_cur == hard);
}

TEST_CASE("each session may need a socket and a file; mda has no sessions") {
  const auto config = config::Config::parse("[mta]\nsessions = 6000\n", "futar.toml");
  REQUIRE(config);
  CHECK(daemon::descriptors_for_sessions(*config, "mta") > 2 * 6000);
  CHECK(daemon::descriptors_for_sessions(*config, "msa") > 2 * 1000);
  CHECK(daemon::descriptors_for_sessions(*config, "mda") == 0);
}
