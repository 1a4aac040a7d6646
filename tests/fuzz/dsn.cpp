// A bounce made of what others said: header and status keep their lines, whatever the words.
#include <cstdlib>

#include "common/message/header.h"
#include "mta/bounce/bounce.h"

using namespace futar;

namespace {

void check_lines(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool cr = c == '\r', lf = c == '\n';
    if (cr && (i + 1 == text.size() || text[i + 1] != '\n')) std::abort();
    if (lf && (i == 0 || text[i - 1] != '\r')) std::abort();
    if (!cr && !lf && c != '\t' && (static_cast<unsigned char>(c) < 0x20 || c == 0x7F)) std::abort();
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 3) return 0;
  const std::string words(reinterpret_cast<const char*>(data) + 3, size - 3);
  mta::Teller teller;
  teller.host = "mx.example.org";
  mta::Original original;
  original.envelope.reverse_path = {"alice", "example.org"};
  original.envelope.parameters.smtputf8 = data[0] & 1;
  original.envelope.parameters.envid = words;
  if (data[0] & 2) original.header = words;
  message::ReportedRecipient recipient;
  recipient.address = smtp::parse_address(words).value_or(smtp::Address{"bob", "example.net"});
  recipient.action = static_cast<message::Action>(data[1] % 5);
  recipient.retry_until_ms = data[2];
  recipient.orcpt = recipient.status = recipient.remote_host = recipient.remote_words = recipient.cause =
      words;

  const mta::Bounce bounce = mta::compose(teller, original, {recipient, recipient});
  check_lines(bounce.header);
  if (message::split_header(bounce.header).size() > 12) std::abort();
  if (original.header.empty()) check_lines(bounce.body);
  const std::string boundary = "\r\n--report-" + teller.id.text();
  size_t parts = bounce.body.starts_with(boundary.substr(2)) ? 1 : 0;
  for (size_t at = 0; (at = bounce.body.find(boundary, at)) != std::string::npos; ++at) ++parts;
  if (original.header.empty() && parts != 3) std::abort();
  return 0;
}
