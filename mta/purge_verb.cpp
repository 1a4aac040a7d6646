#include "mta/purge_verb.h"

#include <nlohmann/json.hpp>

#include "common/spool/erase_store.h"
#include "common/spool/retention.h"
#include "common/store/ask.h"
#include "mta/queue/purge_store.h"
#include "mta/trail/trail_store.h"

namespace futar::mta {

using nlohmann::json;
using store::Database;

Task<Result<json>> purge_verb(Subjects s, json arguments) {
  const smtp::Address address = CO_TRY(smtp::parse_address(arguments.value("address", "")));
  co_await s.refusals.flush();
  auto keys = CO_TRY(co_await store::ask<std::vector<int64_t>>(
      s.audit_reader, [address](Database& database) { return messages_of(database, address); }));
  const spool::Erased erased = CO_TRY(co_await spool::erase_in_steps(
      s.environment.loop, s.writer, std::move(keys),
      [address](Database& database, int64_t key) { return erase_from_history(database, key, address); }));
  // The hash of the address stands in the trail as well. It is made anew without it, behind the mail.
  const int64_t refused = CO_TRY(co_await store::ask<int64_t>(
      s.writer, [address, any = erased.messages > 0](Database& database) -> Result<int64_t> {
        if (any) TRY(trail::forget_trail(database));
        return spool::erase_from_refused(database, address);
      }));
  co_return json{{"messages", erased.messages}, {"open", erased.open}, {"refused", refused}};
}

}  // namespace futar::mta
