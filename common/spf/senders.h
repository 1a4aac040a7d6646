// The SPF record of a domain of ours judged by what it does for our own senders, and mended where it does
// not.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/spf/check.h"
#include "common/spf/record.h"

namespace futar::spf {

struct Senders {
  std::string domain;  ///< at whose name the record stands
  std::string helo;    ///< how they greet
  std::vector<net::IpAddress> addresses;
  std::string wish;  ///< what should stand there where nothing does: "v=spf1 mx -all"
};

struct SenderRecord {
  enum class State : uint8_t {
    ok,  ///< each sender passes; so it is when there are none
    missing,
    wrong,
    unknown,  ///< the DNS did not answer
  };
  State state = State::unknown;
  std::string found;  ///< what stands there, as others wrote it
  std::string
      want;  ///< of missing and wrong: what should; of wrong the smallest change, "" when there is none
  std::string why;                   ///< of wrong and unknown, in words; may be ""
  Verdict verdict;                   ///< of the first sender that does not pass, else of the last
  std::shared_ptr<Answers> answers;  ///< all that was asked
};

/// `answer`: the TXT records at the domain.
Task<SenderRecord> judge_senders(dns::Resolver& resolver, net::Loop& loop, Senders senders,
                                 dns::Answer answer);

/// The first term that libspf2 as receivers run it, without our care, does not see: it cuts what compiles to
/// more than 511 octets in silence. "" when it sees all.
std::string unseen_by_libspf2(const Record& record);

}  // namespace futar::spf
