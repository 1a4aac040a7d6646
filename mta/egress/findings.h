// What a receiver would find about a message of ours, and what of it somebody must mend. Pure.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/dkim/verifier.h"
#include "common/dmarc/evaluate.h"
#include "common/event/event.h"
#include "common/spf/senders.h"

namespace futar::mta {

/// What was asked. What is absent is not ours to mend: SPF of a strange reverse-path, DMARC of a strange
/// From.
struct EgressFindings {
  std::string domain;                    ///< that SPF is about: the reverse-path's, of <> our name
  std::optional<spf::SenderRecord> spf;  ///< over our addresses, or the smart host's
  std::string smart_host;                ///< who sends in our place; "" = we do
  std::vector<std::string> addresses;    ///< from which the mail comes
  std::vector<dkim::Verdict> dkim;       ///< of the signatures of our domains
  std::vector<dmarc::Evaluation> dmarc;  ///< of the domains in From that are ours
  std::string libspf2;                   ///< what receivers with libspf2 see otherwise, in words
};

struct EgressProblem {
  std::string domain;
  std::string text;     ///< a sentence
  std::string publish;  ///< the record: "example.org TXT v=spf1 mx -all"; "" when none would help
  bool operator==(const EgressProblem&) const = default;
};

struct EgressReport {
  std::string words;  ///< "SPF pass, DKIM pass, DMARC would pass"
  std::vector<EgressProblem> problems;
  /// A receiver would not find proven who sent it. What the DNS does not answer now is no failure, and what
  /// cannot be known of a smart host neither.
  bool failed = false;
};

/// The text to publish for a selector of ours, "" if it is none.
using KeyRecordOf = std::function<std::string(const std::string& domain, const std::string& selector)>;

EgressReport report(const EgressFindings& findings, const KeyRecordOf& key_record);

/// Its cause names the problems, each with the record to publish.
event::Event event_of(const EgressReport& report, int64_t wall_ms);
/// Why a message is held: "our own check: SPF fail ...".
std::string hold_reason(const EgressReport& report);

}  // namespace futar::mta
