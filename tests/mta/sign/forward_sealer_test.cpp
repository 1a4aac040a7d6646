#include "mta/sign/forward_sealer.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::mta;
using arc::Outcome;

namespace {

std::optional<Outcome> chain(const std::string& results,
                             const std::string& below = "From: a@b.test\r\n\r\n") {
  const auto found = found_at_ingress("Authentication-Results: " + results + "\r\n" + below, "mx.futar.test");
  return found ? std::optional(found->outcome) : std::nullopt;
}

}  // namespace

TEST_CASE("what was found at ingress is read back from our results on top, and from no others") {
  CHECK(chain("mx.futar.test;\r\n\tspf=pass;\r\n\tarc=pass reason=\"x\"") == Outcome::pass);
  CHECK(chain("mx.futar.test;\r\n\tarc=fail;\r\n\tdkim=none") == Outcome::fail);
  CHECK(chain("mx.futar.test;\r\n\tarc=none") == Outcome::none);
  CHECK(chain("mx.futar.test;\r\n\tspf=pass") == Outcome::none);
  CHECK(chain("mx.futar.test; none") == std::nullopt);
  CHECK(chain("mx.futar.test.evil.test;\r\n\tspf=pass") == std::nullopt);
  CHECK(chain("other.test;\r\n\tspf=pass") == std::nullopt);
  CHECK_FALSE(found_at_ingress("Received: x\r\nAuthentication-Results: mx.futar.test;\r\n\tspf=pass\r\n\r\n",
                               "mx.futar.test")
                  .has_value());
  CHECK_FALSE(found_at_ingress("", "mx.futar.test").has_value());
}

TEST_CASE("words of a peer in our results are no result") {
  CHECK(chain("mx.futar.test;\r\n\tspf=fail reason=\"arc=pass\" arc=pass") == Outcome::none);
}

TEST_CASE("the results go into the seal as they stand, folds and all") {
  const auto found = found_at_ingress(
      "Authentication-Results: mx.futar.test;\r\n\tspf=pass smtp.mailfrom=a@b.test;\r\n\tdkim=none\r\nFrom: "
      "a\r\n\r\n",
      "mx.futar.test");
  REQUIRE(found.has_value());
  CHECK(found->results == "mx.futar.test;\r\n\tspf=pass smtp.mailfrom=a@b.test;\r\n\tdkim=none");
}
