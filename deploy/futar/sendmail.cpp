#include "deploy/futar/sendmail.h"

#include <algorithm>

#include "common/base/text.h"

namespace futar::deploy {
namespace {

using Mode = SendmailWords::Mode;

// Flags with a value, in the same word or the next: file, full name, options, sender and the like.
constexpr std::string_view with_value = "BCFfhLNOopRrVXD";
constexpr std::string_view without_value = "inmstvGAUE";

Result<Mode> mode_of(std::string_view value) {
  if (value == "m") return Mode::deliver;
  if (value == "s") return Mode::smtp;
  if (value == "p") return Mode::queue;
  if (value == "i") return Mode::aliases;
  if (value == "d" || value == "D" || value == "h" || value == "H") return Mode::nothing;
  return fail(Error::permanent("sendmail: -b" + printable(value) + " is not known"));
}

// -oX and -O Name=value: only the two that say how the message ends matter.
void take_option(SendmailWords& out, std::string_view value) {
  if (value == "i" || equal_nocase(value, "IgnoreDots") || starts_with_nocase(value, "IgnoreDots=t"))
    out.dots_end = false;
}

void take_value(SendmailWords& out, char flag, const std::string& value) {
  switch (flag) {
    case 'f':
    case 'r':
      out.null_sender = value.empty() || value == "<>";
      out.sender = out.null_sender ? "" : value;
      break;
    case 'N':
      out.notify = value;
      break;
    case 'R':
      out.ret = ascii_lower(value) == "hdrs" ? "HDRS" : "FULL";
      break;
    case 'V':
      out.envid = value;
      break;
    case 'o':
    case 'O':
      take_option(out, value);
      break;
    default:
      break;
  }
}

void take_plain(SendmailWords& out, char flag) {
  if (flag == 't') out.from_header = true;
  if (flag == 'i') out.dots_end = false;
}

// The flags of one word, such as "-ti" or "-fbob"; `next` gives the following word.
template <class Next>
Result<void> take_flags(SendmailWords& out, std::string_view flags, Next next) {
  while (!flags.empty()) {
    const char flag = flags.front();
    flags.remove_prefix(1);
    if (flag == 'b') {
      out.mode = TRY(mode_of(flags));
      return {};
    }
    if (flag == 'q' || flag == 'd' ||
        flag == 'e') {  // queue runs, debugging, error mode: the rest of the word is theirs
      if (flag == 'q') out.mode = Mode::nothing;
      return {};
    }
    if (with_value.find(flag) != std::string_view::npos) {
      const std::string value = flags.empty() ? TRY(next()) : std::string(flags);
      take_value(out, flag, value);
      return {};
    }
    if (without_value.find(flag) == std::string_view::npos)
      return fail(Error::permanent(std::string("sendmail: -") + flag + " is not known"));
    take_plain(out, flag);
  }
  return {};
}

}  // namespace

Result<SendmailWords> parse_sendmail(const std::vector<std::string>& words) {
  SendmailWords out;
  bool flags_end = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (flags_end || word.size() < 2 || word[0] != '-') {
      out.recipients.push_back(word);
      continue;
    }
    if (word == "--") {
      flags_end = true;
      continue;
    }
    const auto next = [&]() -> Result<std::string> {
      if (i + 1 == words.size()) return fail(Error::permanent("sendmail: " + word + " wants a value"));
      return words[++i];
    };
    TRY(take_flags(out, std::string_view(word).substr(1), next));
  }
  return out;
}

std::string_view until_dot(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    if (trim(text.substr(at, end - at)) == "." && text[at] == '.') return text.substr(0, at);
    at = end + 1;
  }
  return text;
}

}  // namespace futar::deploy
