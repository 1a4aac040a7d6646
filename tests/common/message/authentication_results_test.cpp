#include "common/message/authentication_results.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::message;

TEST_CASE("what several fields of one authserv-id say is joined, and nobody else's words are") {
  const auto said = [](std::string_view header) {
    return results_of(split_header(header), "mx.example.org");
  };
  CHECK(said("Authentication-Results: MX.example.org 1 (v); spf=pass\r\n smtp.mailfrom=a;\r\n"
             "Authentication-Results: other.example; dkim=pass\r\n"
             "Authentication-Results: (ours) \"mx.example.org\"; dkim=none\r\n") ==
        "spf=pass\r\n smtp.mailfrom=a;\r\n\tdkim=none");
  CHECK(said("Authentication-Results: mx.example.org; none\r\n") == "");
  CHECK(said("Authentication-Results: ; spf=pass\r\nAuthentication-Results: ((; spf=pass\r\n") == "");
  CHECK(said("Authentication-Results: mx.example.org.evil.example; spf=pass\r\n") == "");
  CHECK(said("Authentication-Results: mx.example.org spf=pass\r\n") == "");
}
