// What both engines say, with the same words where it is ours to choose them.
#include <doctest/doctest.h>

#include <algorithm>

#include "common/spf/libspf2.h"
#include "common/spf/native.h"
#include "tests/common/spf/zone.h"

using namespace futar;
using spf::Outcome;

namespace {

const spf::NativeEvaluator native;
const spf::Libspf2Evaluator libspf2;

Outcome both(const Zone& zone, const spf::Request& request) {
  const auto ours = zone.judge(native, request);
  const auto theirs = zone.judge(libspf2, request);
  CHECK(spf::name(ours.verdict.outcome) == spf::name(theirs.verdict.outcome));
  CHECK(ours.verdict.explanation == theirs.verdict.explanation);
  return ours.verdict.outcome;
}

Outcome both(const Zone& zone, const char* client = "192.0.2.1", const char* from = "a@d.example") {
  return both(zone, spf_request(client, from));
}

std::string repeated(int count, const std::string& term) {
  std::string text;
  for (int i = 0; i < count; ++i) text += " " + term;
  return text;
}

const std::string head = "d.example TXT v=spf1";

}  // namespace

TEST_CASE("ten terms may ask the DNS, the eleventh is a permerror") {
  for (const char* term : {"a:h.example", "mx:h.example", "include:i.example"}) {
    Zone zone;
    zone.add("h.example A 192.0.2.9").add("h.example MX 10 h.example").add("i.example TXT v=spf1 -all");
    CHECK(both(Zone(zone).add(head + repeated(10, term) + " ip4:192.0.2.1 -all")) == Outcome::pass);
    CHECK(both(Zone(zone).add(head + repeated(11, term) + " ip4:192.0.2.1 -all")) == Outcome::permerror);
    CHECK(both(Zone(zone).add(head + " ip4:192.0.2.1" + repeated(11, term))) == Outcome::pass);
  }
}

TEST_CASE("terms are counted across includes and redirects, so that no tree of records grows") {
  Zone zone;
  zone.add(head + repeated(9, "include:d1.example") + " redirect=d1.example");
  for (int level = 1; level < 12; ++level) {
    const std::string name = "d" + std::to_string(level) + ".example TXT v=spf1";
    zone.add(name + repeated(9, "include:d" + std::to_string(level + 1) + ".example"));
  }
  CHECK(both(zone) == Outcome::permerror);
  CHECK(zone.judge(native, spf_request("192.0.2.1", "a@d.example")).asked.size() <= 11);
  CHECK(zone.judge(libspf2, spf_request("192.0.2.1", "a@d.example")).asked.size() <= 11);
  CHECK(both(Zone().add(head + " redirect=d.example")) == Outcome::permerror);
}

TEST_CASE("two terms may be answered with nothing, the third is a permerror") {
  CHECK(both(Zone().add(head + " a:x.example mx:y.example ip4:192.0.2.1 -all")) == Outcome::pass);
  CHECK(both(Zone().add(head + " a:x.example mx:y.example exists:z.example ip4:192.0.2.1 -all")) ==
        Outcome::permerror);
  CHECK(both(Zone().add(head + " a:x.example a:x.example a:x.example ip4:192.0.2.1 -all")) ==
        Outcome::permerror);
  SUBCASE("hosts of one MX without an address are one such term") {
    Zone zone;
    zone.add(head + " mx a:x.example ip4:192.0.2.1 -all");
    for (const char* host : {"1", "2", "3", "4"})
      zone.add(std::string("d.example MX 10 h") + host + ".example");
    CHECK(both(zone) == Outcome::pass);
  }
  SUBCASE("that the client has no name is one, however often ptr stands there") {
    CHECK(both(Zone().add(head + repeated(5, "ptr:x.example") + " a:x.example ip4:192.0.2.1 -all")) ==
          Outcome::pass);
    CHECK(both(Zone().add(head + " ptr a:x.example a:y.example ip4:192.0.2.1 -all")) == Outcome::permerror);
  }
}

TEST_CASE("more than ten MX are a permerror, of more than ten names of a client ten are looked at") {
  Zone zone;
  zone.add(head + " mx -all").add("h.example A 192.0.2.1");
  for (int i = 0; i < 10; ++i) zone.add("d.example MX 10 h.example");
  CHECK(both(zone) == Outcome::pass);
  CHECK(both(zone.add("d.example MX 20 h.example")) == Outcome::permerror);

  Zone names;
  names.add(head + " ptr -all");
  for (int i = 0; i < 12; ++i) {
    const std::string host = "h" + std::to_string(i) + (i < 9 ? ".other.example" : ".d.example");
    names.add("1.2.0.192.in-addr.arpa PTR " + host);
    if (i != 9) names.add(host + " A 192.0.2.1");
  }
  CHECK(both(names) == Outcome::fail);
  CHECK(both(names.add("h9.d.example A 192.0.2.1")) == Outcome::pass);
}

TEST_CASE("the dearest record costs 111 questions") {
  Zone zone;
  std::string record = head;
  for (int i = 0; i < 10; ++i) {
    const std::string name = "m" + std::to_string(i) + ".example";
    record += " mx:" + name;
    for (int j = 0; j < 10; ++j) {
      const std::string host = "h" + std::to_string(j) + "." + name;
      zone.add(name + " MX 10 " + host).add(host + " A 192.0.2.9");
    }
  }
  zone.add(record + " -all");
  CHECK(both(zone) == Outcome::fail);
  CHECK(zone.judge(native, spf_request("192.0.2.1", "a@d.example")).asked.size() == 111);
}

TEST_CASE("a DNS that fails is a temperror, but for the names of the client") {
  CHECK(both(Zone().time_out("d.example")) == Outcome::temperror);
  CHECK(both(Zone().add(head + " a:x.example -all").time_out("x.example")) == Outcome::temperror);
  CHECK(both(Zone().add(head + " exists:x.example -all").time_out("x.example")) == Outcome::temperror);
  CHECK(both(Zone().add(head + " include:x.example -all").time_out("x.example")) == Outcome::temperror);
  CHECK(both(Zone().add(head + " ip4:192.0.2.1 a:x.example").time_out("x.example")) == Outcome::pass);
  CHECK(both(Zone().add(head + " ptr -all").time_out("1.2.0.192.in-addr.arpa")) == Outcome::fail);
  Zone names;
  names.add(head + " ptr -all").add("1.2.0.192.in-addr.arpa PTR h.d.example").time_out("h.d.example");
  CHECK(both(names) == Outcome::fail);
}

TEST_CASE("records with hundreds of networks are read to their end") {
  std::string record = head;
  for (int i = 0; i < 250; ++i) record += " ip4:198.51.100." + std::to_string(i);
  for (int i = 0; i < 50; ++i) record += " ip6:2001:db8::" + std::to_string(i);
  CHECK(both(Zone().add(record + " -all")) == Outcome::fail);
  CHECK(both(Zone().add(record + " ip4:192.0.2.0/24 -all")) == Outcome::pass);
  CHECK(both(Zone().add(record + " -all"), "2001:db8::49") == Outcome::pass);
}

TEST_CASE("prefixes of 0, loopback and mapped addresses are judged like others") {
  Zone zone;
  zone.add("h.example A 198.51.100.1").add("m.example MX 10 h.example");
  CHECK(both(Zone(zone).add(head + " a:h.example/0 -all")) == Outcome::pass);
  CHECK(both(Zone(zone).add(head + " mx:m.example/0 -all")) == Outcome::pass);
  CHECK(both(Zone(zone).add(head + " mx:m.example//0 -all")) == Outcome::fail);
  CHECK(both(Zone(zone).add(head + " ip4:0.0.0.0/0 -all")) == Outcome::pass);
  CHECK(both(Zone(zone).add(head + " -all"), "127.0.0.1") == Outcome::fail);
  CHECK(both(Zone(zone).add(head + " -all"), "::1") == Outcome::fail);
  CHECK(both(Zone(zone).add(head + " a:h.example/24 -all"), "::ffff:198.51.100.7") == Outcome::pass);
}

TEST_CASE("redirect and the implied domain belong to the record that is read") {
  Zone zone;
  zone.add(head + " redirect=r.example")
      .add("r.example TXT v=spf1 a ptr -all exp=why.%{d}")
      .add("r.example A 192.0.2.1");
  zone.add("why.r.example TXT %{l} may not send from %{c}");
  CHECK(both(zone) == Outcome::pass);
  CHECK(both(zone, "192.0.2.2") == Outcome::fail);
  CHECK(zone.judge(libspf2, spf_request("192.0.2.2", "a@d.example")).verdict.explanation ==
        "a may not send from 192.0.2.2");
  CHECK(both(Zone().add(head + " redirect=none.example")) == Outcome::permerror);
  CHECK(both(Zone().add(head + " include:none.example -all")) == Outcome::permerror);
  CHECK(both(Zone().add(head + " ?all redirect=none.example")) == Outcome::neutral);
  Zone included;
  included.add(head + " include:i.example -all").add("i.example TXT v=spf1 ptr ?all");
  included.add("1.2.0.192.in-addr.arpa PTR h.i.example").add("h.i.example A 192.0.2.1");
  CHECK(both(included) == Outcome::pass);
}

TEST_CASE(
    "what an include comes to by the record that it names (RFC 7208 §5.2), and a result of its own (§4.7)") {
  const struct {
    const char* record;
    Outcome plain, minus;  ///< of include: and -include:
  } rows[] = {
      {"v=spf1 +all", Outcome::pass, Outcome::fail},
      {"v=spf1 -all", Outcome::softfail, Outcome::softfail},
      {"v=spf1 ~all", Outcome::softfail, Outcome::softfail},
      {"v=spf1 ?all", Outcome::softfail, Outcome::softfail},
      {"v=spf1", Outcome::softfail, Outcome::softfail},
      {"v=spf1 moo", Outcome::permerror, Outcome::permerror},
      {"v=spf1 a:silent.example", Outcome::temperror, Outcome::temperror},
      {"no record", Outcome::permerror, Outcome::permerror},
  };
  for (const auto& row : rows) {
    CAPTURE(row.record);
    Zone zone;
    zone.add(std::string("i.example TXT ") + row.record).time_out("silent.example");
    CHECK(both(Zone(zone).add(head + " include:i.example ~all")) == row.plain);
    CHECK(both(Zone(zone).add(head + " -include:i.example ~all")) == row.minus);
  }
  CHECK(both(Zone().add(head + " ip4:198.51.100.1")) == Outcome::neutral);
}

TEST_CASE("exists asks for an address of IPv4 whatever the client has (RFC 7208 §5.7)") {
  Zone zone;
  zone.add(head + " exists:%{ir}.l.example -all")
      .add("1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.l.example A 127.0.0.2");
  CHECK(both(zone, "2001:db8::1") == Outcome::pass);
  CHECK(both(zone, "2001:db8::2") == Outcome::fail);
}

TEST_CASE("what peers say stays a value: it becomes no term, no escape and no other name") {
  for (const char* local :
       {"x +all", "x.example a:h.example ", "a\\046b", "\xC3\xA9", "%{d}", "%", "..", "", "a\r\nb"}) {
    Zone zone;
    zone.add(head + " exists:%{l}.l.example -all").add("h.example A 192.0.2.1");
    auto request = spf_request("192.0.2.1", "a@d.example", "+all ip4:192.0.2.1");
    request.sender.local = local;
    CHECK(both(zone, request) == Outcome::fail);
    for (const auto& question : zone.judge(native, request).asked)
      CHECK(std::ranges::all_of(question.name, [](char c) { return c >= ' ' && c <= '~' && c != '\\'; }));
  }
}

TEST_CASE("an alias of ours in the DNS is a name like any other, and leads nowhere") {
  Zone zone;
  zone.add(head + " a:n0.a.invalid ptr:a.invalid exists:n1.a.invalid -all");
  zone.add("1.2.0.192.in-addr.arpa PTR n2.a.invalid");
  CHECK(both(zone) == Outcome::fail);
}
