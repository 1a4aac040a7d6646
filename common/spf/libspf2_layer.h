// The DNS as libspf2 sees it: records made harmless, names replaced by aliases, terms counted. Internal to
// spf; knows nothing of libspf2's types.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/spf/inquiry.h"

namespace futar::spf {

class Libspf2Layer {
 public:
  /// Both outlive it.
  Libspf2Layer(const Request& request, const Answers& answers);

  const Inquiry& inquiry() const { return inquiry_; }
  const std::string& domain() const { return domain_; }  ///< the alias of the domain to be judged
  /// Set once the verdict is known whatever libspf2 says; each further question fails then.
  const std::optional<Stop>& stopped() const { return stopped_; }
  /// exp= of the record that decides (§6.2).
  Eval<std::string> explanation();

  /// What a question of libspf2 is answered: record text, octets of addresses, or names. Nothing when
  /// stopped.
  std::vector<std::string> lookup(std::string_view name, dns::Type type) noexcept;

 private:
  struct Alias {
    std::string name;      ///< the real one
    int term = 0;          ///< of which term
    int cost = 1;          ///< terms that its first question counts for (§4.6.4)
    bool any = false;      ///< its term has a prefix of 0: any address is the client's
    bool exists = false;   ///< A whatever the client speaks
    bool decides = false;  ///< its record is the one whose exp= counts
  };
  using Answer = Eval<std::vector<std::string>>;

  std::string add(Alias alias);
  Alias alias_of(const Mechanism& mechanism, std::string target) const;
  Eval<std::string> rewrite(const Record& record, const Alias& from);
  Eval<std::string> rewrite(const Mechanism& mechanism, const std::string& domain);
  Answer record(Alias& alias);
  Answer addresses(Alias& alias);
  Answer hosts(Alias& alias);
  Answer client_names();
  Eval<void> count(Alias& alias);
  Eval<void> count_void(int term);
  Answer answer(std::string_view name, dns::Type type);

  Inquiry inquiry_;
  std::map<std::string, Alias, std::less<>> aliases_;
  std::string domain_;
  std::optional<Stop> stopped_;
  std::set<int> void_terms_;
  std::optional<MacroString> exp_;
  std::string exp_domain_;
  int terms_ = 0, last_term_ = 0;
  bool has_record_ = false;
};

}  // namespace futar::spf
