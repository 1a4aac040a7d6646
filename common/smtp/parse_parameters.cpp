#include "common/smtp/parse_parameters.h"

#include "common/base/text.h"
#include "common/smtp/replies.h"
#include "common/smtp/xtext.h"

namespace futar::smtp {
namespace {

using Outcome = std::optional<Reply>;  // none: taken

constexpr size_t max_envid = 100;  // RFC 3461 §4.4, before decoding
constexpr size_t max_orcpt = 500;  // RFC 3461 §4.2

struct Parameter {
  std::string_view keyword;
  std::optional<std::string_view> value;
};

bool is_keyword(std::string_view text) {
  return !text.empty() && text[0] != '-' && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

// RFC 5321 §4.1.2 esmtp-param; each keyword once.
std::expected<std::vector<Parameter>, Reply> split_parameters(std::string_view text) {
  std::vector<Parameter> parameters;
  if (text.empty()) return parameters;
  for (std::string_view word : split(text, ' ')) {
    const size_t equals = word.find('=');
    const std::string_view keyword = word.substr(0, equals);
    if (!is_keyword(keyword)) return std::unexpected(replies::bad_syntax("Parameter syntax error"));
    Parameter parameter{.keyword = keyword, .value = {}};
    if (equals != std::string_view::npos) parameter.value = word.substr(equals + 1);
    for (const Parameter& earlier : parameters)
      if (equal_nocase(earlier.keyword, keyword))
        return std::unexpected(replies::bad_syntax("Parameter given twice: " + printable(keyword, 40)));
    parameters.push_back(parameter);
  }
  return parameters;
}

Outcome bad_value(const Parameter& parameter) {
  return replies::bad_syntax("Bad value of parameter " + printable(parameter.keyword, 40));
}

// What xtext may hide: a CR LF would end a field of the bounce that repeats it.
bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

Outcome take_size(const Parameter& parameter, MailParameters& mail) {  // RFC 1870 §4: up to 20 digits
  const auto size = parse_number(parameter.value.value_or(""));
  if (!size || parameter.value->size() > 20) return bad_value(parameter);
  mail.size = *size;
  return {};
}

Outcome take_body(const Parameter& parameter, MailParameters& mail) {  // RFC 6152
  const std::string_view value = parameter.value.value_or("");
  mail.body_8bit = equal_nocase(value, "8BITMIME");
  if (mail.body_8bit || equal_nocase(value, "7BIT")) return {};
  // BINARYMIME of RFC 3030 is not offered: a Maildir keeps lines.
  return equal_nocase(value, "BINARYMIME") ? replies::unknown_parameter("BODY=BINARYMIME")
                                           : bad_value(parameter);
}

Outcome take_smtputf8(const Parameter& parameter, MailParameters& mail) {  // RFC 6531 §3.4: no value
  if (parameter.value) return bad_value(parameter);
  mail.smtputf8 = true;
  return {};
}

Outcome take_ret(const Parameter& parameter, MailParameters& mail) {  // RFC 3461 §4.3
  const std::string_view value = parameter.value.value_or("");
  if (equal_nocase(value, "FULL")) mail.ret = Ret::full;
  if (equal_nocase(value, "HDRS")) mail.ret = Ret::headers;
  return mail.ret == Ret::unset ? bad_value(parameter) : Outcome{};
}

Outcome take_envid(const Parameter& parameter, MailParameters& mail) {  // RFC 3461 §4.4
  const std::string_view value = parameter.value.value_or("");
  const auto envid = xtext_decode(value);
  if (!envid || envid->empty() || value.size() > max_envid || has_control(*envid))
    return bad_value(parameter);
  mail.envid = *envid;
  return {};
}

Outcome take_auth(const Parameter& parameter, MailParameters& mail) {  // RFC 4954 §5
  const auto auth = xtext_decode(parameter.value.value_or(""));
  if (!auth || auth->empty() || has_control(*auth)) return bad_value(parameter);
  mail.auth = *auth;
  return {};
}

Outcome take_notify(const Parameter& parameter, RcptParameters& rcpt) {  // RFC 3461 §4.1
  constexpr std::pair<std::string_view, uint8_t> words[] = {{"NEVER", Notify::never},
                                                            {"SUCCESS", Notify::success},
                                                            {"FAILURE", Notify::failure},
                                                            {"DELAY", Notify::delay}};
  for (std::string_view item : split(parameter.value.value_or(""), ',')) {
    const auto* word =
        std::ranges::find_if(words, [&](const auto& w) { return equal_nocase(item, w.first); });
    if (word == std::end(words)) return bad_value(parameter);
    rcpt.notify.bits |= word->second;
  }
  const bool never_and_more = rcpt.notify.bits & Notify::never && rcpt.notify.bits != Notify::never;
  return never_and_more ? bad_value(parameter) : Outcome{};
}

Outcome take_orcpt(const Parameter& parameter, RcptParameters& rcpt) {  // RFC 3461 §4.2: addr-type ";" xtext
  const std::string_view value = parameter.value.value_or("");
  const size_t semicolon = value.find(';');
  if (semicolon == std::string_view::npos || value.size() > max_orcpt) return bad_value(parameter);
  const std::string_view type = value.substr(0, semicolon);
  const auto address = xtext_decode(value.substr(semicolon + 1));
  if (!is_keyword(type) || !address || address->empty() || has_control(*address)) return bad_value(parameter);
  rcpt.orcpt = std::string(type) + ";" + *address;
  return {};
}

template <class Values>
using Taker = std::pair<std::string_view, Outcome (*)(const Parameter&, Values&)>;

constexpr Taker<MailParameters> mail_takers[] = {{"SIZE", take_size},         {"BODY", take_body},
                                                 {"SMTPUTF8", take_smtputf8}, {"RET", take_ret},
                                                 {"ENVID", take_envid},       {"AUTH", take_auth}};
constexpr Taker<RcptParameters> rcpt_takers[] = {{"NOTIFY", take_notify}, {"ORCPT", take_orcpt}};

template <class Values>
std::expected<Values, Reply> take_all(std::string_view text, std::span<const Taker<Values>> takers) {
  Values values;
  for (const Parameter& parameter : TRY(split_parameters(text))) {
    const auto taker =
        std::ranges::find_if(takers, [&](const auto& t) { return equal_nocase(t.first, parameter.keyword); });
    if (taker == takers.end()) return std::unexpected(replies::unknown_parameter(parameter.keyword));
    if (auto refusal = taker->second(parameter, values)) return std::unexpected(*std::move(refusal));
  }
  return values;
}

}  // namespace

std::expected<MailParameters, Reply> parse_mail_parameters(std::string_view text) {
  return take_all<MailParameters>(text, mail_takers);
}

std::expected<RcptParameters, Reply> parse_rcpt_parameters(std::string_view text) {
  return take_all<RcptParameters>(text, rcpt_takers);
}

}  // namespace futar::smtp
