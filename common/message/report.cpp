#include "common/message/report.h"

#include "common/base/text.h"
#include "common/message/date.h"
#include "common/message/header.h"
#include "common/message/message_id.h"

namespace futar::message {
namespace {

constexpr size_t max_words = 900;  // of a remote reply in one field: lines stay below 998 octets
constexpr size_t max_told = 50;    // recipients in the plain words; the fields list all
constexpr size_t fold_at = 76;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// What others said, on one line: no control characters, and only ASCII unless the reader takes UTF-8. One
// space between words, since a line of nothing but space could end a group of fields.
std::string quoted_words(std::string_view text, bool utf8) {
  std::string words;
  for (char c : text.substr(0, 4 * max_words)) {
    const bool space = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!space)
      words += !utf8 && static_cast<unsigned char>(c) >= 0x80 ? '?' : c;
    else if (!words.empty() && words.back() != ' ')
      words += ' ';
  }
  return printable(trim(words), max_words);
}

// RFC 3463 §2: three numbers, the first is the class.
bool is_status(std::string_view text) {
  const auto numbers = split(text, '.');
  return numbers.size() == 3 && (text[0] == '2' || text[0] == '4' || text[0] == '5') &&
         std::ranges::all_of(numbers, [](std::string_view n) { return n.size() <= 3 && parse_number(n); });
}

// The words of a reply for reading: code and enhanced code stand once, not before each of its lines.
std::string reply_for_reading(std::string_view text, bool utf8) {
  const std::string words = quoted_words(text, utf8);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (words.size() < 4 || !std::ranges::all_of(words.substr(0, 3), is_digit) || words[3] != '-') return words;
  const std::string code = words.substr(0, 3);
  std::string enhanced, said = code;
  bool at_start = true;  // of a line of the reply
  for (std::string_view word : split(words, ' ')) {
    if (word.starts_with(code + "-")) {
      word.remove_prefix(code.size() + 1);
      at_start = true;
    } else if (word == code) {
      at_start = true;
      continue;
    }
    const bool repeated = at_start && word == enhanced;
    if (at_start && enhanced.empty() && is_status(word)) enhanced = word;
    at_start = at_start && word.empty();
    if (!repeated && !word.empty()) said += fmt::format(" {}", word);
  }
  return said;
}

// "mx.example[192.0.2.1]:25" as RFC 3464 §2.1.2 names a host: its name, else its address.
std::string host_name(std::string_view host) {
  const size_t bracket = host.find('[');
  if (bracket != 0) return quoted_words(host.substr(0, bracket), false);
  return quoted_words(host.substr(0, std::min(host.find(']'), host.size() - 1) + 1), false);
}

// Breaks a line at spaces; `margin` starts each further one.
std::string fold(std::string_view line, std::string_view margin) {
  std::string text;
  while (line.size() > fold_at) {
    size_t space = line.substr(0, fold_at).rfind(' ');
    if (space == std::string_view::npos || space == 0) space = line.find(' ', 1);
    if (space == std::string_view::npos) break;
    text += fmt::format("{}\r\n{}", line.substr(0, space), margin);
    line.remove_prefix(space + 1);
  }
  return text += line;
}

std::string field(std::string_view name, std::string_view value) {
  return fold(fmt::format("{}: {}", name, value), "\t") + "\r\n";
}

// One character as RFC 6533 §3 writes it where only ASCII passes: \x{20AC}.
std::string embedded(std::string_view sequence) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(sequence[i]); };
  uint32_t point = byte(0) & (0x7F >> sequence.size());
  for (size_t i = 1; i < sequence.size(); ++i) point = point << 6 | (byte(i) & 0x3F);
  return fmt::format("\\x{{{:X}}}", point);
}

std::string utf8_address_as_ascii(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    // The backslash, plus and equals sign are what this form and xtext are made of.
    const bool plain = size == 1 && lead != '\\' && lead != '+' && lead != '=';
    out += plain       ? std::string(1, text[i])
           : size == 1 ? fmt::format("\\x{{{:X}}}", lead)
                       : embedded(text.substr(i, size));
    i += size;
  }
  return out;
}

std::string typed_address(const smtp::Address& address, bool utf8) {
  const std::string text = address.text();
  if (address.is_ascii()) return "rfc822; " + text;
  return "utf-8; " + (utf8 ? text : utf8_address_as_ascii(text));
}

std::string address_for_reading(const smtp::Address& address, bool utf8) {
  return utf8 || address.is_ascii() ? address.text() : utf8_address_as_ascii(address.text());
}

std::string status_of(const ReportedRecipient& recipient) {
  if (is_status(recipient.status)) return recipient.status;
  if (recipient.action == Action::failed) return "5.0.0";
  return recipient.action == Action::delayed ? "4.0.0" : "2.0.0";
}

std::string per_message_fields(const Report& report) {
  std::string fields = field("Reporting-MTA", "dns; " + report.host);
  if (!report.envid.empty()) fields += field("Original-Envelope-Id", quoted_words(report.envid, false));
  if (report.arrival_ms) fields += field("Arrival-Date", date(report.arrival_ms, report.zone_minutes));
  return fields;
}

std::string per_recipient_fields(const Report& report, const ReportedRecipient& recipient) {
  std::string fields = "\r\n";
  if (!recipient.orcpt.empty())
    fields += field("Original-Recipient", quoted_words(recipient.orcpt, report.smtputf8));
  fields += field("Final-Recipient", typed_address(recipient.address, report.smtputf8));
  fields += field("Action", name(recipient.action));
  fields += field("Status", status_of(recipient));
  if (!recipient.remote_host.empty())
    fields += field("Remote-MTA", "dns; " + host_name(recipient.remote_host));
  if (!recipient.remote_words.empty())
    fields += field("Diagnostic-Code", "smtp; " + quoted_words(recipient.remote_words, report.smtputf8));
  if (recipient.last_attempt_ms)
    fields += field("Last-Attempt-Date", date(recipient.last_attempt_ms, report.zone_minutes));
  fields += field("Final-Log-ID", report.original.text());
  if (recipient.action == Action::delayed && recipient.retry_until_ms)
    fields += field("Will-Retry-Until", date(recipient.retry_until_ms, report.zone_minutes));
  return fields;
}

struct Wording {
  Action action;
  std::string_view name;
  std::string_view subject;
  std::string_view opening;  // followed by the recipients
};

// In the order of telling: what the sender must act on comes first. The first one that occurs names the
// subject.
constexpr Wording wordings[] = {
    {Action::failed, "failed", "Your message was not delivered",
     "Your message could not be delivered to the recipients below. It will not be tried again."},
    {Action::delayed, "delayed", "Your message is delayed",
     "Your message has not reached the recipients below yet. You need not send it again: it will be tried "
     "further."},
    {Action::delivered, "delivered", "Your message was delivered",
     "Your message was put into the mailboxes of the recipients below."},
    {Action::relayed, "relayed", "Your message was handed on",
     "Your message was handed on to a mail system that does not confirm delivery, for the recipients below."},
    {Action::expanded, "expanded", "Your message was handed on",
     "Your message was handed on to everyone on the lists below. You will get no confirmation from each of "
     "them."},
};

std::string told_recipient(const Report& report, const ReportedRecipient& recipient) {
  std::string text = fmt::format("\r\n<{}>", address_for_reading(recipient.address, report.smtputf8));
  if (!recipient.cause.empty()) text += ": " + quoted_words(recipient.cause, report.smtputf8);
  text = fold(text, "    ") + "\r\n";
  if (!recipient.remote_words.empty()) {
    const std::string host =
        recipient.remote_host.empty() ? "the other server" : host_name(recipient.remote_host);
    text += fold(
        fmt::format("    {} said: \"{}\"", host, reply_for_reading(recipient.remote_words, report.smtputf8)),
        "    ");
    text += "\r\n";
  }
  if (recipient.action == Action::delayed && recipient.retry_until_ms)
    text += fmt::format("    It will be tried until {}.\r\n",
                        date(recipient.retry_until_ms, report.zone_minutes));
  return text;
}

std::string plain_words(const Report& report) {
  std::string text;
  size_t told = 0;
  for (const Wording& wording : wordings) {
    bool opened = false;
    for (const ReportedRecipient& recipient : report.recipients) {
      if (recipient.action != wording.action) continue;
      if (!std::exchange(opened, true)) text += (told ? "\r\n" : "") + fold(wording.opening, "") + "\r\n";
      if (told++ < max_told) text += told_recipient(report, recipient);
    }
  }
  if (told > max_told)
    text += fmt::format("\r\n... and {} more, all listed in the attached status.\r\n", told - max_told);
  constexpr std::string_view ask =
      "If you ask about this message, please give its id and the name of this mail system:";
  text += fmt::format("\r\n{}\r\n    {}  {}\r\n", fold(ask, ""), report.original.text(), report.host);
  return text;
}

std::string_view subject(const Report& report) {
  for (const Wording& wording : wordings)
    for (const ReportedRecipient& recipient : report.recipients)
      if (recipient.action == wording.action) return wording.subject;
  return wordings[0].subject;
}

std::string part(std::string_view boundary, std::string_view type, std::string_view description,
                 std::string_view content) {
  return fmt::format("--{}\r\nContent-Type: {}\r\nContent-Description: {}\r\n{}\r\n{}", boundary, type,
                     description, is_ascii(content) ? "" : "Content-Transfer-Encoding: 8bit\r\n", content);
}

// The original as the third part of RFC 6522, with the types of RFC 6533 §4 when it is UTF-8 mail.
std::string original_part(const Report& report, std::string_view boundary) {
  if (report.original_header.empty()) return "";
  if (report.whole_original)
    return part(boundary, report.smtputf8 ? "message/global" : "message/rfc822", "Your message",
                fmt::format("{}{}", report.original_header, report.original_body));
  return part(boundary, report.smtputf8 ? "message/global-headers" : "text/rfc822-headers",
              "Header of your message", report.original_header);
}

std::string report_header(const Report& report, std::string_view boundary, bool eight_bit) {
  std::string header = field("Date", date(report.now_ms, report.zone_minutes));
  header += field("From", fmt::format("Mail delivery <MAILER-DAEMON@{}>", report.host));
  header += field("To", "<" + address_for_reading(report.to, report.smtputf8) + ">");
  header += field("Subject", subject(report));
  header += field("Message-ID", make_message_id(report.id, report.host));
  const std::string original = message_id(split_header(report.original_header));
  if (original.starts_with('<') && original.ends_with('>') && is_ascii(original)) {
    header += field("In-Reply-To", original);
    header += field("References", original);
  }
  header += "Auto-Submitted: auto-replied\r\nMIME-Version: 1.0\r\n";  // RFC 3834 §5
  header += fmt::format("Content-Type: multipart/report; report-type={};\r\n\tboundary=\"{}\"\r\n",
                        report.smtputf8 ? "global-delivery-status" : "delivery-status", boundary);
  if (eight_bit) header += "Content-Transfer-Encoding: 8bit\r\n";
  return header + "\r\n";
}

}  // namespace

std::string_view name(Action action) { return std::ranges::find(wordings, action, &Wording::action)->name; }

ReportText write_report(const Report& report) {
  // 80 random bits that no original can know.
  const std::string boundary = "report-" + report.id.text();
  std::string status = per_message_fields(report);
  for (const ReportedRecipient& recipient : report.recipients)
    status += per_recipient_fields(report, recipient);
  ReportText text;
  text.body = part(boundary, "text/plain; charset=utf-8", "What happened", plain_words(report));
  text.body +=
      "\r\n" + part(boundary, report.smtputf8 ? "message/global-delivery-status" : "message/delivery-status",
                    "Delivery status", status);
  text.body += "\r\n" + original_part(report, boundary);
  text.body += fmt::format("\r\n--{}--\r\n", boundary);
  text.eight_bit = !is_ascii(text.body);
  text.header = report_header(report, boundary, text.eight_bit);
  return text;
}

}  // namespace futar::message
