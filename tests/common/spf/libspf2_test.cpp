// What libspf2 gets to see.
#include <doctest/doctest.h>

#include "common/spf/libspf2_layer.h"
#include "tests/common/spf/zone.h"

using namespace futar;

namespace {

struct Seen {
  spf::Request request = spf_request("192.0.2.1", "who ever+x@d.example", "%{d}+all");
  spf::Answers answers;

  std::string record(const std::string& text) {
    auto& answer = answers[{"d.example", dns::Type::txt}];
    answer.status = dns::Answer::Status::ok;
    answer.rdata = {wire(dns::Type::txt, text)};
    spf::Libspf2Layer layer(request, answers);
    const auto found = layer.lookup(layer.domain(), dns::Type::txt);
    if (layer.stopped()) return "stopped: " + layer.stopped()->why;
    return found.at(0);
  }
};

}  // namespace

TEST_CASE("libspf2 sees qualifiers, mechanisms, prefixes and aliases, nothing else of a record") {
  Seen seen;
  CHECK(seen.record("v=spf1 a:%{l}.example/24//64 ~MX x=y exists:%{ir}.%{h} -all") ==
        "v=spf1 +a:n1.a.invalid/24//64 ~mx:n2.a.invalid +exists:n3.a.invalid -all");
  CHECK(seen.record("v=spf1 include:_spf.example redirect=%{d2} exp=why.%{d}") ==
        "v=spf1 +include:n1.a.invalid redirect=n2.a.invalid");
  CHECK(seen.record("v=spf1") == "v=spf1 ?all");
}

TEST_CASE("networks that cannot match are left out, and what stands behind one that does") {
  Seen seen;
  CHECK(seen.record("v=spf1 ip4:198.51.100.0/24 ip6:2001:db8::/32 -ip4:192.0.2.0/24 a -all") ==
        "v=spf1 -ip4:192.0.2.1");
}

TEST_CASE("the target of ptr stays when it is plain") {
  Seen seen;
  CHECK(seen.record("v=spf1 ptr ptr:other.example ptr:%{l}.example -all") ==
        "v=spf1 +ptr:d.example +ptr:other.example +ptr:n1.a.invalid -all");
}

TEST_CASE("records that our grammar refuses, and those that libspf2 would cut, never reach it") {
  Seen seen;
  for (const char* text : {"v=spf1 a:%{d", "v=spf1 a:%{i0}.example", "v=spf1 x=%{", "v=spf1 exp=%(d).example",
                           "v=spf1 a:\xff.example"})
    CHECK(seen.record(text).starts_with("stopped: the SPF record of d.example: "));
  const std::string label(60, 'x');
  std::string text = "v=spf1";
  for (int i = 0; i < 4; ++i) text += " ptr:" + label + "." + label + "." + label + ".example";
  CHECK(seen.record(text) == "stopped: the SPF record is too long for libspf2");
  CHECK(seen.record("v=spf1 a:%{i100r}.%{l200}.example -all") == "v=spf1 +a:n1.a.invalid -all");
}
