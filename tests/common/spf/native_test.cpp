#include "common/spf/native.h"

#include <doctest/doctest.h>

#include "tests/common/spf/zone.h"

using namespace futar;
using spf::Outcome;

namespace {

spf::Verdict judge(const Zone& zone, const spf::Request& request) {
  return zone.judge(spf::NativeEvaluator(), request).verdict;
}

spf::Verdict judge(const Zone& zone, const char* client = "192.0.2.1", const char* from = "a@d.example") {
  return judge(zone, spf_request(client, from));
}

const std::string head = "d.example TXT v=spf1";

}  // namespace

TEST_CASE("a verdict says in words which mechanism decided, or whom the domain allows") {
  auto verdict = judge(Zone().add(head + " ip4:192.0.2.0/24 -all"));
  CHECK(verdict.outcome == Outcome::pass);
  CHECK(verdict.mechanism == "ip4:192.0.2.0/24");
  CHECK(verdict.reason == "ip4:192.0.2.0/24 of d.example matches");
  CHECK(verdict.domain == "d.example");

  verdict = judge(Zone().add(head + " ip4:198.51.100.0/24 -all"));
  CHECK(verdict.outcome == Outcome::fail);
  CHECK(verdict.mechanism == "-all");
  CHECK(verdict.reason == "d.example allows only ip4:198.51.100.0/24");

  CHECK(judge(Zone().add(head + " ip4:198.51.100.1 ip4:198.51.100.2 +ip4:198.51.100.3 ip4:198.51.100.4 ~all"))
            .reason ==
        "d.example allows only ip4:198.51.100.1, ip4:198.51.100.2, ip4:198.51.100.3 and 1 more");
  CHECK(judge(Zone().add(head + " -all")).reason == "d.example allows no host");
  CHECK(judge(Zone().add(head + " ip4:198.51.100.1")).reason ==
        "nothing in the SPF record of d.example matches");
  CHECK(judge(Zone()).reason == "d.example has no SPF record");
  CHECK(judge(Zone().add(head + " moo")).reason ==
        "the SPF record of d.example: unknown mechanism in \"moo\"");
  CHECK(judge(Zone().add(head).add(head)).reason == "d.example has more than one SPF record");
  CHECK(judge(Zone().time_out("d.example")).reason == "no answer to TXT d.example: timeout");
  CHECK(judge(Zone().add(head + " include:i.example")).reason ==
        "include:i.example: i.example has no SPF record");
  CHECK(judge(Zone(), "192.0.2.1", "a@localhost").reason == "\"localhost\" is no domain name");
}

TEST_CASE("an answer that failed DNSSEC is not data") {
  spf::Answers answers;
  auto& answer = answers[{"d.example", dns::Type::txt}];
  answer.status = dns::Answer::Status::bogus;
  answer.rdata = {wire(dns::Type::txt, "v=spf1 +all")};
  const auto step = spf::NativeEvaluator().evaluate(spf_request("192.0.2.1", "a@d.example"), answers);
  CHECK(std::get<spf::Verdict>(step).outcome == Outcome::temperror);
}

TEST_CASE("HELO is judged as postmaster, and stands in for a null reverse-path") {
  Zone zone;
  zone.add("mail.example.org TXT v=spf1 exists:%{l}.%{o}.l.example -all")
      .add("postmaster.mail.example.org.l.example A 127.0.0.2");
  auto request = spf_request("192.0.2.1", "a@d.example");
  request.identity = spf::Identity::helo;
  auto verdict = judge(zone, request);
  CHECK(verdict.outcome == Outcome::pass);
  CHECK(verdict.identity == spf::Identity::helo);
  CHECK(verdict.domain == "mail.example.org");

  verdict = judge(zone, spf_request("192.0.2.1", ""));
  CHECK(verdict.outcome == Outcome::pass);
  CHECK(verdict.identity == spf::Identity::helo);
  CHECK(judge(zone, spf_request("192.0.2.1", "", "[192.0.2.1]")).outcome == Outcome::none);
  CHECK(judge(zone, spf_request("192.0.2.1", "", "")).outcome == Outcome::none);
}

TEST_CASE("the domain is asked without its final dot and in lower case") {
  CHECK(judge(Zone().add(head + " +all"), "192.0.2.1", "a@D.Example.").outcome == Outcome::pass);
}

TEST_CASE("an explanation is cleaned, cut, and left out where it is broken") {
  Zone zone;
  zone.add(head + " -all exp=why.example");
  auto request = spf_request("192.0.2.1", "a@d.example", "x\r\n250 ok\x1b[2J\xff");
  CHECK(judge(Zone(zone).add("why.example TXT not from %{h}"), request).explanation ==
        "not from x??250 ok?[2J?");
  CHECK(judge(Zone(zone).add("why.example TXT " + std::string(700, 'x'))).explanation.size() <= 515);
  for (const char* text : {"%{x}", "50% off", "\xC3\xA9", "a\tb"})
    CHECK(judge(Zone(zone).add(std::string("why.example TXT ") + text)).explanation.empty());
  CHECK(judge(Zone(zone).add("why.example TXT a").add("why.example TXT b")).explanation.empty());
  CHECK(judge(Zone(zone).time_out("why.example")).outcome == Outcome::fail);
  CHECK(judge(Zone().add(head + " ~all exp=why.example").add("why.example TXT a")).explanation.empty());
}

TEST_CASE("%{p} is a confirmed name: the domain's own before others") {
  Zone zone;
  zone.add(head + " exists:%{p}.ok.example -all");
  for (const char* host : {"liar.d.example", "other.example", "x.d.example", "d.example"})
    zone.add(std::string("1.2.0.192.in-addr.arpa PTR ") + host);
  zone.add("other.example A 192.0.2.1").add("x.d.example A 192.0.2.1");
  CHECK(judge(Zone(zone).add("x.d.example.ok.example A 127.0.0.2")).outcome == Outcome::pass);
  CHECK(judge(Zone(zone).add("d.example A 192.0.2.1").add("d.example.ok.example A 127.0.0.2")).outcome ==
        Outcome::pass);
  CHECK(judge(Zone().add(head + " exists:%{p}.ok.example -all").add("unknown.ok.example A 127.0.0.2"))
            .outcome == Outcome::pass);
  CHECK(judge(Zone().add(head + " a:%{p} a:%{p} a:%{p} a:%{p} a:%{p} a:%{p}")).outcome == Outcome::permerror);
}

TEST_CASE("a name from macros is cut from its left to 253 octets, whole labels at a time") {
  const std::string label(60, 'x');
  const std::string domain = label + "." + label + "." + label + "." + "d.example";
  Zone zone;
  zone.add(domain + " TXT v=spf1 exists:%{d}." + label + ".e.example -all");
  zone.add(label + "." + label + ".d.example." + label + ".e.example A 127.0.0.2");
  CHECK(judge(zone, "192.0.2.1", ("a@" + domain).c_str()).outcome == Outcome::pass);
}
