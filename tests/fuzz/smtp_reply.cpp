// Replies of a server in pieces of any size: the same as in one piece, bounded, and clean whatever it says.
// What stands in them is read as an offer, and as the challenge of a login.
#include <cstdint>
#include <cstdlib>

#include "common/base/text.h"
#include "common/smtp_client/peer_offer.h"
#include "common/smtp_client/reply_parser.h"
#include "common/smtp_client/scram.h"

using namespace futar::smtp_client;

namespace {

struct Parsed {
  ReplyParser::State state = ReplyParser::State::more;
  Said said;
  std::string flaw;
  size_t used = 0;
};

Parsed parse(std::string_view octets, size_t piece) {
  ReplyParser parser;
  Parsed parsed;
  while (parsed.used < octets.size() && parsed.state == ReplyParser::State::more) {
    const std::string_view part = octets.substr(parsed.used, piece);
    std::string_view rest = part;
    parsed.state = parser.push(rest);
    parsed.used += part.size() - rest.size();
  }
  parsed.said = parser.said();
  parsed.flaw = parser.flaw();
  return parsed;
}

void require(bool holds) {
  if (!holds) std::abort();
}

bool is_clean(std::string_view text) {
  for (const char c : text)
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7F) return false;
  return futar::is_utf8(text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view octets(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Parsed whole = parse(octets, octets.size());
  const Parsed pieces = parse(octets, data[0] % 16 + 1u);
  require(whole.state == pieces.state && whole.flaw == pieces.flaw);
  require(is_clean(whole.flaw));
  if (whole.state != ReplyParser::State::done) return 0;
  require(whole.used == pieces.used && whole.used <= max_reply_octets);
  const Said& said = whole.said;
  require(said.code == pieces.said.code && said.text == pieces.said.text);
  require(said.code >= 200 && said.code < 600);
  require(said.text.size() <= max_said_text && is_clean(said.text));
  require(said.enhanced.empty() || said.enhanced[0] == said.text[0]);
  require(parse_offer(said.text).max_recipients > 0);
  Scram scram({"user", "secret"}, false, "", "n");
  const std::string_view challenge =
      std::string_view(said.text).substr(std::min<size_t>(4, said.text.size()));
  if (challenge.contains("i=4096") && scram.answer(challenge)) require(!scram.is_complete());
  return 0;
}
