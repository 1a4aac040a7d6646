#include "common/config/toml_json.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using namespace futar;
using nlohmann::json;

TEST_CASE("a TOML document becomes the same JSON") {
  const auto text = config::toml_as_json(
      "domains = [\"example.org\"]\nempty = \"\"\nlarge = 9007199254740993\n"
      "[[accounts]]\naddress = \"b\\\"ob@example.org\"\nsuspended = true\n[[accounts]]\naddress = "
      "\"e\\u00e1@example.org\"\n");
  REQUIRE(text);
  CHECK(json::parse(*text) == json{{"domains", {"example.org"}},
                                   {"empty", ""},
                                   {"large", 9007199254740993},
                                   {"accounts",
                                    {{{"address", "b\"ob@example.org"}, {"suspended", true}},
                                     {{"address", "e\u00e1@example.org"}}}}});
}

TEST_CASE("a fault in a TOML document is told with its line") {
  const auto text = config::toml_as_json("a = 1\nb = \n");
  REQUIRE_FALSE(text);
  CHECK(text.error().text.starts_with("line 2: "));
}
