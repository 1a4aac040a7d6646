#include "common/verdict/authentication_results.h"

#include <doctest/doctest.h>

#include "common/message/header.h"

using namespace futar;
using namespace std::string_literals;
using verdict::Verdict;

namespace {

spf::Verdict spf_of(spf::Outcome outcome, spf::Identity identity, std::string domain,
                    std::string reason = "") {
  spf::Verdict spf;
  spf.outcome = outcome;
  spf.identity = identity;
  spf.domain = std::move(domain);
  spf.reason = std::move(reason);
  return spf;
}

dkim::Verdict dkim_of(dkim::Outcome outcome, std::string domain, std::string reason = "") {
  dkim::Verdict dkim;
  dkim.result = outcome;
  dkim.domain = std::move(domain);
  dkim.reason = std::move(reason);
  dkim.selector = "s1";
  dkim.algorithm = "rsa-sha256";
  dkim.identity = "@" + dkim.domain;
  dkim.start = "AbC/+123";
  return dkim;
}

Verdict from_sender(std::string local, std::string domain) {
  Verdict verdict;
  verdict.sender = {std::move(local), std::move(domain)};
  verdict.mail_from = spf_of(spf::Outcome::pass, spf::Identity::mail_from, verdict.sender.domain);
  return verdict;
}

std::string text(const Verdict& verdict) { return verdict::results_text("mail.example.org", verdict); }
std::string line(const Verdict& verdict) {
  std::string unfolded = message::unfold(text(verdict));
  for (char& c : unfolded)
    if (c == '\t') c = ' ';
  return unfolded;
}

}  // namespace

TEST_CASE("a verdict becomes one field that names each method, its result and whom it speaks for") {
  Verdict verdict = from_sender("alice", "example.org");
  verdict.client = net::IpAddress::parse("203.0.113.80").value();
  verdict.iprev = verdict::Iprev{true, "mx.example.org"};
  verdict.helo = spf_of(spf::Outcome::none, spf::Identity::helo, "mx.example.org", "no record");
  verdict.dkim = {dkim_of(dkim::Outcome::pass, "example.org", "fine"),
                  dkim_of(dkim::Outcome::fail, "lists.example", "the body was changed")};
  verdict.dmarc.emplace();
  verdict.dmarc->outcome = dmarc::Outcome::fail;
  verdict.dmarc->from = "bank.example";
  verdict.dmarc->applies = dmarc::Policy::reject;
  verdict.dmarc->reason = "From says bank.example, which asks for p=reject";
  verdict.arc.emplace();
  verdict.arc->result = arc::Outcome::pass;
  verdict.arc->reason = "sealed by lists.example";
  std::string header = "Subject: x\r\n";
  CHECK(verdict::stamp(header, "mail.example.org", verdict) == 0);
  CHECK(header ==
        "Authentication-Results: mail.example.org;\r\n"
        "\tiprev=pass policy.iprev=203.0.113.80;\r\n"
        "\tspf=none reason=\"no record\" smtp.helo=mx.example.org;\r\n"
        "\tspf=pass smtp.mailfrom=alice@example.org;\r\n"
        "\tdkim=pass header.d=example.org header.i=@example.org header.s=s1\r\n"
        "\theader.a=rsa-sha256 header.b=\"AbC/+123\";\r\n"
        "\tdkim=fail reason=\"the body was changed\" header.d=lists.example\r\n"
        "\theader.i=@lists.example header.s=s1 header.a=rsa-sha256\r\n"
        "\theader.b=\"AbC/+123\";\r\n"
        "\tdmarc=fail reason=\"From says bank.example, which asks for p=reject\"\r\n"
        "\theader.from=bank.example policy.dmarc=reject;\r\n"
        "\tarc=pass reason=\"sealed by lists.example\" smtp.remote-ip=203.0.113.80\r\n"
        "Subject: x\r\n");
}

TEST_CASE("a client that was not judged has no result, an unsigned message dkim=none") {
  CHECK(text({}) == "mail.example.org; none");
  Verdict unsigned_;
  unsigned_.dkim.emplace();
  CHECK(line(unsigned_) == "mail.example.org; dkim=none");
}

TEST_CASE("for a null reverse-path SPF speaks for the HELO, once") {
  Verdict verdict;
  verdict.mail_from = spf_of(spf::Outcome::pass, spf::Identity::mail_from, "mx.example.org");
  CHECK(line(verdict) == "mail.example.org; spf=pass smtp.helo=mx.example.org");
  verdict.helo = spf_of(spf::Outcome::pass, spf::Identity::helo, "mx.example.org");
  CHECK(line(verdict) == "mail.example.org; spf=pass smtp.helo=mx.example.org");
}

TEST_CASE("an IPv6 client is quoted, since a token has no colon") {
  Verdict verdict;
  verdict.client = net::IpAddress::parse("2001:db8::1").value();
  verdict.iprev.emplace();
  CHECK(line(verdict) == "mail.example.org; iprev=fail policy.iprev=\"2001:db8::1\"");
}

TEST_CASE("nothing that a peer said ends a value, the line or the field, or begins a result") {
  const struct {
    std::string local, domain, shown;
  } rows[] = {
      {"alice+tag", "example.org", "alice+tag@example.org"},
      {"prvs=1=alice", "example.org", "\"prvs=1=alice@example.org\""},
      {"a b", "example.org", R"("\"a b\"@example.org")"},
      {"a\"b", "example.org", R"("\"a\\\"b\"@example.org")"},
      {"a\\b", "example.org", R"("\"a\\\\b\"@example.org")"},
      {"x;dkim=pass", "example.org", R"("\"x;dkim=pass\"@example.org")"},
      {"x(", "example.org", R"("\"x(\"@example.org")"},
      {"bücher", "example.org", "\"b??cher@example.org\""},
      {"a\r\nX: y", "example.org", R"("\"a??X: y\"@example.org")"},
      {"a", "[192.0.2.1]", "\"a@[192.0.2.1]\""},
  };
  for (const auto& row : rows) {
    CAPTURE(row.local);
    CHECK(line(from_sender(row.local, row.domain)) ==
          "mail.example.org; spf=pass smtp.mailfrom=" + row.shown);
  }
  Verdict verdict;
  verdict.dkim = {dkim_of(dkim::Outcome::neutral, "", "a\0b\x1b[1m\"; dmarc=pass\r\n\r\nbody"s)};
  verdict.dkim->front().identity = "";
  CHECK(line(verdict) ==
        "mail.example.org; dkim=neutral reason=\"a?b?[1m\\\"; dmarc=pass????body\" header.s=s1"
        " header.a=rsa-sha256 header.b=\"AbC/+123\"");
}

TEST_CASE("a long text is cut, and no line is near the limit") {
  Verdict verdict;
  verdict.dkim = {dkim_of(dkim::Outcome::fail, "example.org", std::string(5000, '"'))};
  std::string header;
  verdict::stamp(header, "mail.example.org", verdict);
  CHECK(header.size() < 800);
}

TEST_CASE("forged results in our name are gone, however many and however written, and ours stands first") {
  const std::string forged[] = {
      "Authentication-Results: mail.example.org; dmarc=pass\r\n",
      "AUTHENTICATION-results:\r\n MAIL.Example.ORG;\r\n dkim=pass\r\n",
      "Authentication-Results : (comment) mail.example.org 1; spf=pass\r\n",
      "Authentication-Results: \"mail.example.org\" ; spf=pass\r\n",
      "Authentication-Results: mail.example.org.; spf=pass\r\n",
  };
  const std::string theirs = "Authentication-Results: mx.example.net; spf=pass\r\n";
  for (const size_t number : {size_t{0}, size_t{1}, size_t{2}, std::size(forged)}) {
    std::string header = "Received: from x\r\n" + theirs;
    for (size_t i = 0; i < number; ++i) header += forged[i] + "Subject: " + std::to_string(i) + "\r\n";
    CHECK(verdict::stamp(header, "mail.example.org", from_sender("eve", "evil.example")) == number);
    CHECK(
        header.starts_with("Authentication-Results: mail.example.org;\r\n\tspf=pass smtp.mailfrom=eve@evil"));
    const auto fields = message::split_header(header);
    CHECK(message::count(fields, "Authentication-Results") == 2);
    CHECK(message::count(fields, "Subject") == number);
    CHECK(header.contains(theirs));
  }
}

// Found by the fuzzer.
TEST_CASE("a header that begins with a fold does not go on where our field ends") {
  for (const char* fold : {" ; dmarc=pass header.from=bank.example\r\n", "\t; dmarc=pass\r\n"}) {
    std::string header = fold + "From: ceo@bank.example\r\n"s;
    verdict::stamp(header, "mail.example.org", {});
    const auto fields = message::split_header(header);
    REQUIRE(fields.size() == 3);
    CHECK(fields[0].text == "Authentication-Results: mail.example.org; none\r\n");
    CHECK(fields[1].is("X-Unnamed"));
    CHECK(header.contains(fold));
  }
}
