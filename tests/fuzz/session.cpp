// A whole SMTP session: the first octet chooses the settings, 0xFF stands for waiting until the session has
// used what was sent. Whatever a client says, the session ends with it, and what is accepted consists of
// lines.
#include <cstdint>
#include <cstdlib>

#include "common/base/text.h"
#include "tests/common/smtp_server/session_fixture.h"

using namespace futar;
using namespace futar::smtp_server;

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

bool consists_of_lines(const std::string& text) {
  if (!text.empty() && !text.ends_with("\r\n")) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\0') return false;
    if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r')) return false;
    if (text[i] == '\r' && (i + 1 == text.size() || text[i + 1] != '\n')) return false;
  }
  return true;
}

void choose(SessionFixture& fixture, uint8_t settings) {
  Capabilities& offered = fixture.script.capabilities;
  offered.starttls = settings & 1;
  fixture.options.implicit_tls = settings & 2;
  fixture.options.lmtp = settings & 4;
  fixture.read_at_most = settings & 8 ? 1 : SIZE_MAX;
  offered.max_size = settings & 16 ? 100 : 1 << 20;
  offered.max_recipients = settings & 32 ? 2 : 1000;
  offered.auth = {"PLAIN", "LOGIN"};
}

Task<> send(net::FakeStream& client, std::string_view text) {
  try {
    for (const std::string_view group : split(text, '\xFF')) {
      co_await client.write(group);
      co_await client.until_peer_waits();
    }
  } catch (const net::StreamClosed&) {
    // The session may end first.
  }
  client.close();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static SessionFixture fixture;
  if (size == 0) return 0;
  choose(fixture, data[0]);
  fixture.script.accepted.clear();
  fixture.script.refused.clear();
  fixture.script.refused_ids.clear();
  fixture.script.refused_envelopes.clear();
  fixture.script.ended = 0;
  fixture.ended = false;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  net::run(fixture.loop, [&]() -> Task<> {
    auto client = fixture.connect();
    co_await send(*client, text);
    while (!fixture.ended) co_await fixture.loop.sleep(0);
  });
  require(fixture.script.ended == 1);
  for (const auto& message : fixture.script.accepted) {
    require(message.header == "\r\n" || message.header.ends_with("\r\n\r\n"));
    require(consists_of_lines(message.header));
    require(consists_of_lines(fixture.text_of(message.body)));
    require(!message.envelope.recipients.empty());
    if (message.body.is_file()) fixture.spool->remove(message.body.file);
  }
  return 0;
}
