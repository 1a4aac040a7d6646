#include "common/message/address_list.h"

#include <doctest/doctest.h>

#include <chrono>

using namespace futar;
using message::parse_address_list;

namespace {

// "a@b c@d", or "error".
std::string read(std::string_view value) {
  const auto addresses = parse_address_list(value);
  if (!addresses) return "error";
  std::string all;
  for (const smtp::Address& address : *addresses) all += (all.empty() ? "" : " ") + address.text();
  return all;
}

}  // namespace

TEST_CASE("address lists, with the examples of RFC 5322 appendix A") {
  const std::pair<std::string_view, std::string_view> rows[] = {
      {" John Doe <jdoe@machine.example>", "jdoe@machine.example"},
      {" Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>",
       "mary@x.test jdoe@example.org one@y.test"},
      {"<boss@nil.test>, \"Giant; \\\"Big\\\" Box\" <sysservices@example.net>",
       "boss@nil.test sysservices@example.net"},
      {"A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;",
       "c@a.test joe@where.test jdoe@one.test"},
      {"Undisclosed recipients:;", ""},
      {"Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>", "pete@silly.test"},
      {"A Group(Some people)\r\n     :Chris Jones <c@(Chris's host.)public.example>,\r\n         "
       "joe@example.org,\r\n  John "
       "<jdoe@one.test> (my dear friend); (the end of the group)",
       "c@public.example joe@example.org jdoe@one.test"},
      {"(Empty list)(start)Hidden recipients  :(nobody(that I know))  ;", ""},
      {"Joe Q. Public <john.q.public@example.com>", "john.q.public@example.com"},
      {"Mary Smith <mary@example.net>, , jdoe@test  . example", "mary@example.net jdoe@test.example"},
      {"\"bob@bank.example\" <eve@example.org>", "eve@example.org"},
      {"eve@example.org (bob@bank.example)", "eve@example.org"},
      {"(<bob@bank.example>,) eve@example.org", "eve@example.org"},
      {"=?utf-8?q?bob=40bank.example?= <eve@example.org>", "eve@example.org"},
      {"\"a@b\"@example.org", "\"a@b\"@example.org"},
      {"\"quoted local\"@Example.ORG", "\"quoted local\"@example.org"},
      {"Jürgen <j@exämple.org>", "j@exämple.org"},
      {"J\xFCrgen <j@example.org>", "j@example.org"},
      {"a@[192.0.2.1]", "a@[192.0.2.1]"},
      {"root", "root"},
      {"\"(Cron Daemon)\" <root>", "root"},
      {"a@b,c@d", "a@b c@d"},
      {",,a@b,,", "a@b"},
      {"g:a@b,c@d;,e@f", "a@b c@d e@f"},
      {"", ""},
  };
  for (const auto& [value, expected] : rows) {
    CAPTURE(value);
    CHECK(read(value) == expected);
  }
}

TEST_CASE("what two readers could read as two senders is not read at all") {
  for (std::string_view value : {"bob@bank.example <eve@example.org>",
                                 "eve@example.org bob@bank.example",
                                 "eve@example.org <bob@bank.example>",
                                 "<eve@example.org> <bob@bank.example>",
                                 "<eve@example.org> bob@bank.example",
                                 "<@relay.example:eve@example.org>",
                                 "bob <eve@example.org",
                                 "\"bob <eve@example.org>",
                                 "(bob eve@example.org",
                                 "bob) <eve@example.org>",
                                 "John Smith",
                                 "<>",
                                 "<@>",
                                 "<a b@c>",
                                 "a b@c",
                                 "a@b@c",
                                 "a@",
                                 "@b",
                                 "<a@b@c>",
                                 "a@b>",
                                 "g:a@b",
                                 "a@b;",
                                 "g:h:a@b;;",
                                 "a..b@c",
                                 "a@b c",
                                 "[a@b]",
                                 "a\\b@c",
                                 "eve@example.org\x01",
                                 "(\x01) a@b",
                                 "\"\x01\" <a@b>",
                                 "a:b@c"}) {
    CAPTURE(value);
    CHECK(read(value) == "error");
  }
  for (std::string_view nul : {std::string_view("a@b\0,c@d", 8), std::string_view("(\0)a@b", 6)})
    CHECK(read(nul) == "error");
}

TEST_CASE("every From counts, not only the first") {
  const auto fields =
      message::split_header("From: a@b\r\nfrom :\r\n c@d\r\nX-From: e@f\r\nFROM: g@h, i@j\r\n\r\n");
  const auto all = message::addresses_of(fields, "From");
  REQUIRE(all);
  CHECK(all->size() == 4);
  CHECK(all->at(1).text() == "c@d");
  const auto broken = message::split_header("From: a@b\r\nFrom: <c@d\r\n");
  CHECK_FALSE(message::addresses_of(broken, "From"));
  CHECK(message::addresses_of(broken, "Sender")->empty());
}

TEST_CASE("deep comments and endless lists take time linear to their size") {
  const auto begin = std::chrono::steady_clock::now();
  CHECK(read(std::string(120'000, '(') + std::string(120'000, ')') + "a@b") == "a@b");
  CHECK(read(std::string(250'000, '(')) == "error");
  CHECK(read(std::string(250'000, ',')) == "");
  CHECK(read(std::string(250'000, '"')) == "error");
  std::string many;
  while (many.size() < 250'000) many += "a@b,";
  CHECK(parse_address_list(many)->size() == 62'500);
  std::string dots;
  while (dots.size() < 250'000) dots += "a.";
  CHECK(read(dots) == "error");
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(2));
}
