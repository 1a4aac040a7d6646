#include "common/smtp_client/commands.h"

#include <algorithm>

#include "common/smtp/xtext.h"

namespace futar::smtp_client {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool needs_smtputf8(const Transaction& transaction) {
  return transaction.parameters.smtputf8 || !transaction.reverse_path.is_ascii() ||
         std::ranges::any_of(transaction.recipients, [](const message::Recipient& recipient) {
           return !recipient.address.is_ascii() || !is_ascii(recipient.parameters.orcpt);
         });
}

std::string notify_words(smtp::Notify notify) {
  if (notify.bits & smtp::Notify::never) return "NEVER";
  std::string words;
  const auto add = [&](uint8_t bit, std::string_view word) {
    if (!(notify.bits & bit)) return;
    if (!words.empty()) words += ',';
    words += word;
  };
  add(smtp::Notify::success, "SUCCESS");
  add(smtp::Notify::failure, "FAILURE");
  add(smtp::Notify::delay, "DELAY");
  return words;
}

/// xtext, but UTF-8 stays as it is (RFC 6533 §3): such an ORCPT goes only under SMTPUTF8.
std::string orcpt_value(std::string_view orcpt) {
  std::string text;
  for (const char& c : orcpt)
    text += static_cast<unsigned char>(c) < 0x80 ? smtp::xtext_encode({&c, 1}) : std::string(1, c);
  return text;
}

}  // namespace

std::string lacking(const PeerOffer& offer, const Transaction& transaction) {
  if (transaction.parameters.body_8bit && !offer.eight_bit) return "8BITMIME";
  if (needs_smtputf8(transaction) && !offer.smtputf8) return "SMTPUTF8";
  if (offer.max_size > 0 && transaction.size > offer.max_size) return "SIZE";
  return {};
}

std::string mail_command(const PeerOffer& offer, const Transaction& transaction) {
  const smtp::MailParameters& parameters = transaction.parameters;
  std::string line = "MAIL FROM:" + transaction.reverse_path.path();
  if (offer.size_told) line += fmt::format(" SIZE={}", transaction.size);
  if (parameters.body_8bit) line += " BODY=8BITMIME";
  if (needs_smtputf8(transaction)) line += " SMTPUTF8";
  if (!offer.dsn) return line;
  if (parameters.ret == smtp::Ret::full) line += " RET=FULL";
  if (parameters.ret == smtp::Ret::headers) line += " RET=HDRS";
  if (!parameters.envid.empty()) line += " ENVID=" + smtp::xtext_encode(parameters.envid);
  return line;
}

std::string rcpt_command(const PeerOffer& offer, const message::Recipient& recipient) {
  std::string line = "RCPT TO:" + recipient.address.path();
  if (!offer.dsn) return line;
  if (recipient.parameters.notify.bits) line += " NOTIFY=" + notify_words(recipient.parameters.notify);
  if (!recipient.parameters.orcpt.empty()) line += " ORCPT=" + orcpt_value(recipient.parameters.orcpt);
  return line;
}

bool is_one_line(std::string_view command) {
  return std::ranges::none_of(command, [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) == 0x7F;
  });
}

}  // namespace futar::smtp_client
