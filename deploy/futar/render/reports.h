// `futar dmarc` and `futar tls reports` in words: of mta's verb `reports`.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace futar::deploy {

/// What others saw of mail in our name: sums, each report, and below who sends what fails.
std::string dmarc_in_words(const nlohmann::json& answer);
/// How others fared who sent to us, what failed, and how we fared with them.
std::string tls_reports_in_words(const nlohmann::json& answer);

}  // namespace futar::deploy
