// By which selectors the messages of the queue are signed or sealed (mta/sign).
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "common/store/database.h"

namespace futar::mta {

/// `by`: "example.org 20261124r 20261124e".
Result<void> set_signed(store::Database& database, int64_t message, std::string_view by);

/// The seal of a message that an alias sends on, or "". Once there it stays: all attempts carry the same.
Result<std::string> load_seal(store::Database& database, int64_t message);
Result<void> set_seal(store::Database& database, int64_t message, std::string_view fields,
                      std::string_view by);
/// spool::clear_content, and the seal goes too.
Result<std::string> clear_message(store::Database& database, int64_t message);

/// Messages that have not ended, by what signed them.
Result<std::map<std::string, uint64_t>> count_signed(store::Database& database);

/// How many of them carry this selector.
uint64_t carried(const std::map<std::string, uint64_t>& counts, std::string_view domain,
                 std::string_view selector);

}  // namespace futar::mta
