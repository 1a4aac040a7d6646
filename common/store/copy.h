// A copy of a live database as of one moment, and how an agent learns that its database is such a copy.
#pragma once
#include <cstdint>
#include <functional>
#include <string>

#include "common/store/database.h"

namespace futar::store {

/// Copies what `database` sees in its open read transaction (Reader gives one) into a new file of mode 0600,
/// and syncs it. Writers go on meanwhile.
Result<void> copy_database(Database& database, const std::string& path);

/// `futar backup restore` left the file STATE/restored: the databases beside it are older than what the agent
/// did last, and the old machine may still be at work.
struct Restored {
  int64_t taken_ms = 0;  ///< when the backup began, wall clock
  int64_t put_back_ms = 0;
};
constexpr const char* restored_mark = "restored";  ///< name of the file in a state folder
std::string encode_restored(const Restored& restored);
/// "restored from backup of 2026-11-24T14:02:07Z, release when the old machine is surely gone".
std::string restored_reason(const Restored& restored);
bool is_restored_reason(std::string_view reason);

/// At start, before anything else uses the database: if there is a mark that the database does not know yet,
/// runs `adopt` and notes it, in one transaction; then the mark goes. True when it did.
Result<bool> adopt_restored(Database& database, const std::string& state_folder,
                            const std::function<Result<void>(Database&, const Restored&)>& adopt);
/// When the database was put back last, wall clock; 0 = never.
Result<int64_t> put_back_ms(Database& database);

}  // namespace futar::store
