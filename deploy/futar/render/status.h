// `futar status` and `futar audit` in words.
#pragma once
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace futar::deploy {

// `agents`: the answers by name; null for one that did not answer.

/// What the operator should look at, each as a sentence with the command that tells more.
std::vector<std::string> needs_attention(const nlohmann::json& agents, int64_t now_ms);
/// Messages and recipients that still have to go somewhere; null while msa or mta does not answer.
nlohmann::json open_work(const nlohmann::json& agents);
std::string status_in_words(const std::string& host, const nlohmann::json& agents, int64_t now_ms);

/// The equations of design §5 with their figures; each that does not hold, and each problem that an agent
/// found.
struct AuditLine {
  std::string text;
  bool holds = true;
};
std::vector<AuditLine> audit_lines(const nlohmann::json& agents);

}  // namespace futar::deploy
