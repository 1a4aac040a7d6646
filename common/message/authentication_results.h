// Authentication-Results (RFC 8601): who may say what was verified. Writing ours is common/verdict's.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "common/message/header.h"

namespace futar::message {

/// What stands behind comments and folding white space (RFC 5322 §3.2.2); nothing when a comment does not
/// end.
std::string_view skip_comments(std::string_view text);

/// Whether the field is Authentication-Results in the name of `authserv_id`: folded, commented, quoted, in
/// odd case, with a dot at its end; also one whose name cannot be read (RFC 8601 §5: then nobody can rely on
/// it).
bool claims_to_be_from(const Field& field, std::string_view authserv_id);

/// What the fields of exactly this authserv-id say, the first field first, without comments about the id:
/// "spf=pass smtp.mailfrom=example.org;\r\n\tdkim=none". Fields that say "none" add nothing; "" when none is
/// left.
std::string results_of(std::span<const Field> fields, std::string_view authserv_id);

/// Takes each forged Authentication-Results of our own name out of the header; others stay. Returns how many
/// went.
size_t remove_authentication_results(std::string& header, std::string_view authserv_id);
/// Takes out every one: a user's message has none to say.
size_t remove_authentication_results(std::string& header);

}  // namespace futar::message
