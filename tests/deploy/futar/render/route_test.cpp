#include "deploy/futar/render/route.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace futar::deploy;
using nlohmann::json;

TEST_CASE("a way that ends here is one sentence") {
  CHECK(route_in_words({{"text", "bob@futar.test lives here"}, {"accepted", true}}) ==
        "bob@futar.test lives here\n");
}

TEST_CASE("hosts stand in the order in which they are tried, with what each must prove") {
  const json hosts = {{{"name", "mx1.one.example"},
                       {"preference", 10},
                       {"addresses", {"192.0.2.1", "2001:db8::1"}},
                       {"dnssec", "signed"},
                       {"tls", "required: DANE: 1 TLSA record of mx1.one.example"}},
                      {{"name", "mx2.one.example"},
                       {"preference", 20},
                       {"addresses", {"192.0.2.2"}},
                       {"dnssec", "signed"},
                       {"tls", "opportunistic: not verified"}}};
  CHECK(route_in_words(
            {{"text", "one.example: by its MX"}, {"hosts", hosts}, {"dns", "recursion, validated here"}}) ==
        "one.example: by its MX\n"
        "MX  host             addresses               DNSSEC  TLS\n"
        "10  mx1.one.example  192.0.2.1, 2001:db8::1  signed  required: DANE: 1 TLSA record of "
        "mx1.one.example\n"
        "20  mx2.one.example  192.0.2.2               signed  opportunistic: not verified\n"
        "dns  recursion, validated here\n");
}

TEST_CASE("a host that the config names has no preference") {
  const json hosts = {{{"name", "smart.example"}, {"preference", nullptr}, {"addresses", {"192.0.2.1"}}}};
  CHECK(route_in_words({{"text", "through"}, {"hosts", hosts}}).find("\n-   smart.example  192.0.2.1") !=
        std::string::npos);
}

TEST_CASE("what is wrong stands below, and what others wrote is safe for a terminal") {
  const std::string words = route_in_words({{"text", "null.example: by its MX"},
                                            {"due", "2026-11-24T15:02:00.000Z"},
                                            {"last_answer", "said\x1b[2J"},
                                            {"problems", {"5.1.10 no mail\x1b[2J"}}});
  CHECK(words.find(" ! mail for it waits until 24 Nov ") != std::string::npos);
  CHECK(words.find(" ! 5.1.10 no mail") != std::string::npos);
  CHECK(words.find('\x1b') == std::string::npos);
}
