// What a transaction says and needs, by what the server offers. Pure.
#pragma once
#include <string>

#include "common/smtp_client/session.h"

namespace futar::smtp_client {

/// "8BITMIME", "SMTPUTF8" or "SIZE" when the server lacks what the message needs; "" when it may go. SMTPUTF8
/// is needed also by an address that only an alias has brought in.
std::string lacking(const PeerOffer& offer, const Transaction& transaction);

/// Without CRLF. Parameters only of extensions that were announced.
std::string mail_command(const PeerOffer& offer, const Transaction& transaction);
std::string rcpt_command(const PeerOffer& offer, const message::Recipient& recipient);

/// No octet in it could end a line or be lost on the way: what is stored must never become a second command.
bool is_one_line(std::string_view command);

}  // namespace futar::smtp_client
