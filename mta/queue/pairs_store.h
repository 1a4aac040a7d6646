// What mta knows of both links, for the audit: what it took over from an msa, what it believes to be in
// mailboxes.
#pragma once
#include <string_view>

#include "common/spool/pairs.h"
#include "common/store/database.h"

namespace futar::mta {

/// Sequences that this msa handed over, in any epoch; a pair that stands in two comes once.
Result<void> taken_over(store::Database& database, std::string_view instance, spool::PairRange range,
                        const spool::PairSink& sink);
/// Recipient rows that mda delivered.
Result<void> delivered_by_mda(store::Database& database, spool::PairRange range, const spool::PairSink& sink);
/// All recipient rows, whatever became of them.
Result<void> all_recipients(store::Database& database, spool::PairRange range, const spool::PairSink& sink);

}  // namespace futar::mta
