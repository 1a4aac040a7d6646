// An event of a message as the log line that admins grep for on Postfix.
#pragma once
#include <string>

#include "common/base/ids.h"
#include "common/event/event.h"

namespace futar::event {

/// One line without line end: "ID: to=<a@b>, relay=mx[192.0.2.1]:25, delay=1.20, dsn=2.0.0, status=sent (250
/// Ok)", "ID: client=name[ip], ...", "NOQUEUE: reject: RCPT from name[ip]: 550 5.1.1 ...; from=<> to=<>
/// helo=<> id=ID". The delay counts from the time in the id. Peer text cannot end the line or close a <...>.
/// Kinds that Postfix does not know stand in their words behind the id.
std::string render_postfix(const MessageId& id, const Event& event);

}  // namespace futar::event
