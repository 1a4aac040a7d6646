// The one vocabulary of what we answer: sessions and policies name a reply, they never spell digits.
// Text for the peer tells nothing about our set-up; the cause goes to the event and the log.
// Every 421 closes the session (Reply::closes).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/ids.h"
#include "common/smtp/address.h"
#include "common/smtp/reply.h"

namespace futar::smtp::replies {

// The way of a session that goes well.
Reply greeting(std::string_view host);          ///< 220 "host ESMTP"
Reply lmtp_greeting(std::string_view host);     ///< 220 "host LMTP"
Reply hello(std::string_view host);             ///< 250, to HELO; EHLO is answered by capabilities.h
Reply ok();                                     ///< 250 2.0.0
Reply sender_ok();                              ///< 250 2.1.0
Reply recipient_ok();                           ///< 250 2.1.5
Reply start_data();                             ///< 354
Reply chunk_ok(uint64_t octets);                ///< 250 2.0.0
Reply queued(const MessageId& id);              ///< 250 2.0.0 "Ok: queued as ID"
Reply delivered(const Address& recipient);      ///< 250 2.1.5, LMTP after the dot
Reply start_tls();                              ///< 220 2.0.0
Reply auth_challenge(std::string_view octets);  ///< 334, base64 of the octets
Reply auth_ok();                                ///< 235 2.7.0
Reply help();                                   ///< 214 2.0.0
Reply vrfy();                                   ///< 252 2.5.0: tells nothing about users
Reply bye(std::string_view host);               ///< 221 2.0.0; the session ends it

// The line cannot be understood or stands in the wrong place.
Reply unknown_command();                         ///< 500 5.5.2
Reply line_too_long();                           ///< 500 5.5.6
Reply not_implemented();                         ///< 502 5.5.1
Reply bad_syntax(std::string_view text);         ///< 501 5.5.4
Reply bad_sequence(std::string_view text);       ///< 503 5.5.1
Reply unknown_parameter(std::string_view name);  ///< 555 5.5.4
Reply bad_sender_address();                      ///< 553 5.1.7
Reply bad_recipient_address();                   ///< 553 5.1.3
Reply needs_smtputf8();                          ///< 553 5.6.7 (RFC 6531 §3.5)
Reply synchronization();                         ///< 421 4.5.0: octets behind a verb that must end its group
Reply foreign_protocol();                        ///< 421 4.7.0: HTTP and the like on our port

// Login and TLS.
Reply tls_required();            ///< 530 5.7.0
Reply tls_not_available();       ///< 454 4.7.0
Reply auth_required();           ///< 530 5.7.0
Reply auth_failed();             ///< 535 5.7.8, the same for user and password
Reply auth_needs_tls();          ///< 538 5.7.11
Reply auth_mechanism_unknown();  ///< 504 5.5.4
Reply auth_cancelled();          ///< 501 5.7.0: the client sent "*"
Reply auth_bad_base64();         ///< 501 5.5.2
Reply auth_line_too_long();      ///< 500 5.5.6
Reply auth_temporary();          ///< 454 4.7.0

// The envelope.
Reply mailbox_unknown();                           ///< 550 5.1.1
Reply mailbox_full();                              ///< 452 4.2.2
Reply mailbox_suspended();                         ///< 550 5.2.1
Reply relay_denied();                              ///< 550 5.7.1
Reply too_many_recipients();                       ///< 452 4.5.3
Reply sender_not_owned();                          ///< 550 5.7.1, reverse-path
Reply author_not_owned();                          ///< 550 5.7.1, From or Sender
Reply author_not_proven(std::string_view domain);  ///< 550 5.7.1 "From DOMAIN not proven (DMARC)"
Reply no_valid_recipients();                       ///< 554 5.5.1, DATA without one

// The content.
Reply message_too_big();                  ///< 552 5.3.4
Reply header_too_big();                   ///< 552 5.3.4
Reply smuggling();                        ///< 550 5.6.11: bare CR, bare LF, NUL, endless line
Reply too_many_hops();                    ///< 554 5.4.6
Reply bad_header(std::string_view text);  ///< 550 5.6.0

// Our own trouble, and limits.
Reply no_space();                            ///< 452 4.3.1
Reply local_error();                         ///< 451 4.3.0
Reply try_later(std::string_view text);      ///< 451 4.7.1
Reply shutting_down(std::string_view host);  ///< 421 4.3.2
Reply shutting_down();
Reply too_many_errors();       ///< 421 4.7.0
Reply too_many_connections();  ///< 421 4.7.0
Reply timeout();               ///< 421 4.4.2

}  // namespace futar::smtp::replies
