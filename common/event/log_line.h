// An event of a message as the log line that admins grep for on Postfix.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "common/base/ids.h"
#include "common/event/event.h"

namespace futar::event {

/// Without line end: "ID: to=<a@b>, relay=mx[192.0.2.1]:25, delay=1.20, dsn=2.0.0, status=sent (250
/// Ok)", "ID: client=name[ip], ...", "NOQUEUE: reject: RCPT from name[ip]: 550 5.1.1 ...; from=<> to=<>
/// helo=<> id=ID". The delay counts from the time in the id. Peer text cannot end the line or close a <...>.
/// Kinds that Postfix does not know stand in their words behind the id.
std::string render_postfix(const MessageId& id, const Event& event);

struct LogLine {
  std::string_view
      part;  ///< the program of Postfix that would say it: "smtpd", "qmgr", "local", "smtp", "bounce"
  std::string text;
};
/// The lines of an event: two for an accepted message, since Postfix tells its client and its size apart,
/// none for what only a trace tells, as verdicts and signatures.
std::vector<LogLine> log_lines(const MessageId& id, const Event& event);

}  // namespace futar::event
