// SPF (RFC 7208): may this client send for this domain? One interface, two engines (native.h, libspf2.h),
// both pure: they judge over the answers that are known, and name the next question that they cannot do
// without.
#pragma once
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "common/dns/resolver.h"
#include "common/net/address.h"
#include "common/smtp/address.h"

namespace futar::spf {

/// RFC 7208 §2.6.
enum class Outcome : uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
std::string_view name(Outcome outcome);  ///< "pass", as in Authentication-Results (RFC 8601 §2.7.2)

enum class Identity : uint8_t { helo, mail_from };  ///< §2.3, §2.4

struct Request {
  net::IpAddress client;
  std::string helo;      ///< as the client gave it
  smtp::Address sender;  ///< of MAIL, domain in A-label form (RFC 8616 §4)
  Identity identity = Identity::mail_from;
  std::string receiver;  ///< our own name, for %{r}
  int64_t now_s = 0;     ///< since 1970, for %{t}

  /// Who is judged: the HELO identity is postmaster@HELO, and stands in for a null reverse-path (§2.4).
  smtp::Address judged() const;
};

/// Every text is safe to show: what peers and records said is cleaned of controls and cut (base/text.h).
struct Verdict {
  Outcome outcome = Outcome::none;
  Identity identity = Identity::mail_from;
  std::string domain;       ///< that was judged
  std::string mechanism;    ///< that matched, as in the record: "-all"; "" when none did
  std::string reason;       ///< in words, for the trace
  std::string explanation;  ///< of a fail: what the domain has to say, exp= expanded (§6.2)
};

struct Question {
  std::string name;  ///< lower case, without the final dot
  dns::Type type;
  auto operator<=>(const Question&) const = default;
};
using Answers = std::map<Question, dns::Answer>;

/// The verdict, or what must be asked first.
using Step = std::variant<Verdict, Question>;

/// §4.6.4 and §11.1: what an evaluation may cost others.
constexpr int max_terms = 10;        ///< terms that ask the DNS
constexpr int max_void_terms = 2;    ///< of those, terms that were answered with nothing
constexpr size_t max_names = 10;     ///< hosts of one MX, names of one PTR, whose addresses are asked
constexpr size_t max_record = 8192;  ///< octets; a longer record is a permerror
constexpr int64_t max_check_ms = 20'000;

class SpfEvaluator {
 public:
  virtual ~SpfEvaluator() = default;
  virtual std::string_view name() const = 0;  ///< "native", "libspf2"
  /// check_host() of §4, with the limits of §4.6.4. Deterministic: with each question answered, the next call
  /// gets further; after at most 1 + 10 * 11 + 11 + 1 of them there is a verdict.
  virtual Step evaluate(const Request& request, const Answers& answers) const = 0;
};

}  // namespace futar::spf
