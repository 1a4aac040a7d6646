#include "mta/outbound/mta_sts.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::mta;
using Mode = StsPolicy::Mode;

TEST_CASE("MTA-STS record: version first, an id of letters and digits, more keys are passed over") {
  const struct {
    std::string txt, id;  ///< "" = no record
  } rows[] = {
      {"v=STSv1; id=20160831085700Z;", "20160831085700Z"},
      {"v=STSv1;id=1", "1"},
      {"v=STSv1 ;\tid=1 ; ", "1"},
      {"v=STSv1; new.key-1_=a:b; id=1;", "1"},
      {"v=STSv1; id=1; id=2;", "1"},
      {"v=STSv1; id=12345678901234567890123456789012;", "12345678901234567890123456789012"},
      {"v=STSv1; id=123456789012345678901234567890123;", ""},
      {"v=STSv1; id=;", ""},
      {"v=STSv1; id=a-b;", ""},
      {"v=STSv1;", ""},
      {"v=STSv1", ""},
      {"v=STSv1 id=1;", ""},
      {"v=STSv12; id=1;", ""},
      {"v=stsv1; id=1;", ""},
      {" v=STSv1; id=1;", ""},
      {"id=1; v=STSv1;", ""},
      {"v=STSv1; id=1;; ", ""},
      {"v=STSv1; id = 1;", ""},
      {"v=STSv1; =1; id=1;", ""},
      {"", ""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.txt);
    const auto id = parse_sts_record(row.txt);
    CHECK(id.has_value() == !row.id.empty());
    if (id) CHECK(*id == row.id);
  }
}

TEST_CASE("MTA-STS records: exactly one may begin with the version; others do not count") {
  CHECK(*choose_sts_record({"v=spf1 -all", "v=STSv1; id=1;", "v=STSv2; id=3"}) == "1");
  CHECK_FALSE(choose_sts_record({"v=STSv1; id=1;", "v=STSv1; id=1;"}));
  CHECK_FALSE(choose_sts_record({"v=STSv1; id=1;", "v=STSv1; broken"}));
  CHECK_FALSE(choose_sts_record({"v=spf1 -all"}));
  CHECK_FALSE(choose_sts_record({}));
}

TEST_CASE("MTA-STS policy: lines of key and value") {
  const auto policy = parse_sts_policy(
      "version: STSv1\r\nmode: enforce\r\nmx: Mail.example.com\r\nmx: *.example.net\r\nmax_age: 604800\r\n");
  REQUIRE(policy);
  CHECK(policy->mode == Mode::enforce);
  CHECK(policy->mx == std::vector<std::string>{"mail.example.com", "*.example.net"});
  CHECK(policy->max_age_s == 604800);
  const struct {
    const char* what;
    std::string body;
    bool good;
  } rows[] = {
      {"LF, no last line end", "version:STSv1\nmode:testing\nmx:a.example\nmax_age:1", true},
      {"any order", "mx: a.example\nmax_age: 1\nmode: enforce\nversion: STSv1\n", true},
      {"unknown keys", "version: STSv1\nnew: a b: c\nmode: enforce\nmx: a.example\nmax_age: 1\n", true},
      {"blanks at the ends", "version: STSv1 \t\nmode:  enforce\nmx: a.example \nmax_age: 1 \n\n", true},
      {"none needs no mx", "version: STSv1\nmode: none\nmax_age: 1\n", true},
      {"the first of two counts", "version: STSv1\nmode: none\nmode: wrong\nmax_age: 1\n", true},
      {"no mx", "version: STSv1\nmode: enforce\nmax_age: 1\n", false},
      {"no mode", "version: STSv1\nmx: a.example\nmax_age: 1\n", false},
      {"another mode", "version: STSv1\nmode: Enforce\nmx: a.example\nmax_age: 1\n", false},
      {"no version", "mode: enforce\nmx: a.example\nmax_age: 1\n", false},
      {"another version", "version: STSv2\nmode: enforce\nmx: a.example\nmax_age: 1\n", false},
      {"no max_age", "version: STSv1\nmode: enforce\nmx: a.example\n", false},
      {"a negative max_age", "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: -1\n", false},
      {"a max_age of eleven digits", "version: STSv1\nmode: enforce\nmx: a.example\nmax_age: 00000000001\n",
       false},
      {"mx with a wildcard inside", "version: STSv1\nmode: enforce\nmx: a.*.example\nmax_age: 1\n", false},
      {"mx with a wildcard within a label", "version: STSv1\nmode: enforce\nmx: mx*.example\nmax_age: 1\n",
       false},
      {"a bare wildcard", "version: STSv1\nmode: enforce\nmx: *\nmax_age: 1\n", false},
      {"an empty mx", "version: STSv1\nmode: enforce\nmx:\nmax_age: 1\n", false},
      {"a line without a colon", "version: STSv1\nhello\nmode: none\nmax_age: 1\n", false},
      {"a page", "<html><body>version: STSv1</body></html>", false},
      {"nothing", "", false},
      {"64 KiB", "version: STSv1\nmode: none\nmax_age: 1\nx: " + std::string(64 * 1024, 'x'), false},
  };
  for (const auto& row : rows) {
    CAPTURE(row.what);
    CHECK(parse_sts_policy(row.body).has_value() == row.good);
  }
}

TEST_CASE("MTA-STS policy: more than a year counts as a year") {
  CHECK(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 31557600")->max_age_s == 31557600);
  CHECK(parse_sts_policy("version: STSv1\nmode: none\nmax_age: 9999999999")->max_age_s == 31557600);
}

TEST_CASE("MTA-STS patterns: a name, or one label more; letter case does not matter") {
  const StsPolicy policy{.mode = Mode::enforce, .id = "", .mx = {"mx1.example.com", "*.example.net"}};
  for (const char* host :
       {"mx1.example.com", "MX1.Example.COM", "mx1.example.com.", "a.example.net", "A.EXAMPLE.NET"})
    CHECK_MESSAGE(allows(policy, host), host);
  for (const char* host : {"mx2.example.com", "a.mx1.example.com", "example.net", ".example.net",
                           "a.b.example.net", "aexample.net", "a.example.net.evil.example", ""})
    CHECK_MESSAGE(!allows(policy, host), host);
  CHECK_FALSE(allows({}, "mx1.example.com"));
}
