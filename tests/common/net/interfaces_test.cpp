#include "common/net/interfaces.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace futar::net;

TEST_CASE("this machine has at least its loopback address") {
  CHECK(std::ranges::count(interface_addresses(), *IpAddress::parse("127.0.0.1")) == 1);
}
