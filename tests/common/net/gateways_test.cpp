#include "common/net/gateways.h"

#include <doctest/doctest.h>

using namespace futar::net;

namespace {

std::string texts(const std::vector<IpAddress>& addresses) {
  std::string text;
  for (const IpAddress& one : addresses) text += (text.empty() ? "" : " ") + one.text();
  return text;
}

// As a container of Docker has it; numbers as a little-endian machine prints them.
constexpr std::string_view route =
    "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
    "eth0\t00000000\t010012AC\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
    "eth0\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n"
    "eth1\t0000000A\t010200C0\t0003\t0\t0\t0\t000000FF\t0\t0\t0\n";
constexpr std::string_view ipv6_route =
    "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "fd000000000000000000000000000001 00000400 00000001 00000000 00000003     eth0\n"
    "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
    "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";

}  // namespace

TEST_CASE("the default gateways are read from the kernel's tables, other routes and damaged lines are not") {
  CHECK(texts(gateways_in_route(route)) == "172.18.0.1");
  CHECK(texts(gateways_in_ipv6_route(ipv6_route)) == "fd00::1");
  CHECK(texts(gateways_in_route("eth0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\n")) == "");  // no gateway
  for (const std::string_view damaged :
       {"", "\n\n", "eth0", "eth0 0 zz 3 0 0 0 0", "eth0 0 111111111 3 0 0 0 0"}) {
    CHECK(texts(gateways_in_route(damaged)) == "");
    CHECK(texts(gateways_in_ipv6_route(damaged)) == "");
  }
  for (size_t size = 0; size < route.size(); ++size) gateways_in_route(route.substr(0, size));
  for (size_t size = 0; size < ipv6_route.size(); ++size) gateways_in_ipv6_route(ipv6_route.substr(0, size));
}

TEST_CASE("a container is known by its cgroup where no file says it, a host with an engine is none") {
  CHECK(sign_in_cgroup("12:pids:/docker/0123\n") == "its cgroup 12:pids:/docker/0123");
  CHECK(sign_in_cgroup("0::/kubepods.slice/x\n") != "");
  CHECK(sign_in_cgroup("0::/lxc.payload.a/b\n") != "");
  CHECK(sign_in_cgroup("0::/machine.slice/libpod-0123.scope\n") != "");
  CHECK(sign_in_cgroup("0::/system.slice/futar-mta.service\n") == "");
  CHECK(sign_in_cgroup("0::/\n") == "");
}

TEST_CASE("the setting says yes or no where the sign is wrong") {
  CHECK(hiding_gateways("no").empty());
  CHECK(hiding_gateways("yes") == default_gateways());
}

TEST_CASE("only a network of nothing but the gateway is refused") {
  const std::vector<IpAddress> gateways{*IpAddress::parse("172.18.0.1"), *IpAddress::parse("fd00::1")};
  CHECK(check_trust("x", {"172.18.0.0/16", "192.0.2.1"}, gateways));
  CHECK(check_trust("x", {"172.18.0.1", "fd00::1"}, {}));
  CHECK(check_trust("mta.relay_networks", {"172.18.0.1"}, gateways).error().text ==
        "mta.relay_networks: 172.18.0.1 is the gateway of this container: any client may come from there");
  CHECK_FALSE(check_trust("x", {"192.0.2.0/24", "fd00::1/128"}, gateways));
}

TEST_CASE("hidden are those who come from a gateway, and they are counted") {
  HiddenClients hidden({*IpAddress::parse("172.18.0.1")});
  hidden.count(*IpAddress::parse("172.18.0.2"));
  CHECK(hidden.counted() == 0);
  for (int i = 0; i < 3; ++i) hidden.count(*IpAddress::parse("172.18.0.1"));
  CHECK(hidden.counted() == 3);
  CHECK(hidden.newest() == "172.18.0.1");
  CHECK_FALSE(HiddenClients().covers(*IpAddress::parse("172.18.0.1")));
}
