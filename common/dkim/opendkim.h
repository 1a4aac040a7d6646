// libopendkim behind a fence: one signature over header fields, in a handle of its own. <opendkim/dkim.h> is
// included by the .cpp only.
#pragma once
#include <span>
#include <string_view>

#include "common/crypto/key.h"
#include "common/dkim/signature.h"

namespace futar::dkim {

/// Whether libopendkim finds that the key signed these fields: `own` is the field of `signature`, `fields`
/// the others of the message in their order. Asks no DNS and no clock, sees no body. False also for what it
/// is known to do wrong and is therefore not asked; the README says which.
bool opendkim_proves(std::span<const message::Field> fields, const message::Field& own,
                     const Signature& signature, const crypto::PublicKey& key);

}  // namespace futar::dkim
