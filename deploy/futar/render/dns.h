// `futar dns` in words: of {"records": [...], "notes": [...], "sts_policy": text, "sts_url": text}.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace futar::deploy {

/// Each record with its reason.
std::string dns_in_words(const nlohmann::json& answer);
/// Lines of a zone file, reasons as comments; TXT in strings of at most 255 octets (RFC 1035 §3.3).
std::string dns_as_zone(const nlohmann::json& answer);
/// `"v=DKIM1; ..." "..."`: the strings of at most 255 octets that a TXT record is made of.
std::string dns_txt_strings(std::string_view text);
/// Each record with its state, what stands there, and below a wrong one what should.
std::string dns_checked_in_words(const nlohmann::json& answer);

}  // namespace futar::deploy
