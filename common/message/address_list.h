// The addresses that a header names: From, Sender and their kin (RFC 5322 §3.4), for questions of ownership
// and alignment. Stricter than a mail program must be: what can be read two ways is not read at all.
#pragma once
#include <span>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/message/header.h"
#include "common/smtp/address.h"

namespace futar::message {

/// Every address of one value; those in comments and display names are not addresses. An address without a
/// domain has an empty `domain` ("From: root"). Refused: control characters, source routes, an unquoted
/// second address in a display name, anything else that is not the grammar.
Result<std::vector<smtp::Address>> parse_address_list(std::string_view value);

/// The addresses of every field of that name, however many there are; an error when one cannot be read.
Result<std::vector<smtp::Address>> addresses_of(std::span<const Field> fields, std::string_view name);

}  // namespace futar::message
