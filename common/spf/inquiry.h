// What both engines do alike: look into the known answers, and stop where one is missing. Internal to spf.
#pragma once
#include <expected>
#include <optional>
#include <string>
#include <vector>

#include "common/spf/record.h"
#include "common/spf/spf.h"

namespace futar::spf {

/// Why an evaluation ends before its end: a question is open, or temperror or permerror, with its reason.
struct Stop {
  std::optional<Question> missing;
  Outcome outcome = Outcome::permerror;
  std::string why;
};
template <class T>
using Eval = std::expected<T, Stop>;

std::unexpected<Stop> stop(Outcome outcome, std::string why);

/// §4.3: two labels or more, each of 1 to 63 octets, 253 in all.
bool is_mail_domain(std::string_view domain);

struct ClientNames {
  std::vector<std::string> list;
  bool absent = false;  ///< the DNS says that there are none
};

class Inquiry {
 public:
  /// Both outlive it.
  Inquiry(const Request& request, const Answers& answers);

  const net::IpAddress& client() const { return request_.client; }
  const std::string& domain() const { return values_.sender.domain; }  ///< of the identity, to be judged

  /// Null: nobody can have that name, so nobody is asked (§4.3, §7.3).
  Eval<const dns::Answer*> ask(const std::string& name, dns::Type type) const;
  /// As ask(); an answer that may come later is a temperror (§5).
  Eval<const dns::Answer*> ask_firmly(const std::string& name, dns::Type type) const;
  /// §4.4, §4.5; none: the domain has no record.
  Eval<std::optional<Record>> record(const std::string& domain) const;
  /// The target name of §4.8: the domain itself without `spec`, else expanded and cut on its left to 253
  /// octets.
  Eval<std::string> target(const std::optional<MacroString>& spec, const std::string& domain);
  /// The hosts of an MX answer; more than ten are a permerror (§4.6.4).
  static Eval<std::vector<std::string>> mx_hosts(const dns::Answer& answer, const std::string& name);
  /// The first ten names of PTR; whatever goes wrong with them is not the sender's fault (§5.5).
  Eval<ClientNames> client_names() const;
  /// Whether a name leads back to the client (§5.5).
  Eval<bool> leads_back(const std::string& name) const;
  /// §6.2; "" when anything is wrong with it.
  Eval<std::string> explanation(const MacroString& exp, const std::string& domain);

  Verdict verdict(Outcome outcome, std::string reason) const;
  /// What a Stop means to the caller of the engine.
  Step step(const Stop& stop) const;

 private:
  Eval<void> set_domain(const MacroString& string, const std::string& domain);
  Eval<std::string> validated_name(const std::string& domain) const;

  const Request& request_;
  const Answers& answers_;
  MacroValues values_;
};

/// "b.example" lies within "b.example" and "a.b.example".
bool is_within(std::string_view name, std::string_view domain);
bool has_address(const dns::Answer* answer, const net::IpAddress& address);

}  // namespace futar::spf
