// At start: finishes the deliveries that a crash or power cut interrupted.
#pragma once
#include "common/base/result.h"
#include "common/store/database.h"
#include "mda/maildir/mail_store.h"

namespace futar::mda {

struct Recovered {
  size_t moved = 0;  ///< intent there, file still staged: moved now
  size_t swept = 0;  ///< staged without an intent: mta still has it, it starts over
  size_t stuck = 0;  ///< could not be moved; stays staged until mta asks again or the next start
};

/// Blocking; before the link opens and anything else uses either. Durable when it returns.
Result<Recovered> recover(store::Database& database, const MailStore& mail);

}  // namespace futar::mda
