#include "common/smtp_server/session.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "common/smtp_server/content.h"
#include "tests/common/smtp_server/session_fixture.h"

using namespace futar;
using namespace futar::smtp_server;

TEST_CASE("the replies to a pipelined group are written together") {
  SessionFixture fixture;
  net::run(fixture.loop, [&]() -> Task<> {
    auto client = fixture.connect();
    char buffer[4096];
    co_await client->read(buffer, sizeof buffer);
    const size_t before = fixture.server->writes();
    co_await client->write("NOOP\r\nNOOP\r\nFROB\r\nHELP\r\n");
    const size_t size = co_await client->read(buffer, sizeof buffer);
    const std::string said(buffer, size);
    CHECK(std::ranges::count_if(said, [](char c) { return c == '\n'; }) == 4);
    CHECK(fixture.server->writes() == before + 1);
    client->close();
    co_await fixture.until_ended();
  });
}

TEST_CASE("a client that pipelines without end gets replies in between, so that few are kept") {
  SessionFixture fixture;
  net::run(fixture.loop, [&]() -> Task<> {
    auto client = fixture.connect();
    std::string many;
    for (int i = 0; i < 8'000; ++i) many += "NOOP\r\n";
    const std::string said = co_await converse(*client, {many + "QUIT\r\n"});
    CHECK(std::ranges::count_if(said, [](char c) { return c == '\n'; }) == 8'002);
  });
}

TEST_CASE("while memory is short, up to 100 recipients and small headers are taken, no more") {
  SessionFixture fixture;
  spool::MemoryShare others = fixture.spool->share();
  others.set(spool::memory_budget + 1);
  std::string recipients;
  for (int i = 0; i < 101; ++i) recipients += "RCPT TO:<bob" + std::to_string(i) + "@example.org>\r\n";
  const std::string mail = "MAIL FROM:<a@example.com>\r\n", to_bob = "RCPT TO:<bob@example.org>\r\n";
  const std::string large_header = "Subject: " + std::string(header_always_taken, 'x') + "\r\n";
  net::run(fixture.loop, [&]() -> Task<> {
    auto client = fixture.connect();
    const std::string said =
        co_await converse(*client, {"EHLO c\r\n", mail + recipients + "RSET\r\n", mail + to_bob + "DATA\r\n",
                                    large_header + "\r\nx\r\n.\r\n", mail + to_bob + "DATA\r\n",
                                    "Subject: x\r\n\r\nx\r\n.\r\n", "QUIT\r\n"});
    CHECK(said.find("452 4.5.3 ") != std::string::npos);
    CHECK(said.find("452 4.3.1 ") != std::string::npos);
  });
  CHECK(fixture.script.accepted.size() == 1);
  CHECK(std::ranges::count(fixture.script.refused, "RCPT 452 4.5.3 Too many recipients") == 1);
  fixture.script.accepted.clear();
  others.set(0);
  CHECK(fixture.spool->memory_in_use() == 0);
}

TEST_CASE("recipients and the header of a message under way count as memory of its spool") {
  SessionFixture fixture;
  net::run(fixture.loop, [&]() -> Task<> {
    auto client = fixture.connect();
    char buffer[4096];
    co_await client->read(buffer, sizeof buffer);
    for (const char* group :
         {"EHLO c\r\n", "MAIL FROM:<a@example.com>\r\nRCPT TO:<bob@example.org>\r\nDATA\r\n"}) {
      co_await client->write(group);
      co_await client->read(buffer, sizeof buffer);
    }
    CHECK(fixture.spool->memory_in_use() > 0);
    const size_t before = fixture.spool->memory_in_use();
    co_await client->write("Subject: " + std::string(10'000, 'x'));
    while (fixture.spool->memory_in_use() < before + 10'000) co_await fixture.loop.sleep(1);
    client->close();
    co_await fixture.until_ended();
  });
  CHECK(fixture.spool->memory_in_use() == 0);
}

TEST_CASE("an exception of the policy ends the session without a 250, and ended is told") {
  SessionFixture fixture;
  net::run(fixture.loop, [&]() -> Task<> {
    auto client = fixture.connect();
    const std::string said = co_await converse(
        *client, {"HELO c\r\n",
                  "MAIL FROM:<a@example.com>\r\nRCPT TO:<bug@example.org>\r\nBDAT 3 LAST\r\nx\r\nNOOP\r\n"});
    CHECK(said.find("queued") == std::string::npos);
    CHECK(said.ends_with("250 mx.example.org\r\n"));
  });
  CHECK(fixture.script.ended == 1);
  CHECK(fixture.script.accepted.empty());
  CHECK(fixture.spool_files() == 0);
}

TEST_CASE("each MAIL gets an id of its own, which the 250 tells") {
  SessionFixture fixture;
  std::string said;
  net::run(fixture.loop, [&]() -> Task<> {
    auto client = fixture.connect();
    const std::string message =
        "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nBDAT 3 LAST\r\nx\r\n";
    said = co_await converse(*client, {"HELO c\r\n", message + message + "QUIT\r\n"});
  });
  const auto& accepted = fixture.script.accepted;
  REQUIRE(accepted.size() == 2);
  CHECK(accepted[0].id != accepted[1].id);
  for (const auto& message : accepted)
    CHECK(said.find("250 2.0.0 Ok: queued as " + message.id.text() + "\r\n") != std::string::npos);
}

TEST_CASE("with what the message came, in the words of RFC 3848 and RFC 6531") {
  struct {
    bool extended, tls, login, smtputf8, lmtp;
    const char* protocol;
  } rows[] = {
      {false, false, false, false, false, "SMTP"},   {false, true, false, false, false, "SMTP"},
      {true, false, false, false, false, "ESMTP"},   {true, true, false, false, false, "ESMTPS"},
      {true, false, true, false, false, "ESMTPA"},   {true, true, true, false, false, "ESMTPSA"},
      {true, true, true, true, false, "UTF8SMTPSA"}, {true, false, false, true, false, "UTF8SMTP"},
      {true, false, false, false, true, "LMTP"},     {true, true, false, true, true, "UTF8LMTPS"},
  };
  for (const auto& row : rows) {
    Client client;
    client.extended = row.extended;
    if (row.tls) client.tls.emplace();
    if (row.login) client.login = "alice";
    client.smtputf8 = row.smtputf8;
    client.lmtp = row.lmtp;
    CHECK(client.protocol() == row.protocol);
  }
}

TEST_CASE("each refusal carries the id under which the policy was told of it, with sender and recipient") {
  SessionFixture fixture;
  std::string said;
  net::run(fixture.loop, [&]() -> Task<> {
    auto client = fixture.connect();
    said = co_await converse(
        *client,
        {"EHLO c\r\n", "MAIL FROM:<refused@example.com>\r\n", "MAIL FROM:<ann@example.com>\r\n",
         "RCPT TO:<unknown@example.org>\r\n", "RCPT TO:<bob@example.org>\r\n", "FROB\r\n",
         "RCPT TO:<nospace@example.org>\r\n", "DATA\r\n", "Subject: x\r\n\r\nx\r\n.\r\n", "QUIT\r\n"});
  });
  const Script& script = fixture.script;
  REQUIRE(script.refused_ids.size() == 4);
  for (const MessageId& id : script.refused_ids) CHECK(said.contains(" id " + id.text() + "\r\n"));
  CHECK(script.refused_ids[0] != script.refused_ids[1]);
  CHECK(script.refused_ids[1] == script.refused_ids[3]);  // one transaction
  const auto told = [&](size_t i) {
    std::string text = script.refused_envelopes[i].reverse_path.text() + " >";
    for (const auto& recipient : script.refused_envelopes[i].recipients)
      text += " " + recipient.address.text();
    return text;
  };
  CHECK(told(0) == "refused@example.com >");
  CHECK(told(1) == "ann@example.com > unknown@example.org");
  CHECK(told(2) == "ann@example.com > bob@example.org");
  CHECK(told(3) == "ann@example.com > bob@example.org nospace@example.org");
}
