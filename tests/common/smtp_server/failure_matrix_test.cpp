// Each exit of a session, by letting its n-th stream operation fail until none is left to fail.
#include <doctest/doctest.h>

#include "tests/common/smtp_server/session_fixture.h"

using namespace futar;
using namespace futar::smtp_server;
using Reason = net::StreamClosed::Reason;

namespace {

struct Conversation {
  const char* name;
  std::vector<std::string> groups;  ///< each is sent after the reply to the one before
  std::string body;
  size_t read_at_most;
};

std::string large_body() {
  std::string body;
  while (body.size() <= spool::blob_limit) body += std::string(76, 'x') + "\r\n";
  return body;
}

std::vector<Conversation> conversations() {
  const std::string body = "one\r\ntwo\r\n", large = large_body();
  const auto data = [](const std::string& text) {
    return std::vector<std::string>{"EHLO c\r\n",
                                    "STARTTLS\r\n",
                                    "EHLO c\r\n",
                                    "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n",
                                    "Subject: x\r\n\r\n" + text + ".\r\n",
                                    "QUIT\r\n"};
  };
  const auto chunks = [](const std::string& text) {
    return std::vector<std::string>{
        "EHLO c\r\n", "MAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.org>\r\nBDAT 14\r\nSubject: x\r\n\r\n",
        "BDAT " + std::to_string(text.size()) + " LAST\r\n" + text, "QUIT\r\n"};
  };
  return {{"DATA octets", data(body), body, 3},
          {"DATA to a file", data(large), large, SIZE_MAX},
          {"BDAT octets", chunks(body), body, 3},
          {"BDAT to a file", chunks(large), large, SIZE_MAX}};
}

// Returns whether the run got through without its fault.
bool run_with_fault(const Conversation& conversation, size_t at, Reason reason) {
  SessionFixture fixture;
  fixture.script.capabilities.starttls = true;
  fixture.fault.at = at;
  fixture.fault.reason = reason;
  fixture.read_at_most = conversation.read_at_most;
  std::string heard;
  net::run(fixture.loop, [&]() -> Task<> {
    auto client = fixture.connect();
    heard = co_await converse(*client, conversation.groups);
    co_await fixture.until_ended();
  });
  const auto& accepted = fixture.script.accepted;
  const bool told = heard.find("queued as") != std::string::npos;
  CHECK(fixture.script.ended == 1);
  CHECK(accepted.size() <= 1);
  if (told) CHECK(accepted.size() == 1);
  size_t files = 0;
  for (const auto& message : accepted) {
    CHECK(message.header == "Subject: x\r\n\r\n");
    CHECK(fixture.text_of(message.body) == conversation.body);
    files += message.body.is_file();
  }
  CHECK(fixture.spool_files() == files);
  const bool reached = fixture.fault.operations >= at;
  if (!reached) CHECK(told);
  return !reached;
}

}  // namespace

TEST_CASE("whichever stream operation fails, no half message is accepted and nothing is left behind") {
  for (const auto& conversation : conversations())
    for (const Reason reason : {Reason::reset, Reason::peer_closed, Reason::deadline, Reason::shutdown}) {
      CAPTURE(conversation.name);
      size_t at = 1;
      while (true) {
        CAPTURE(at);
        if (run_with_fault(conversation, at, reason)) break;
        ++at;
        REQUIRE(at < 500);
      }
      CHECK(at > 8);  // the loop has tried something
    }
}
