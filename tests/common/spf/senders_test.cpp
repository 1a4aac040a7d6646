#include "common/spf/senders.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"

using namespace futar;
using State = spf::SenderRecord::State;

namespace {

// 198.51.100.7 sends for d.example.
spf::SenderRecord judge(FakeResolver& resolver) {
  net::Loop loop;
  spf::SenderRecord record;
  auto run = [&]() -> Task<> {
    const dns::Answer answer = co_await resolver.ask("d.example", dns::Type::txt);
    record = co_await spf::judge_senders(
        resolver, loop,
        {"d.example", "mail.d.example", {*net::IpAddress::parse("198.51.100.7")}, "v=spf1 mx -all"}, answer);
  };
  run_task(loop, run());
  return record;
}

std::string many_ip6(int count) {
  std::string text = "v=spf1";
  for (int i = 1; i <= count; ++i) text += fmt::format(" ip6:2001:db8::{:x}", i);
  return text + " -all";
}

}  // namespace

TEST_CASE("a record that lets our sender pass is ok, with the verdict") {
  FakeResolver resolver;
  resolver.add("d.example TXT v=spf1 ip4:198.51.100.0/24 -all");
  const auto record = judge(resolver);
  CHECK(record.state == State::ok);
  CHECK(record.verdict.outcome == spf::Outcome::pass);
}

TEST_CASE("one that does not is wrong, with its smallest mend and the verdict of whom it refuses") {
  FakeResolver resolver;
  resolver.add("d.example TXT v=spf1 ip4:192.0.2.1 -all").add("d.example MX 10 mail.d.example");
  CHECK(judge(resolver).want == "v=spf1 ip4:192.0.2.1 ip4:198.51.100.7 -all");
  resolver.add("mail.d.example A 198.51.100.7");
  const auto record = judge(resolver);
  CHECK(record.state == State::wrong);
  CHECK(record.verdict.outcome == spf::Outcome::fail);
  CHECK(record.why == "we send from 198.51.100.7");
  CHECK(record.want == "v=spf1 ip4:192.0.2.1 mx -all");
}

TEST_CASE("where none is, the usual one is wanted if it lets us pass, else one with our addresses") {
  FakeResolver resolver;
  resolver.add("d.example MX 10 mail.d.example").add("mail.d.example A 192.0.2.1");
  CHECK(judge(resolver).state == State::missing);
  CHECK(judge(resolver).want == "v=spf1 ip4:198.51.100.7 -all");
  resolver.add("mail.d.example A 198.51.100.7");
  CHECK(judge(resolver).want == "v=spf1 mx -all");
}

TEST_CASE("a DNS that does not answer says nothing about the record") {
  FakeResolver resolver;
  resolver.fail("d.example", dns::Type::txt);
  CHECK(judge(resolver).state == State::unknown);
  resolver.remove("d.example").add("d.example TXT v=spf1 include:i.example -all");
  resolver.fail("i.example", dns::Type::txt);
  CHECK(judge(resolver).state == State::unknown);
}

TEST_CASE("the term from which on libspf2 cuts a record is named") {
  CHECK(spf::unseen_by_libspf2(*spf::parse_record(many_ip6(25))).empty());
  CHECK(spf::unseen_by_libspf2(*spf::parse_record(many_ip6(30))) == "ip6:2001:db8::1a");
}
