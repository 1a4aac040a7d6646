#include "deploy/futar/judge_input.h"

#include <cstdio>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/directory/records.h"
#include "deploy/futar/program.h"

namespace futar::deploy {
namespace {

constexpr size_t most_octets = size_t{256} << 20;

std::string read_stdin() {
  std::string octets;
  char piece[64 * 1024];
  while (const size_t got = std::fread(piece, 1, sizeof piece, stdin)) {
    octets.append(piece, got);
    if (octets.size() > most_octets) throw Stop{exit_code::usage, "stdin: more than 256 MiB"};
  }
  return octets;
}

std::string with_crlf(std::string_view octets) {
  std::string text;
  text.reserve(octets.size() + octets.size() / 32);
  char before = 0;
  for (const char c : octets) {
    if (c == '\n' && before != '\r') text += '\r';
    text += before = c;
  }
  return text;
}

}  // namespace

Message parse_message(std::string_view octets) {
  Message message;
  const size_t line = octets.find('\n');
  message.crlf = line == std::string_view::npos || (line > 0 && octets[line - 1] == '\r');
  std::string text = with_crlf(octets);
  if (text.starts_with("\r\n")) {
    message.body = text.substr(2);
    return message;
  }
  const size_t end = text.find("\r\n\r\n");
  if (end == std::string::npos) {
    message.header = std::move(text);
    if (!message.header.empty() && !message.header.ends_with("\r\n")) message.header += "\r\n";
    return message;
  }
  message.body = text.substr(end + 4);
  text.resize(end + 2);
  message.header = std::move(text);
  return message;
}

Message read_message(const std::string& file) {
  return parse_message(file == "-" ? read_stdin() : need(read_file(file, most_octets), exit_code::usage));
}

std::string in_line_ends_of(const Message& message, std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i)
    if (message.crlf || text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out += text[i];
  return out;
}

smtp::Address parse_mail_from(std::string_view mail_from) {
  if (mail_from.starts_with('<') && mail_from.ends_with('>'))
    mail_from = mail_from.substr(1, mail_from.size() - 2);
  auto address = smtp::parse_address(mail_from);
  if (!address) {
    const size_t at = mail_from.rfind('@');
    if (at == std::string_view::npos)
      address = smtp::Address{"", std::string(mail_from)};
    else
      address = smtp::Address{std::string(mail_from.substr(0, at)), std::string(mail_from.substr(at + 1))};
  }
  if (!smtp::Address{"", address->domain}.is_ascii())
    if (const auto labels = directory::canonical_domain(address->domain)) address->domain = *labels;
  return *address;
}

}  // namespace futar::deploy
