// What a transaction says to a good server, and what it makes of each answer.
#include <doctest/doctest.h>

#include "tests/common/smtp_client/client_fixture.h"

using namespace futar;
using namespace futar::smtp_client;
using Answer = ScriptedPeer::Answer;
using Then = Answer::Then;
using Lines = std::vector<std::string>;

namespace {

const std::string body = "Subject: x\r\n\r\n.dot\r\nend\r\n";
const std::string stuffed = "Subject: x\r\n\r\n..dot\r\nend\r\n";
const std::vector<std::string> three = {"b@example.org", "c@example.org", "d@example.org"};

}  // namespace

TEST_CASE("a message goes in one group and is taken") {
  ClientFixture f;
  f.run(transaction_of(body));
  CHECK(f.opened.is_good());
  CHECK(f.opened.stage == Stage::hello);
  CHECK(f.host_said == "peer.example");
  CHECK(f.peer.commands == Lines{"EHLO client.example", "MAIL FROM:<a@example.com> SIZE=25",
                                 "RCPT TO:<b@example.org>", "DATA", "QUIT"});
  REQUIRE(f.peer.messages.size() == 1);
  CHECK(f.peer.messages[0].content == stuffed);
  const RecipientResult& result = f.result();
  CHECK(result.last.is_good());
  CHECK(result.last.stage == Stage::dot);
  CHECK(result.last.reply.text == "250 2.0.0 taken");
  CHECK(result.last.reply.enhanced == "2.0.0");
  CHECK_FALSE(result.doubtful);
  CHECK(result.dsn_asked);
  CHECK(f.usable);
  CHECK(f.transactions == 1);
}

TEST_CASE(
    "commands wait for each other where groups are not offered, and nothing is asked that is not offered") {
  ClientFixture f;
  f.peer.keywords.clear();
  f.peer.script["DATA"] = {{"354 go\r\n"}};
  Transaction transaction = transaction_of(body, three);
  transaction.recipients[0].parameters = {{smtp::Notify::success}, "rfc822;b@example.org"};
  transaction.parameters.envid = "id";
  f.run(std::move(transaction));
  CHECK(f.peer.commands == Lines{"EHLO client.example", "MAIL FROM:<a@example.com>",
                                 "RCPT TO:<b@example.org>", "RCPT TO:<c@example.org>",
                                 "RCPT TO:<d@example.org>", "DATA", "QUIT"});
  CHECK(f.result().last.is_good());
  CHECK_FALSE(f.result().dsn_asked);
}

TEST_CASE("one session carries message after message, octet by octet") {
  ClientFixture f;
  f.read_at_most = 1;
  std::vector<Transaction> mail;
  for (int i = 0; i < 3; ++i) mail.push_back(transaction_of(body, three, 5));
  f.run(std::move(mail));
  CHECK(f.results.size() == 3);
  CHECK(f.peer.messages.size() == 3);
  CHECK(f.peer.messages.back().rcpts.size() == 3);
  CHECK(f.peer.messages.back().content == stuffed);
  CHECK(f.transactions == 3);
}

TEST_CASE("each recipient has its own result, and the others go on") {
  for (const bool pipelining : {true, false}) {
    ClientFixture f;
    if (!pipelining) f.peer.keywords.clear();
    f.peer.script["RCPT TO:<c"] = {{"550 5.1.1 no such user\r\n"}};
    f.peer.script["RCPT TO:<d"] = {{"452 4.5.3 too many\r\n"}};
    f.run(transaction_of(body, three));
    CHECK(f.result(0).last.is_good());
    CHECK(f.result(1).last.stage == Stage::rcpt);
    CHECK(f.result(1).last.reply.enhanced == "5.1.1");
    CHECK(f.result(2).last.reply.code == 452);
    CHECK(f.peer.messages.at(0).rcpts.size() == 1);
    CHECK(f.usable);
    CHECK(f.peer.commands.back() == "QUIT");
    CHECK(f.peer.commands.at(f.peer.commands.size() - 2) == "DATA");  // no RSET: somebody has the message
  }
}

TEST_CASE("when all recipients are refused, an accepted DATA is ended by an empty message (RFC 2920 §3.1)") {
  ClientFixture f;
  for (int i = 0; i < 3; ++i) f.peer.script["RCPT"].push_back({"550 5.1.1 no\r\n"});
  f.peer.script["DATA"] = {{"354 go ahead\r\n"}};
  f.run(transaction_of(body, three));
  for (const RecipientResult& result : f.results.at(0)) {
    CHECK(result.last.stage == Stage::rcpt);
    CHECK_FALSE(result.doubtful);
  }
  CHECK(f.peer.messages.empty());
  CHECK(f.peer.heard.ends_with("DATA\r\n.\r\nRSET\r\nQUIT\r\n"));
  CHECK(f.usable);
}

TEST_CASE("a refused MAIL is everybody's result, whatever is said to its group") {
  ClientFixture f;
  f.peer.script["MAIL"] = {{"451 4.7.1 later\r\n"}};
  f.peer.script["DATA"] = {{"503 5.5.1 no\r\n"}};
  f.run(transaction_of(body, three));
  for (const RecipientResult& result : f.results.at(0)) {
    CHECK(result.last.stage == Stage::mail);
    CHECK(result.last.reply.enhanced == "4.7.1");
  }
  CHECK(f.peer.heard.ends_with("DATA\r\nRSET\r\nQUIT\r\n"));
}

TEST_CASE("hundreds of recipients go in groups, and none behind a refused MAIL") {
  std::vector<std::string> many;
  for (int i = 0; i < 230; ++i) many.push_back(fmt::format("u{}@example.org", i));
  ClientFixture f;
  f.peer.script["RCPT TO:<u117@"] = {{"550 5.1.1 no\r\n"}};
  std::vector<Transaction> mail;
  mail.push_back(transaction_of(body, many));
  f.run(std::move(mail));
  CHECK(f.peer.messages.at(0).rcpts.size() == 229);
  for (size_t i = 0; i < many.size(); ++i) CHECK(f.result(i).last.is_good() == (i != 117));

  ClientFixture refused;
  refused.peer.script["MAIL"] = {{"550 5.7.1 no\r\n"}};
  refused.run(transaction_of(body, many));
  CHECK(refused.peer.commands.size() == 1 + 50 + 2);
}

TEST_CASE("after a refusal at each stage the session is reset and carries the next message") {
  struct Row {
    const char* at;
    Stage stage;
  };
  for (const Row& row :
       {Row{"MAIL", Stage::mail}, Row{"RCPT", Stage::rcpt}, Row{"DATA", Stage::data}, Row{".", Stage::dot}})
    for (const char* reply : {"450 4.2.0 later\r\n", "550-5.7.1 no\r\n550 5.7.1 never\r\n"})
      for (const bool pipelining : {true, false}) {
        CAPTURE(row.at);
        ClientFixture f;
        if (!pipelining) f.peer.keywords.clear();
        f.peer.script[row.at] = {{reply}};
        std::vector<Transaction> mail;
        mail.push_back(transaction_of(body));
        mail.push_back(transaction_of(body));
        f.run(std::move(mail));
        CHECK(f.result(0, 0).last.stage == row.stage);
        CHECK(f.result(0, 0).last.trouble == Trouble::none);
        CHECK(f.result(0, 0).last.reply.text ==
              std::string(reply[0] == '4' ? "450 4.2.0 later" : "550-5.7.1 no\n550 5.7.1 never"));
        CHECK(f.result(0, 1).last.is_good());
        CHECK(std::ranges::count(f.peer.commands, "RSET") == 1);
      }
}

TEST_CASE("what the server cannot take is not begun") {
  ClientFixture f;
  f.peer.keywords = {"SIZE 10", "PIPELINING"};
  Transaction eight_bit = transaction_of("x\r\n");
  eight_bit.parameters.body_8bit = true;
  Transaction utf8 = transaction_of("x\r\n", {"sz\xc3\xa9p@example.org"});
  std::vector<Transaction> mail;
  mail.push_back(std::move(eight_bit));
  mail.push_back(std::move(utf8));
  mail.push_back(transaction_of(body, three));
  mail.push_back(transaction_of("x\r\n"));
  f.run(std::move(mail));
  for (size_t i = 0; i < 3; ++i) {
    CHECK(f.result(0, i).last.stage == Stage::mail);
    CHECK(f.result(0, i).last.trouble == Trouble::not_capable);
  }
  CHECK(f.result(0, 0).last.detail == "8BITMIME");
  CHECK(f.result(0, 1).last.detail == "SMTPUTF8");
  CHECK(f.result(2, 2).last.detail == "SIZE");
  CHECK(f.result(0, 3).last.is_good());
  CHECK(f.transactions == 1);
  CHECK(f.peer.commands == Lines{"EHLO client.example", "MAIL FROM:<a@example.com> SIZE=3",
                                 "RCPT TO:<b@example.org>", "DATA", "QUIT"});
}

TEST_CASE("a line end stored in an address goes nowhere") {
  ClientFixture f;
  Transaction transaction = transaction_of(body);
  transaction.recipients[0].address.local = "b>\r\nRCPT TO:<eve";
  f.run(std::move(transaction));
  CHECK(f.result().last.trouble == Trouble::unreadable);
  CHECK(f.peer.commands == Lines{"EHLO client.example", "QUIT"});
}

TEST_CASE("a server that does not know EHLO gets HELO; LMTP has no such thing") {
  ClientFixture f;
  f.peer.script["EHLO"] = {{"500 5.5.1 what\r\n"}};
  f.run(transaction_of(body));
  CHECK(f.result().last.is_good());
  CHECK_FALSE(f.offer.extended);
  CHECK(f.peer.commands.at(1) == "HELO client.example");
  CHECK(f.peer.commands.at(2) == "MAIL FROM:<a@example.com>");

  ClientFixture lmtp;
  lmtp.options.lmtp = true;
  lmtp.peer.script["LHLO"] = {{"500 5.5.1 what\r\n"}};
  lmtp.run(transaction_of(body));
  CHECK(lmtp.opened.stage == Stage::hello);
  CHECK(lmtp.opened.reply.code == 500);
  CHECK(lmtp.peer.commands == Lines{"LHLO client.example", "QUIT"});
}

TEST_CASE("LMTP answers for each accepted recipient, by DATA and by BDAT") {
  for (const bool chunks : {false, true}) {
    ClientFixture f;
    f.options.lmtp = f.peer.lmtp = true;
    if (chunks) f.peer.keywords.push_back("CHUNKING");
    f.peer.script["RCPT TO:<c"] = {{"550 5.1.1 no\r\n"}};
    f.peer.script[chunks ? "BDAT" : "."] = {{"250 2.1.5 b\r\n452 4.2.2 full\r\n"}};
    std::vector<Transaction> mail;
    mail.push_back(transaction_of(body, three));
    mail.push_back(transaction_of(body, three));
    f.run(std::move(mail));
    CHECK(f.result(0).last.reply.text == "250 2.1.5 b");
    CHECK(f.result(1).last.stage == Stage::rcpt);
    CHECK(f.result(2).last.stage == Stage::dot);
    CHECK(f.result(2).last.reply.enhanced == "4.2.2");
    for (size_t i = 0; i < 3; ++i) CHECK(f.result(i, 1).last.is_good());
    CHECK(f.peer.commands.at(0) == "LHLO client.example");
  }
}

TEST_CASE("with CHUNKING the content goes unstuffed, in counted pieces") {
  const std::string large(200'000, 'x');
  for (const bool pipelining : {true, false})
    for (const std::string& content :
         {std::string(), body, std::string("no line end"), large + "\r\n.\r\n" + large}) {
      ClientFixture f;
      f.peer.keywords = {"CHUNKING"};
      if (pipelining) f.peer.keywords.push_back("PIPELINING");
      f.peer.script["RCPT TO:<c"] = {{"550 5.1.1 no\r\n"}};
      std::vector<Transaction> mail;
      mail.push_back(transaction_of(content, three, 30'000));
      mail.push_back(transaction_of(body));
      f.run(std::move(mail));
      CHECK(f.result(0).last.is_good());
      CHECK(f.result(1).last.stage == Stage::rcpt);
      const bool complete = content.empty() || content.ends_with("\r\n");
      CHECK(f.peer.messages.at(0).content == content + (complete ? "" : "\r\n"));
      CHECK(f.peer.messages.at(1).content == body);
      CHECK(std::ranges::count(f.peer.commands, "DATA") == 0);
      CHECK(std::ranges::count_if(f.peer.commands, [](auto& c) { return c.ends_with(" LAST"); }) == 2);
    }
}

TEST_CASE("a refused chunk is the message's result") {
  const std::string large = std::string(300'000, 'x') + "\r\n";
  for (const char* reply : {"552 5.3.4 too big\r\n", "451 4.3.0 later\r\n"}) {
    ClientFixture f;
    f.peer.keywords = {"CHUNKING"};
    f.peer.script["BDAT"] = {{"250 ok\r\n"}, {reply}};
    std::vector<Transaction> mail;
    mail.push_back(transaction_of(large, {"b@example.org"}, 64 * 1024));
    mail.push_back(transaction_of(body));
    f.run(std::move(mail));
    CHECK(f.result(0, 0).last.stage == Stage::content);
    CHECK(f.result(0, 0).last.reply.text + "\r\n" == reply);
    CHECK(f.result(0, 1).last.is_good());
    CHECK(f.peer.messages.size() == 1);
  }
}

TEST_CASE(
    "chunks go ahead of their replies: in doubt once the last is written, out of step once one is refused") {
  struct Row {
    size_t size;
    Answer first;  ///< to the first chunk
    Stage stage;
    bool doubtful;
  };
  for (const Row& row : {Row{150'000, {"", Then::close}, Stage::dot, true},
                         Row{150'000, {"552 5.3.4 no\r\n"}, Stage::dot, false},
                         Row{1'000'000, {"", Then::close}, Stage::content, false},
                         Row{1'000'000, {"552 5.3.4 no\r\n"}, Stage::content, false}}) {
    ClientFixture f;
    f.peer.keywords = {"CHUNKING", "PIPELINING"};
    f.peer.script["BDAT"] = {row.first};
    f.run(transaction_of(std::string(row.size, 'x'), {"b@example.org"}, 64 * 1024));
    CAPTURE(row.size);
    CHECK(f.result().last.stage == row.stage);
    CHECK(f.result().last.reply.code == (row.first.octets.empty() ? 0 : 552));
    CHECK(f.result().doubtful == row.doubtful);
    CHECK_FALSE(f.usable);
  }
}

TEST_CASE(
    "a server that announces CHUNKING and does not know BDAT has a session no longer, and no mail is "
    "returned") {
  ClientFixture f;
  f.peer.keywords = {"CHUNKING"};
  f.peer.script["BDAT"] = {{"502 5.5.2 what\r\n"}};
  f.run(transaction_of(body));
  CHECK(f.result().last.trouble == Trouble::garbage);
  CHECK(f.result().last.stage == Stage::content);
  CHECK_FALSE(f.result().doubtful);
  CHECK_FALSE(f.usable);
}

TEST_CASE("LIMITS of the server: so many messages, then the session has done its part") {
  ClientFixture f;
  f.peer.keywords.push_back("LIMITS RCPTMAX=7 MAILMAX=2");
  std::vector<Transaction> mail;
  for (int i = 0; i < 3; ++i) mail.push_back(transaction_of(body));
  f.run(std::move(mail));
  CHECK(f.offer.max_recipients == 7);
  CHECK(f.results.size() == 2);
  CHECK_FALSE(f.usable);
  CHECK(f.peer.commands.back() == "QUIT");
}
