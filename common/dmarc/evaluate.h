// Does SPF or DKIM prove the domain in From, and what does its owner ask for where neither does (RFC 7489
// §3.1, §6.6.2)? Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/dmarc/authors.h"
#include "common/dmarc/record.h"

namespace futar::dmarc {

/// A domain that SPF or one DKIM signature speaks for.
struct Identifier {
  enum class Mechanism : uint8_t { spf, dkim };
  enum class State : uint8_t { pass, unproven, later };
  Mechanism mechanism = Mechanism::spf;
  State state = State::unproven;  ///< `later`: temperror; a DKIM pass over part of the body is no pass here
  std::string domain;             ///< of the MAIL FROM that SPF judged (HELO's for <>), or d=
};

/// What the DNS says of one author domain.
struct Discovery {
  enum class State : uint8_t {
    found,
    none,
    later,   ///< the DNS did not answer
    broken,  ///< several records, or one without a policy
  };
  State state = State::none;
  std::string author;  ///< the domain in From, canonical
  std::string at;      ///< the domain whose record was found: the author's or its organisation's
  Record record;
  std::string why;  ///< of later and broken, in words

  Policy policy() const;  ///< p, or sp for a subdomain of the organisation (RFC 7489 §6.3)
};

enum class Outcome : uint8_t { pass, none, permerror, temperror, fail };  ///< RFC 7489 §11.2; the worst last
std::string_view name(Outcome outcome);

struct Evaluation {
  Outcome outcome = Outcome::none;
  std::string from;                 ///< the domain that decided; "" when From names none
  std::optional<Policy> published;  ///< of that domain, before sampling; none when it is not known
  Policy applies = Policy::none;    ///< after sampling; more than none only when the outcome is fail
  bool sampled_out = false;         ///< pct spared the message the policy
  /// The very domain in From passed SPF or DKIM: no record could ask for more. Matters when it is not known.
  bool proven = false;
  std::string reason;  ///< in words: "From says bank.example, which asks for p=reject"

  /// A later attempt may find a policy that this message breaks: nothing is decided yet.
  bool must_wait() const;
};

/// `dice`, 0 to 99, decides over pct: of p=reject the message is spared to quarantine, of p=quarantine to
/// none (RFC 7489 §6.6.4).
Evaluation evaluate(const Discovery& discovery, std::span<const Identifier> identifiers, int dice);

/// The verdict over all authors: the strictest policy among those that fail (RFC 7489 §6.6.1); a pass only
/// when each passes and From can be read in one way only.
Evaluation combine(const Authors& authors, std::vector<Evaluation> evaluations);

}  // namespace futar::dmarc
