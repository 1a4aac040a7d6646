// Servers that misbehave at every stage and at every octet.
#include <doctest/doctest.h>

#include <array>

#include "common/smtp_client/stage.h"
#include "tests/common/smtp_client/client_fixture.h"

using namespace futar;
using namespace futar::smtp_client;
using Answer = ScriptedPeer::Answer;
using Then = Answer::Then;
using Reason = net::StreamClosed::Reason;

namespace {

const std::string body = "Subject: x\r\n\r\n.dot\r\nend\r\n";

struct Misdeed {
  const char* name;
  Answer answer;
  int code;  ///< 0: trouble
  Trouble trouble;
};

std::vector<Misdeed> misdeeds() {
  return {
      {"4yz", {"450 4.3.2 later\r\n"}, 450, Trouble::none},
      {"5yz", {"550-5.7.1 no\r\n550 5.7.1 never\r\n"}, 550, Trouble::none},
      {"421", {"421 4.3.2 bye\r\n"}, 421, Trouble::none},
      {"421 and gone", {"421 4.3.2 bye\r\n", Then::close}, 421, Trouble::none},
      {"silence", {"", Then::stall}, 0, Trouble::timeout},
      {"half a reply, then silence", {"250-x\r\n250", Then::stall}, 0, Trouble::timeout},
      {"hangs up", {"", Then::close}, 0, Trouble::closed},
      {"hangs up in a reply", {"250 2.0.0 o", Then::close}, 0, Trouble::closed},
      {"no reply at all", {"HTTP/1.1 200 OK\r\n"}, 0, Trouble::garbage},
      {"two codes", {"250-a\r\n550 b\r\n"}, 0, Trouble::garbage},
      {"an endless reply", {"250-more\r\n", Then::endless}, 0, Trouble::garbage},
      {"an endless line", {std::string(64, '2'), Then::endless}, 0, Trouble::garbage},
      {"1 MB in one line", {"250 " + std::string(1'000'000, 'x') + "\r\n"}, 0, Trouble::garbage},
      {"NUL", {std::string("250 a\0b\r\n", 9)}, 0, Trouble::garbage},
  };
}

struct Place {
  const char* key;  ///< of the script
  Stage stage;
  bool opening;  ///< told by open()
};

const Place places[] = {
    {"greeting", Stage::greeting, true}, {"EHLO", Stage::hello, true}, {"STARTTLS", Stage::starttls, true},
    {"AUTH", Stage::auth, true},         {"MAIL", Stage::mail, false}, {"RCPT", Stage::rcpt, false},
    {"DATA", Stage::data, false},        {".", Stage::dot, false},     {"BDAT", Stage::dot, false},
    {"RSET", Stage::reset, false},
};

void prepare(ClientFixture& f, const Place& place, const Answer& answer) {
  const std::string_view key = place.key;
  f.peer.script[place.key] = {answer};
  if (key == "STARTTLS") {
    f.peer.tls = &tls_context();
    f.peer.keywords.push_back("STARTTLS");
    f.options.tls = TlsUse::required;
  }
  if (key == "AUTH") {
    f.peer.keywords.push_back("AUTH PLAIN");
    f.options.login = Login{"user", "secret"};
    f.options.login_in_clear = true;
  }
  if (key == "BDAT") f.peer.keywords.push_back("CHUNKING");
  if (key == "RSET") f.peer.script["RCPT"] = {{"550 5.1.1 no\r\n"}};
}

void check(const ClientFixture& f, const Place& place, const Misdeed& misdeed, const Observation& seen) {
  CHECK(seen.stage == place.stage);
  CHECK(seen.trouble == misdeed.trouble);
  CHECK(seen.reply.code == misdeed.code);
  CHECK(seen.detail.empty() == (misdeed.trouble == Trouble::none));
  if (misdeed.answer.then == Then::stall)
    CHECK(f.peer.deadline == f.clock.steady_ms() + timeout_ms(place.stage));
}

}  // namespace

TEST_CASE("whatever a server does at whatever stage, it is observed as what it is") {
  for (const Place& place : places)
    for (const Misdeed& misdeed : misdeeds())
      for (const bool pipelining : {true, false}) {
        CAPTURE(place.key);
        CAPTURE(misdeed.name);
        CAPTURE(pipelining);
        ClientFixture f;
        if (!pipelining) f.peer.keywords.clear();
        prepare(f, place, misdeed.answer);
        // HELO would rescue it.
        if (place.stage == Stage::hello && misdeed.code == 550) f.peer.script["HELO"] = {misdeed.answer};
        f.run(transaction_of(body));
        const bool refused = misdeed.code == 450 || misdeed.code == 550;
        if (place.opening) {
          check(f, place, misdeed, f.opened);
          CHECK(f.results.empty());
          CHECK_FALSE(f.usable);
          continue;
        }
        REQUIRE(f.results.size() == 1);
        if (place.stage == Stage::reset) {
          CHECK(f.result().last.stage == Stage::rcpt);  // it was decided before
          CHECK_FALSE(f.usable);
          continue;
        }
        check(f, place, misdeed, f.result().last);
        CHECK(f.usable == refused);
        CHECK(f.result().doubtful == (place.stage == Stage::dot && misdeed.code == 0));
      }
}

TEST_CASE("a good reply of the wrong kind means that both are out of step") {
  for (const Place& place : places) {
    const bool wants_354 = place.stage == Stage::data;
    if (place.stage == Stage::auth || place.stage == Stage::reset) continue;
    ClientFixture f;
    prepare(f, place, {wants_354 ? "250 2.0.0 ok\r\n" : "354 go ahead\r\n"});
    f.run(transaction_of(body));
    const Observation& seen = place.opening ? f.opened : f.result().last;
    CAPTURE(place.key);
    CHECK(seen.stage == place.stage);
    CHECK(seen.trouble == Trouble::garbage);
    CHECK(seen.detail.ends_with("is no answer here"));
    CHECK_FALSE(f.usable);
    if (!place.opening) CHECK(f.result().doubtful == (place.stage == Stage::dot));
  }
}

TEST_CASE("a server that answers more than it was asked is out of step") {
  ClientFixture f;
  f.peer.keywords = {"CHUNKING"};
  f.peer.script["RCPT"] = {{"250 ok\r\n250 2.0.0 taken\r\n"}};
  f.run(transaction_of(body));
  CHECK(f.result().last.trouble == Trouble::garbage);
  CHECK(f.result().last.stage == Stage::content);
  CHECK(f.peer.messages.empty());
}

TEST_CASE("what came before the break keeps its own result") {
  ClientFixture f;
  f.peer.script["RCPT TO:<b"] = {{"550 5.1.1 no\r\n"}};
  f.peer.script["RCPT TO:<d"] = {{"", Then::close}};
  f.run(transaction_of(body, {"b@example.org", "c@example.org", "d@example.org"}));
  CHECK(f.result(0).last.reply.code == 550);
  CHECK(f.result(1).last.trouble == Trouble::closed);
  CHECK(f.result(2).last.trouble == Trouble::closed);

  ClientFixture lmtp;
  lmtp.options.lmtp = lmtp.peer.lmtp = true;
  lmtp.peer.script["."] = {{"250 2.1.5 b\r\n550 5.2.1 c\r\n250 2.1", Then::close}};
  lmtp.run(transaction_of(body, {"b@example.org", "c@example.org", "d@example.org"}));
  CHECK(lmtp.result(0).last.is_good());
  CHECK(lmtp.result(1).last.reply.code == 550);
  CHECK_FALSE(lmtp.result(1).doubtful);
  CHECK(lmtp.result(2).last.trouble == Trouble::closed);
  CHECK(lmtp.result(2).doubtful);
}

namespace {

/// A dialogue to be cut.
struct GoodTalk {
  const char* name;
  std::vector<std::string> keywords;
  bool tls = false, lmtp = false;
};

const GoodTalk dialogues[] = {
    {"step by step", {}},
    {"in groups, over TLS", {"PIPELINING", "STARTTLS"}, true},
    {"by BDAT", {"CHUNKING", "PIPELINING"}},
    {"LMTP", {"PIPELINING"}, false, true},
};

void prepare(ClientFixture& f, const GoodTalk& dialogue) {
  f.peer.keywords = dialogue.keywords;
  if (dialogue.tls) f.peer.tls = &tls_context();
  f.options.lmtp = f.peer.lmtp = dialogue.lmtp;
}

Transaction message_of(const GoodTalk& dialogue) {
  // Several writes of DATA, several chunks of BDAT; what it costs is a run for each octet.
  return transaction_of(body, dialogue.lmtp ? std::vector<std::string>{"b@example.org", "c@example.org"}
                                            : std::vector<std::string>{"b@example.org"});
}

/// Where in the octets of a good run the message is complete, and where its last reply is.
struct Marks {
  size_t dot_sent = 0, replied = 0, heard = 0, said = 0;
};

Marks marks_of(const ClientFixture& good) {
  Marks marks;
  marks.dot_sent = good.peer.heard.find("QUIT");
  marks.replied = good.peer.said.find("221 ");
  marks.heard = good.peer.heard.size();
  marks.said = good.peer.said.size();
  return marks;
}

void check_cut(const ClientFixture& f, const Marks& marks) {
  const bool complete = f.peer.said.size() >= marks.replied;
  const bool sent = f.peer.sent >= marks.dot_sent;
  if (f.results.empty()) {
    CHECK_FALSE(f.opened.is_good());
    CHECK_FALSE(sent);
    return;
  }
  CHECK(f.result(f.results[0].size() - 1).doubtful == (sent && !complete));
  CHECK(f.result(f.results[0].size() - 1).last.is_good() == complete);
  for (const RecipientResult& result : f.results[0]) {
    if (result.last.is_good()) CHECK_FALSE(result.doubtful);
    if (!sent) CHECK_FALSE(result.doubtful);
  }
}

}  // namespace

TEST_CASE("cut at every octet of a good dialogue: in doubt exactly when the message went out whole") {
  for (const GoodTalk& dialogue : dialogues) {
    CAPTURE(dialogue.name);
    ClientFixture good;
    prepare(good, dialogue);
    good.run(message_of(dialogue));
    REQUIRE(good.result().last.is_good());
    const Marks marks = marks_of(good);
    for (size_t at = 0; at < marks.heard; ++at) {
      CAPTURE(at);
      ClientFixture f;
      prepare(f, dialogue);
      f.peer.hear_at_most = at;
      f.run(message_of(dialogue));
      check_cut(f, marks);
    }
    for (size_t at = 0; at < marks.said; ++at) {
      CAPTURE(at);
      ClientFixture f;
      prepare(f, dialogue);
      f.peer.say_at_most = at;
      f.run(message_of(dialogue));
      check_cut(f, marks);
    }
  }
}

TEST_CASE("whichever stream operation fails, the session ends without a word") {
  for (const GoodTalk& dialogue : dialogues)
    for (const Reason reason : {Reason::reset, Reason::peer_closed, Reason::deadline, Reason::tls_failed}) {
      size_t at = 1;
      for (bool reached = true; reached; ++at) {
        ClientFixture f;
        prepare(f, dialogue);
        f.fault.at = at;
        f.fault.reason = reason;
        f.run(message_of(dialogue));
        reached = f.fault.operations >= at;
        CAPTURE(dialogue.name);
        CAPTURE(at);
        if (!reached || f.results.empty()) continue;
        const RecipientResult& result = f.result(f.results[0].size() - 1);
        CHECK((result.last.is_good() ||
               result.last.trouble == (reason == Reason::deadline ? Trouble::timeout : Trouble::closed)));
        CHECK(result.doubtful == (result.last.stage == Stage::dot && !result.last.is_good()));
      }
      CHECK(at > 10);
    }
}

TEST_CASE("content that cannot be read, ends early or goes on too long never gets its final dot") {
  struct Row {
    const char* name;
    std::function<Task<Result<std::string>>(uint64_t)> read;
  };
  const std::string half(100'000, 'x');
  const Row rows[] = {
      {"no more disk",
       [&](uint64_t offset) -> Task<Result<std::string>> {
         if (offset == 0) co_return half;
         co_return fail(Error::ours("no more disk"));
       }},
      {"ends after",
       [&](uint64_t offset) -> Task<Result<std::string>> {
         if (offset == 0) co_return half;
         co_return std::string();
       }},
      {"more than",
       [&](uint64_t offset) -> Task<Result<std::string>> {
         if (offset == 0) co_return half;
         co_return std::string(200'000, 'y');
       }},
      {"thrown", [](uint64_t) -> Task<Result<std::string>> { throw std::runtime_error("thrown"); }},
  };
  for (const char* extension : {"PIPELINING", "CHUNKING"})
    for (const Row& row : rows) {
      ClientFixture f;
      f.peer.keywords = {extension};
      Transaction transaction = transaction_of("");
      transaction.size = 200'000;
      transaction.read = row.read;
      f.run(std::move(transaction));
      CAPTURE(row.name);
      CHECK(f.result().last.stage == Stage::content);
      CHECK(f.result().last.trouble == Trouble::unreadable);
      CHECK(f.result().last.detail.find(row.name) != std::string::npos);
      CHECK_FALSE(f.result().doubtful);
      CHECK_FALSE(f.usable);
      CHECK(f.peer.messages.empty());
      CHECK_FALSE(f.peer.heard.contains("\r\n.\r\n"));
    }
}

TEST_CASE("nothing is smuggled outwards: content with a bare CR or LF is not sent to its end") {
  // The forms of CVE-2023-51764, -51765, -51766 and their kin.
  for (const std::string form :
       {"\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\r\n.\r\r\n",
        "\r\n.\r\r\n", "\n\n.\r\n", "\r\n\r.\r\n", "\n.\r\r\n"})
    for (const char* extension : {"PIPELINING", "CHUNKING"})
      for (const size_t piece : {SIZE_MAX, size_t{1}}) {
        ClientFixture f;
        f.peer.keywords = {extension};
        const std::string content =
            "Subject: x\r\n\r\na" + form + "MAIL FROM:<eve@example.org>\r\nDATA\r\nb\r\n";
        f.run(transaction_of(content, {"b@example.org"}, piece));
        CAPTURE(content);
        CHECK(f.result().last.trouble == Trouble::unreadable);
        CHECK(f.result().last.detail == "a bare CR or LF stands in it");
        CHECK(f.peer.messages.empty());
        CHECK_FALSE(f.peer.heard.contains("eve"));
      }
}

TEST_CASE("a CR as the last octet of all is bare too") {
  ClientFixture f;
  f.run(transaction_of("a\r\nb\r"));
  CHECK(f.result().last.trouble == Trouble::unreadable);
  CHECK(f.peer.messages.empty());
}

TEST_CASE("what looks like the end of a message is content, and the last line always ends") {
  struct Row {
    std::string content, wire;
  };
  const std::string smuggled = "\r\nMAIL FROM:<eve@example.org>\r\n";
  for (const Row& row :
       {Row{"", ""}, Row{".", "..\r\n"}, Row{".\r\n", "..\r\n"}, Row{"a", "a\r\n"},
        Row{"a\r\n." + smuggled, "a\r\n.." + smuggled}, Row{"..\r\n..\r\n", "...\r\n...\r\n"},
        Row{"." + smuggled + ".", ".." + smuggled + "..\r\n"}})
    for (const size_t piece : {SIZE_MAX, size_t{1}}) {
      ClientFixture f;
      f.run(transaction_of(row.content, {"b@example.org"}, piece));
      CHECK(f.result().last.is_good());
      REQUIRE(f.peer.messages.size() == 1);
      CHECK(f.peer.messages[0].content == row.wire);
      CHECK(f.peer.commands.size() == 5);
    }
}

TEST_CASE("a server that answers each command just in time does not keep a session for days") {
  for (const bool pipelining : {true, false}) {
    CAPTURE(pipelining);
    ClientFixture f;
    if (!pipelining) f.peer.keywords.clear();
    f.peer.before_answer = [&] { f.clock.advance_ms(4 * 60'000); };
    f.run({transaction_of("x\r\n", std::vector<std::string>(100, "b@example.org"))});
    CHECK(f.result().last.stage == Stage::rcpt);
    CHECK(f.result().last.trouble == Trouble::timeout);
    CHECK_FALSE(f.result().doubtful);
    CHECK(f.peer.messages.empty());
    CHECK(f.peer.commands.size() < (pipelining ? 60 : 20));
  }
}

TEST_CASE("nor does one that takes the content drop by drop; a message may take its time by its size") {
  const struct {
    int64_t ms_each;  ///< 64 KiB
    Trouble trouble;
  } rows[] = {{60'000, Trouble::none}, {180'000, Trouble::timeout}};
  for (const auto& row : rows)
    for (const char* keyword : {"CHUNKING", "HELP"}) {
      CAPTURE(keyword);
      ClientFixture f;
      f.peer.keywords = {keyword};
      Transaction transaction =
          transaction_of(std::string(6 << 20, 'x') + "\r\n", {"b@example.org"}, 64 << 10);
      transaction.read = [&f, &row, read = transaction.read](uint64_t offset) {
        f.clock.advance_ms(row.ms_each);
        return read(offset);
      };
      f.run({std::move(transaction)});
      CHECK(f.result().last.trouble == row.trouble);
      CHECK_FALSE(f.result().doubtful);
    }
}
