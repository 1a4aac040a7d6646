#include "common/config/units.h"

#include <doctest/doctest.h>

#include <tuple>

using namespace futar;
using namespace futar::config;

TEST_CASE("durations are read with their units and printed in the largest that is exact") {
  const std::tuple<std::string_view, int64_t, std::string_view> rows[] = {{"0", 0, "0"},
                                                                          {"500ms", 500, "500ms"},
                                                                          {"10s", 10'000, "10s"},
                                                                          {"5m", 300'000, "5m"},
                                                                          {"90m", 5'400'000, "90m"},
                                                                          {"1h30m", 5'400'000, "90m"},
                                                                          {"30d", 2'592'000'000, "30d"},
                                                                          {"14d", 1'209'600'000, "2w"}};
  for (const auto& [text, ms, printed] : rows) {
    CHECK(parse_duration(text).value() == ms);
    CHECK(print_duration(ms) == printed);
  }
}

TEST_CASE("durations without a unit, with a wrong one, out of order or too long are refused") {
  for (std::string_view text :
       {"", "5", "m", "-5m", "5 m", "5M", "5y", "30m1h", "1h1h", "1.5h", "9999999999999999d", "1h "})
    CHECK_FALSE(parse_duration(text).has_value());
}

TEST_CASE("sizes count in powers of 1024") {
  const std::tuple<std::string_view, uint64_t, std::string_view> rows[] = {{"0", 0, "0"},
                                                                           {"512", 512, "512"},
                                                                           {"64KiB", 65536, "64KiB"},
                                                                           {"64k", 65536, "64KiB"},
                                                                           {"50MiB", 50u << 20, "50MiB"},
                                                                           {"2GiB", 2ull << 30, "2GiB"},
                                                                           {"2g", 2ull << 30, "2GiB"},
                                                                           {"1TiB", 1ull << 40, "1TiB"}};
  for (const auto& [text, octets, printed] : rows) {
    CHECK(parse_size(text).value() == octets);
    CHECK(print_size(octets) == printed);
  }
}

TEST_CASE("sizes that are none are refused") {
  for (std::string_view text : {"", "MiB", "-1", "1.5GiB", "1 MiB", "5MB", "99999999TiB", "0x10"})
    CHECK_FALSE(parse_size(text).has_value());
}

TEST_CASE("a rate is the time between two") {
  const std::tuple<std::string_view, int64_t> rows[] = {{"10/s", 100},     {"1/s", 1000},  {"3/s", 333},
                                                        {"5000/s", 1},     {"100/m", 600}, {"5000/h", 720},
                                                        {"1/h", 3'600'000}};
  for (const auto& [text, ms] : rows) CHECK(parse_rate(text).value() == ms);
  for (std::string_view text :
       {"", "10", "/s", "0/s", "10/", "10/d", "10/ms", "10/w", "10/S", "-1/s", "1.5/s", "10 /s"})
    CHECK_FALSE(parse_rate(text).has_value());
}
