// Takes one address out of text. Pure.
#pragma once
#include <string>
#include <string_view>

#include "common/smtp/address.h"

namespace futar::spool {

/// What stands in history where an erased address was: erased@invalid (RFC 2606 §2: nobody's).
const smtp::Address& erased();

/// `text` with each occurrence of the address replaced, in any case of its letters; not where it is only a
/// part of a longer address.
std::string erase_address(std::string_view text, std::string_view address);

}  // namespace futar::spool
