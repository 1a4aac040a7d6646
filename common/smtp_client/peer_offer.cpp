#include "common/smtp_client/peer_offer.h"

#include <algorithm>
#include <limits>

#include "common/base/text.h"

namespace futar::smtp_client {
namespace {

constexpr size_t reply_prefix = 4;  // "250-"

struct Flag {
  std::string_view keyword;
  bool PeerOffer::* field;
};
constexpr Flag flags[] = {
    {"STARTTLS", &PeerOffer::starttls},  {"PIPELINING", &PeerOffer::pipelining},
    {"8BITMIME", &PeerOffer::eight_bit}, {"SMTPUTF8", &PeerOffer::smtputf8},
    {"CHUNKING", &PeerOffer::chunking},  {"DSN", &PeerOffer::dsn},
};

using Words = std::vector<std::string_view>;

Words words_of(std::string_view line) {
  Words words = split(line, ' ');
  std::erase(words, std::string_view());
  return words;
}

void take_size(PeerOffer& offer, const Words& words) {
  offer.size_told = true;
  if (words.size() > 1) offer.max_size = parse_number(words[1]).value_or(0);
}

/// RFC 9422 §3: NAME=VALUE, a value of 0 has no meaning.
void take_limits(PeerOffer& offer, const Words& words) {
  for (const std::string_view word : words) {
    const size_t equals = word.find('=');
    if (equals == std::string_view::npos) continue;
    const auto value = parse_number(word.substr(equals + 1));
    if (!value || *value == 0) continue;
    if (equal_nocase(word.substr(0, equals), "RCPTMAX")) offer.max_recipients = *value;
    if (equal_nocase(word.substr(0, equals), "RCPTDOMAINMAX")) offer.max_domains = *value;
    if (equal_nocase(word.substr(0, equals), "MAILMAX")) offer.max_messages = *value;
  }
}

std::string upper(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return result;
}

void take_mechanisms(PeerOffer& offer, const Words& words) {
  for (size_t i = 1; i < words.size(); ++i) {
    std::string mechanism = upper(words[i]);
    if (std::ranges::find(offer.auth, mechanism) == offer.auth.end())
      offer.auth.push_back(std::move(mechanism));
  }
}

void take_line(PeerOffer& offer, std::string_view line) {
  // The form before RFC 4954, which some servers still add: "AUTH=PLAIN LOGIN".
  constexpr std::string_view old_auth = "AUTH=";
  std::string spaced(line);
  if (starts_with_nocase(line, old_auth)) spaced[old_auth.size() - 1] = ' ';
  const Words words = words_of(spaced);
  if (words.empty()) return;
  for (const Flag& flag : flags)
    if (equal_nocase(words[0], flag.keyword)) offer.*flag.field = true;
  if (equal_nocase(words[0], "SIZE")) take_size(offer, words);
  if (equal_nocase(words[0], "LIMITS")) take_limits(offer, words);
  if (equal_nocase(words[0], "AUTH")) take_mechanisms(offer, words);
}

}  // namespace

PeerOffer parse_offer(std::string_view text) {
  PeerOffer offer;
  offer.extended = true;
  const Words lines = split(text, '\n');
  for (size_t i = 1; i < lines.size(); ++i)
    if (lines[i].size() > reply_prefix) take_line(offer, lines[i].substr(reply_prefix));
  return offer;
}

}  // namespace futar::smtp_client
