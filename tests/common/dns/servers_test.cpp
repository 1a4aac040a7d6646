#include "common/dns/servers.h"

#include <doctest/doctest.h>

using namespace futar::dns;
using Strings = std::vector<std::string>;

TEST_CASE("resolv.conf names its servers in order, and what is not understood is passed over") {
  CHECK(parse_resolv_conf("# made by hand\n"
                          "search example.org\n"
                          "nameserver 192.0.2.53\n"
                          "nameserver\t2001:db8::53  # the second\r\n"
                          "  nameserver fe80::1%eth0\n"
                          ";nameserver 192.0.2.1\n"
                          "nameserver dns.example.org\n"
                          "nameserver\n"
                          "nameservers 192.0.2.2\n"
                          "options edns0\n"
                          "nameserver 127.0.0.53") ==
        Strings{"192.0.2.53", "2001:db8::53", "fe80::1%eth0", "127.0.0.53"});
  CHECK(parse_resolv_conf("").empty());
}

TEST_CASE("a server is ADDRESS@PORT, port 53 without one") {
  const auto good = [](const char* text) { return parse_servers({text}, "").has_value(); };
  CHECK(parse_servers({"192.0.2.53@5301", "2001:db8::53"}, "")->forwarders ==
        Strings{"192.0.2.53@5301", "2001:db8::53@53"});
  for (const char* bad : {"", "dns.example.org", "192.0.2.53@", "192.0.2.53@0", "192.0.2.53@65536", "@53",
                          "192.0.2.53:53", "192.0.2.53@53@53", "[2001:db8::53]@53"}) {
    CAPTURE(bad);
    CHECK_FALSE(good(bad));
  }
}

TEST_CASE("only where resolv.conf named the servers others may be asked instead") {
  struct {
    Strings servers;
    const char* resolv_conf;
    std::vector<Way> ways;
  } rows[] = {
      {{"resolv.conf"}, "nameserver 192.0.2.53", {Way::forward, Way::recurse, Way::forward_plain}},
      {{"resolv.conf"}, "", {Way::recurse}},
      {{"192.0.2.1@53"}, "nameserver 192.0.2.53", {Way::forward, Way::forward_plain}},
      {{"resolv.conf", "192.0.2.1@53"}, "", {Way::forward, Way::recurse, Way::forward_plain}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.servers);
    CHECK(ways(*parse_servers(row.servers, row.resolv_conf)) == row.ways);
  }
}

TEST_CASE("the words for the operator say who is asked, and what becomes of DNSSEC") {
  const Servers none, two{{"192.0.2.1@53", "192.0.2.2@53"}, false};
  CHECK(describe(Way::forward, two, true) == "192.0.2.1@53, 192.0.2.2@53, validated here");
  CHECK(describe(Way::forward, two, false) == "192.0.2.1@53, 192.0.2.2@53, validated here, no answer yet");
  CHECK(describe(Way::recurse, none, true) == "recursion, validated here");
  CHECK(describe(Way::recurse, two, true) ==
        "recursion, validated here (192.0.2.1@53, 192.0.2.2@53 cannot be used with DNSSEC)");
  CHECK(describe(Way::forward_plain, two, true).ends_with("DANE is off"));
}

TEST_CASE("the zone of an anchor file is that of its first key") {
  CHECK(anchor_zone("; made by ldns-keygen\n\ntest.\tIN\tDS\t1503 13 2 b47d\n. IN DS 1 2 3 00\n") == "test.");
  CHECK(anchor_zone(". 172800 IN DNSKEY 257 3 8 AwEAA\n") == ".");
  CHECK(anchor_zone("") == ".");
}
