#include "common/smtp/replies.h"

#include "common/base/text.h"

namespace futar::smtp::replies {
namespace {

// RFC 2034 §3: greeting, EHLO, 354 and 334 carry no enhanced code.
Reply plain(int code, std::string text) {
  Reply reply{code, {}, std::move(text)};
  reply.plain = true;
  return reply;
}

}  // namespace

Reply greeting(std::string_view host) { return plain(220, fmt::format("{} ESMTP", host)); }
Reply lmtp_greeting(std::string_view host) { return plain(220, fmt::format("{} LMTP", host)); }
Reply hello(std::string_view host) { return plain(250, std::string(host)); }
Reply ok() { return {250, {0, 0}, "Ok"}; }
Reply sender_ok() { return {250, {1, 0}, "Ok"}; }
Reply recipient_ok() { return {250, {1, 5}, "Ok"}; }
Reply start_data() { return plain(354, "End data with <CR><LF>.<CR><LF>"); }
Reply chunk_ok(uint64_t octets) { return {250, {0, 0}, fmt::format("{} octets received", octets)}; }
Reply queued(const MessageId& id) { return {250, {0, 0}, "Ok: queued as " + id.text()}; }
Reply delivered(const Address& recipient) { return {250, {1, 5}, recipient.path() + " delivered"}; }
Reply start_tls() { return {220, {0, 0}, "Ready to start TLS"}; }
Reply auth_challenge(std::string_view octets) { return plain(334, base64_encode(octets)); }
Reply auth_ok() { return {235, {7, 0}, "Authentication successful"}; }
Reply help() { return {214, {0, 0}, "See RFC 5321"}; }
Reply vrfy() { return {252, {5, 0}, "Send some mail, I will try my best"}; }
Reply bye(std::string_view host) { return {221, {0, 0}, fmt::format("{} closing connection", host)}; }

Reply unknown_command() { return {500, {5, 2}, "Command not recognized"}; }
Reply line_too_long() { return {500, {5, 2}, "Line too long"}; }
Reply not_implemented() { return {502, {5, 1}, "Command not implemented"}; }
Reply bad_syntax(std::string_view text) { return {501, {5, 4}, std::string(text)}; }
Reply bad_sequence(std::string_view text) { return {503, {5, 1}, std::string(text)}; }
Reply unknown_parameter(std::string_view name) {
  return {555, {5, 4}, fmt::format("Parameter not recognized or not implemented: {}", printable(name, 40))};
}
Reply bad_sender_address() { return {553, {1, 7}, "Bad sender address syntax"}; }
Reply bad_recipient_address() { return {553, {1, 3}, "Bad recipient address syntax"}; }
Reply needs_smtputf8() { return {553, {6, 7}, "Non-ASCII addresses need SMTPUTF8"}; }
Reply synchronization() { return {421, {5, 0}, "Synchronization error: wait for the reply to this command"}; }
Reply foreign_protocol() { return {421, {7, 0}, "This port speaks SMTP"}; }

Reply tls_required() { return {530, {7, 0}, "Must issue a STARTTLS command first"}; }
Reply tls_not_available() { return {454, {7, 0}, "TLS not available due to temporary reason"}; }
Reply auth_required() { return {530, {7, 0}, "Authentication required"}; }
Reply auth_failed() { return {535, {7, 8}, "Authentication credentials invalid"}; }
Reply auth_needs_tls() {
  return {538, {7, 11}, "Encryption required for requested authentication mechanism"};
}
Reply auth_mechanism_unknown() { return {504, {5, 4}, "Authentication mechanism not offered"}; }
Reply auth_cancelled() { return {501, {7, 0}, "Authentication cancelled"}; }
Reply auth_bad_base64() { return {501, {5, 2}, "Not base64"}; }
Reply auth_line_too_long() { return {500, {5, 6}, "Authentication exchange line is too long"}; }
Reply auth_temporary() { return {454, {7, 0}, "Temporary authentication failure"}; }

Reply mailbox_unknown() { return {550, {1, 1}, "No such user here"}; }
Reply mailbox_full() { return {452, {2, 2}, "Mailbox full"}; }
Reply mailbox_suspended() { return {550, {2, 1}, "Mailbox disabled, not accepting messages"}; }
Reply relay_denied() { return {550, {7, 1}, "Relaying denied"}; }
Reply too_many_recipients() { return {452, {5, 3}, "Too many recipients"}; }
Reply sender_not_owned() { return {550, {7, 1}, "Sender address does not belong to this login"}; }
Reply author_not_owned() { return {550, {7, 1}, "From or Sender address does not belong to this login"}; }
Reply author_not_proven(std::string_view domain) {
  return {550, {7, 1}, fmt::format("From {} not proven (DMARC)", printable(domain))};
}
Reply no_valid_recipients() { return {554, {5, 1}, "No valid recipients"}; }

Reply message_too_big() { return {552, {3, 4}, "Message size exceeds fixed limit"}; }
Reply header_too_big() { return {552, {3, 4}, "Message header size exceeds fixed limit"}; }
Reply smuggling() { return {550, {6, 11}, "Message holds a bare CR, a bare LF, a NUL or an endless line"}; }
Reply too_many_hops() { return {554, {4, 6}, "Too many hops: this message loops"}; }
Reply bad_header(std::string_view text) { return {550, {6, 0}, std::string(text)}; }

Reply no_space() { return {452, {3, 1}, "Insufficient system storage"}; }
Reply local_error() { return {451, {3, 0}, "Local error in processing, try again later"}; }
Reply try_later(std::string_view text) { return {451, {7, 1}, std::string(text)}; }
Reply shutting_down(std::string_view host) {
  return {421, {3, 2}, fmt::format("{} Service shutting down, try again later", host)};
}
Reply shutting_down() { return {421, {3, 2}, "Service shutting down, try again later"}; }
Reply too_many_errors() { return {421, {7, 0}, "Too many errors"}; }
Reply too_many_connections() { return {421, {7, 0}, "Too many connections, try again later"}; }
Reply timeout() { return {421, {4, 2}, "Timeout, closing connection"}; }

}  // namespace futar::smtp::replies
