// The selectors of our domains in mta.db. Their private keys are files beside it (keyring.h).
#pragma once
#include <vector>

#include "common/store/database.h"
#include "mta/sign/selector.h"

namespace futar::mta {

/// If they are not there. They belong to no version of the queue's schema.
Result<void> create_selector_tables(store::Database& database);
/// All, also retired ones, by domain and the older first.
Result<std::vector<Selector>> load_selectors(store::Database& database);
/// A new one, or another standing of one that is there.
Result<void> save_selector(store::Database& database, const Selector& selector);

}  // namespace futar::mta
