#include "common/message/received_hop.h"

#include <doctest/doctest.h>

#include "common/message/received.h"

using namespace futar;
using message::received_hop;

TEST_CASE("the client of a Received field, as servers write it") {
  const struct {
    std::string_view value, helo, address;
  } rows[] = {
      {" from mx.good.example (mx.good.example [203.0.113.80])\r\n\tby mx2.futar.test (Postfix) with ESMTPS "
       "id 4F;"
       "\r\n\tTue, 24 Nov 2026 14:02:07 +0100 (CET)",
       "mx.good.example", "203.0.113.80"},
      {" from a (unknown [IPv6:2001:db8::1])\r\n\t(using TLSv1.3 with cipher X (256/256 bits))\r\n\tby b; "
       "date",
       "a", "2001:db8::1"},
      {" from a (unknown [IPv6:2001:db8::1])\r\n\t(using TLSv1.3)\r\n\t(no client certificate)\r\n\tby b; "
       "date",
       "a", "2001:db8::1"},
      {"FROM [203.0.113.80] ([203.0.113.80]) BY b; date", "[203.0.113.80]", "203.0.113.80"},
      {"from a?b ([::1]) by b", "", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.value);
    const auto hop = received_hop(row.value);
    CHECK(hop.has_value() == !row.helo.empty());
    if (!hop) continue;
    CHECK(hop->helo == row.helo);
    CHECK(hop->address == row.address);
  }
}

TEST_CASE("what could be read in two ways, or says no address, is none") {
  for (const std::string_view value : {"",
                                       "by b; date",
                                       "from",
                                       "from a by b",
                                       "from a (b) by b",
                                       "from a ([203.0.113.80])",
                                       "from a ([203.0.113.80]) bye",
                                       "froma ([203.0.113.80]) by b",
                                       "from a([203.0.113.80]) by b",
                                       "from a (b c [203.0.113.80]) by b",
                                       "from a (b [203.0.113.80] (may be forged)) by b",
                                       "from a ([203.0.113.80] helo=a) by b",
                                       "from a (b [198.51.100.20]) (c [203.0.113.80]) by b",
                                       "from \"a\" ([203.0.113.80]) by b",
                                       "from a\\ ([203.0.113.80]) by b",
                                       "from a ([203.0.113.80) by b",
                                       "from a ([IPv6:203.0.113.80]) by b",
                                       "from a ([2001:db8::1]) by b",
                                       "from a ([]) by b",
                                       "from a ([IPv6:]) by b",
                                       "from a (<b> [203.0.113.80]) by b",
                                       "from a ([203.0.113.80];) by b",
                                       "(c) from a ([203.0.113.80]) by b",
                                       "from a ([203.0.113.80]) (c by b",
                                       "from a ([203.0.113.80]) (\\)) by b",
                                       "from \xff ([203.0.113.80]) by b"}) {
    CAPTURE(value);
    CHECK_FALSE(received_hop(value));
  }
}

TEST_CASE("it reads what we write ourselves, whatever the client said") {
  for (const char* helo :
       {"mx.good.example", "[203.0.113.80]", "a (b [198.51.100.20]) by c", "\r\nfrom x", ""}) {
    message::Received received;
    received.from = message::ReceivedFrom{helo, "mx.good.example", "[203.0.113.80]"};
    received.by = "mx2.futar.test";
    received.protocol = "ESMTP";
    const std::string field = message::received_field(received);
    const auto hop = received_hop(std::string_view(field).substr(sizeof("Received:") - 1));
    REQUIRE(hop);
    CHECK(hop->address == "203.0.113.80");
  }
}
