// Numbers, times and tables as people read them.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace futar::deploy {

std::string counted(uint64_t number, std::string_view noun);  ///< "1 account", "2 accounts"
std::string size_in_words(uint64_t octets);                   ///< "312 octets", "4.1 KiB"
std::string duration_in_words(int64_t ms);                    ///< "0.04 s", "12 s", "5 min", "26 h", "12 d"
std::string offset_in_words(int64_t ms);       ///< since the start: "+0.012", "+75.2 s", "+5 min"
std::string moment_in_words(int64_t wall_ms);  ///< "24 Nov 14:02:07", local time
/// Of an agent's answer, safe for a terminal; "" if it is absent or no text.
std::string text_of(const nlohmann::json& object, const char* key);
int64_t parse_rfc3339(std::string_view text);  ///< of our own making, UTC with ms; 0 if it is none

/// The text in lines of at most 100 columns, the later ones under the first; ends in a line end.
std::string wrapped(const std::string& head, std::string_view text);
/// Columns in line, two spaces between; the last is not padded.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace futar::deploy
