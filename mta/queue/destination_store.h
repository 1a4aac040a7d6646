// The destinations on disk: their back-off outlives a restart, so that a start does not fire all attempts at
// once.
#pragma once
#include <string_view>
#include <vector>

#include "common/store/database.h"
#include "mta/queue/remote.h"

namespace futar::mta {

Result<int64_t> destination_key(store::Database& database, std::string_view name);
/// Those not in back-off at which recipients are due, the longest waiting first.
Result<std::vector<Destination>> load_due_destinations(store::Database& database, int64_t now_ms,
                                                       size_t limit);
Result<Destination> load_destination(store::Database& database, int64_t key);
/// As it stands; one that had no mail yet has the key 0.
Result<Destination> find_destination(store::Database& database, std::string_view name);
Result<void> save_destination(store::Database& database, const Destination& destination, int64_t now_ms);
enum class ChosenBy : uint8_t { config, person };
/// What a person chose, no config changes (replan.h).
Result<void> set_destination(store::Database& database, int64_t row, int64_t destination, ChosenBy by);
/// One that waits is due as if it had never been tried elsewhere.
Result<void> make_due_anew(store::Database& database, int64_t row, std::string_view reason, int64_t now_ms);
/// An operator asked: no back-off stands in the way.
Result<void> make_destination_due(store::Database& database, int64_t key);

}  // namespace futar::mta
