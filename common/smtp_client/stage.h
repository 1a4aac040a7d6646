// What each stage of a session expects and how long it waits: one row a stage. Internal to smtp_client.
#pragma once
#include <cstdint>

#include "common/smtp_client/observation.h"

namespace futar::smtp_client {

/// RFC 5321 §4.5.3.2, for each read and write.
int64_t timeout_ms(Stage stage);
/// For all from MAIL to the end of the content: an hour, and a second for each KiB. The sum of the others
/// would be days.
int64_t whole_ms(uint64_t octets);

/// May this code stand here? 4yz and 5yz may everywhere; else the first digit decides (RFC 5321 §4.2). A 250
/// to DATA or a 354 to MAIL means that the two ends are out of step, and nothing said afterwards can be
/// believed.
bool fits(Stage stage, int code);

}  // namespace futar::smtp_client
