// The encoding of parameter values that may hold anything: xtext of RFC 3461 §4.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace futar::smtp {

std::string xtext_encode(std::string_view octets);
/// None unless text is xtext. UTF-8 passes as it is (RFC 6533 §3, ORCPT of a message with SMTPUTF8).
std::optional<std::string> xtext_decode(std::string_view text);

}  // namespace futar::smtp
