// The signed examples of the standards.
#include <doctest/doctest.h>

#include "common/dkim/opendkim.h"
#include "tests/common/dkim/signed_mail.h"

using namespace futar;
using namespace futar::dkim;

namespace {

const std::string body = "Hi.\r\n\r\nWe lost the game. Are you hungry yet?\r\n\r\nJoe.\r\n";
const std::string fields =
    "From: Joe SixPack <joe@football.example.com>\r\n"
    "To: Suzie Q <suzie@shopping.example.net>\r\n"
    "Subject: Is dinner ready?\r\n"
    "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r\n"
    "Message-ID: <20030712040037.46341.5F8J@football.example.com>\r\n";

// RFC 6376 A.2 and C.
const Mail rfc6376 = {
    "DKIM-Signature: v=1; a=rsa-sha256; s=brisbane; d=example.com;\r\n"
    "      c=simple/simple; q=dns/txt; i=joe@football.example.com;\r\n"
    "      h=Received : From : To : Subject : Date : Message-ID;\r\n"
    "      bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    "      b=AuUoFEfDxTDkHlLXSZEpZj79LICEps6eda7W3deTVFOk4yAUoqOB\r\n"
    "      4nujc7YopdG5dWLSdNg6xNAZpOPr+kHxt1IrE+NahM6L/LbvaHut\r\n"
    "      KVdkLLkpVaVVQPzeRDI009SO2Il5Lu7rDNH6mZckBdrIx0orEtZV\r\n"
    "      4bmp/YzhwvcubU4=;\r\n"
    "Received: from client1.football.example.com  [192.0.2.1]\r\n"
    "      by submitserver.example.com with SUBMISSION;\r\n"
    "      Fri, 11 Jul 2003 21:01:54 -0700 (PDT)\r\n" +
        fields,
    body};
const std::string rfc6376_key =
    "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ"
    "KBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLnQg1fWn7/zYt"
    "IxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v"
    "/RtdC2UzJ1lWT947qR+Rcac2gbto/NMqJ0fzfVjH4OuKhi"
    "tdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB";

// RFC 8463 A.2 and A.3.
const Mail rfc8463 = {
    "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r\n"
    " subject : date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r\n"
    " Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r\n"
    "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n"
    " d=football.example.com; i=@football.example.com;\r\n"
    " q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r\n"
    " date : message-id : from : subject : date;\r\n"
    " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r\n"
    " b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r\n"
    " DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r\n"
    " dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r\n" +
        fields,
    body};
const std::string rfc8463_ed = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const std::string rfc8463_rsa =
    "v=DKIM1; k=rsa; "
    "p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi"
    "Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G"
    "+2kryOTIKT+l/K4w3QIDAQAB";

bool libopendkim_alone(const Mail& mail, size_t number, const std::string& record) {
  const auto all = message::split_header(mail.header);
  const auto key = parse_key_record(record);
  REQUIRE(key);
  return opendkim_proves(all, all[number], parse_signature(all[number].value).signature, key->key);
}

}  // namespace

TEST_CASE("the example of RFC 6376 A.2 verifies, and not when a letter of it changes") {
  auto verdicts = verify(rfc6376, rfc6376_key);
  REQUIRE(verdicts.size() == 1);
  CHECK(verdicts[0].reason == "header and body are as example.com signed them");
  CHECK(verdicts[0].result == Outcome::pass);
  CHECK(verdicts[0].identity == "joe@football.example.com");
  CHECK(verdicts[0].key_bits == 1024);
  Mail other = rfc6376;
  other.header.replace(other.header.find("ready"), 1, "R");
  CHECK(verify(other, rfc6376_key)[0].result == Outcome::fail);
  other = rfc6376;
  other.body.replace(other.body.find("lost"), 4, "won ");
  CHECK(verify(other, rfc6376_key)[0].result == Outcome::fail);
}

TEST_CASE("the examples of RFC 8463 A.3 verify, Ed25519 and RSA side by side") {
  Verifier verifier(rfc8463.header, now_ms);
  CHECK(verifier.wanted_keys() == std::vector<std::string>{"brisbane._domainkey.football.example.com",
                                                           "test._domainkey.football.example.com"});
  verifier.give_key("brisbane._domainkey.football.example.com", txt({rfc8463_ed}));
  verifier.give_key("test._domainkey.football.example.com", txt({rfc8463_rsa}));
  verifier.body(rfc8463.body);
  const auto verdicts = verifier.finish();
  REQUIRE(verdicts.size() == 2);
  CHECK(verdicts[0].result == Outcome::pass);
  CHECK(verdicts[0].algorithm == "ed25519-sha256");
  CHECK(verdicts[1].result == Outcome::pass);
  CHECK(verdicts[1].algorithm == "rsa-sha256");
}

TEST_CASE("libopendkim of this system proves all three by itself, Ed25519 too") {
  CHECK(libopendkim_alone(rfc6376, 0, rfc6376_key));
  CHECK(libopendkim_alone(rfc8463, 0, rfc8463_ed));
  CHECK(libopendkim_alone(rfc8463, 1, rfc8463_rsa));
  CHECK_FALSE(libopendkim_alone(rfc8463, 1, rfc6376_key));
}
