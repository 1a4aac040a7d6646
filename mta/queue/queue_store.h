// The queue on disk: recipients, what was seen of msa, DSNs. All SQL of mta's queue.
#pragma once
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "common/spool/message_store.h"
#include "common/store/database.h"
#include "mta/queue/recipient.h"

namespace futar::mta {

extern const store::Schema queue_schema;

/// The id of this database, made with it; a copy or an older backup keeps it.
Result<std::string> instance_of(store::Database& database);

// ---- recipients ----
Result<int64_t> insert_recipient(store::Database& database, int64_t message, const NewRecipient& recipient);
Result<std::optional<Recipient>> load_recipient(store::Database& database, int64_t row);
Result<std::vector<Recipient>> load_recipients(store::Database& database, int64_t message);
/// Waiting for mda with due <= now_ms, those on the link (due 0) first.
Result<std::vector<Recipient>> load_due(store::Database& database, int64_t now_ms, size_t limit);
/// The same at one destination.
Result<std::vector<Recipient>> load_due_at(store::Database& database, int64_t destination, int64_t now_ms,
                                           size_t limit);
/// Open recipients at other servers, in rows behind `after`, but for those that an operator sent another way.
Result<std::vector<Recipient>> load_remote(store::Database& database, int64_t after, size_t limit);
/// Refuses an illegal transition as Error::permanent and changes nothing then.
Result<void> set_state(store::Database& database, const Recipient& from, State to, By by, int64_t due_ms,
                       int attempts, bool offered, std::string_view reason, std::string_view status);
/// What the last attempt at another server heard, for a DSN.
Result<void> set_answer(store::Database& database, int64_t row, std::string_view host, std::string_view words,
                        int64_t now_ms);
Result<void> set_wish(store::Database& database, int64_t row, Wish wish, std::string_view by);
/// What was in flight waits again. Returns their number.
enum class Flights { all, to_mda };  ///< start of mta; link down
Result<int64_t> return_in_flight(store::Database& database, Flights which);
/// A recipient that is not terminal, or a DSN that is due: the content is still needed.
Result<bool> has_open_recipients(store::Database& database, int64_t message);
/// Does this message already have a recipient for the same mailbox (account and detail)?
Result<bool> has_mailbox(store::Database& database, int64_t message, std::string_view mailbox);
/// All rows below that mda may know of are terminal, and no new one comes below: mda may forget them.
Result<int64_t> confirmed_below(store::Database& database);
/// Recipients that wait on the link without having been offered, or are held, of messages accepted before.
Result<std::vector<Recipient>> load_outlived(store::Database& database, State state,
                                             int64_t accepted_before_ms, size_t limit);
/// Moves each due time by delta_ms, after a jump of the wall clock.
Result<void> rebase_due(store::Database& database, int64_t delta_ms);

// ---- what came from msa ----
enum class Seen { no, same, other_id };
Result<Seen> find_seen(store::Database& database, int64_t peer, int64_t epoch, int64_t sequence,
                       const MessageId& id);
Result<void> insert_seen(store::Database& database, int64_t peer, int64_t epoch, int64_t sequence,
                         const MessageId& id);
/// How many messages were taken over from each instance, those that retention forgot included.
Result<std::vector<std::pair<std::string, int64_t>>> count_seen(store::Database& database);
/// A small local key for an instance.
Result<int64_t> peer_key(store::Database& database, std::string_view instance);

// ---- DSNs ----
Result<void> add_dsn_due(store::Database& database, int64_t row, uint8_t bits);
/// Messages with DSNs due and no recipient in flight.
Result<std::vector<int64_t>> messages_with_dsn_due(store::Database& database, size_t limit);
/// The kinds in `bits` are done for this recipient: by DSN `id`, or suppressed by `rule`.
Result<void> set_dsn_told(store::Database& database, int64_t row, uint8_t bits, const MessageId& id,
                          std::string_view rule);

}  // namespace futar::mta
