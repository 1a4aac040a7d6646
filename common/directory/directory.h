// Who lives here: the published address file, as all agents see it. directory.db itself is private to
// `futar`.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "common/base/result.h"
#include "common/smtp/address.h"

namespace futar::directory {

struct Account {
  std::string address;  ///< "bob@example.org", canonical: lower case, domain in A-label form
  std::string detail;   ///< what stood behind mda.subaddress in the local part, "" if nothing
  uint64_t quota = 0;   ///< octets, 0 = none
  bool suspended = false;
  uint64_t limit_day = 0;  ///< own sending limit, 0 = that of the config
};
struct Alias {
  std::string address;
  std::vector<std::string> targets;  ///< canonical addresses, local or not
};
struct CatchAll {
  Account account;
};
struct Unknown {};   ///< the domain is ours, the local part is not
struct NotLocal {};  ///< the domain is not ours
using Resolution = std::variant<NotLocal, Unknown, Account, Alias, CatchAll>;

/// A generation of the published files, read only. Cheap to ask (prepared statements on an immutable
/// database), so the io thread may.
class Directory {
 public:
  /// Opens FOLDER/addresses.db. Missing: an empty directory (no local domain), which `generation() == 0`
  /// tells.
  static Result<std::unique_ptr<Directory>> open(const std::string& published_folder,
                                                 std::string subaddress_separators);
  ~Directory();

  /// The one function that decides what an address is. Case-insensitive; the detail is split off only when
  /// the whole local part is unknown; order: account, alias, account without detail, alias without detail,
  /// catch-all. postmaster (with and without domain), abuse and mailer-daemon always resolve (RFC 2142, RFC
  /// 5321 §4.5.1): to the account or alias of that name, else the postmaster account that init named, else
  /// the domain's first account, else Unknown.
  Resolution resolve(const smtp::Address& address) const;
  bool is_local_domain(std::string_view domain) const;
  std::vector<std::string> domains() const;
  std::optional<std::string> first_domain() const;
  std::vector<std::string> accounts() const;
  /// Addresses that the login may use as sender: the account, its details (checked by resolve), aliases that
  /// list it.
  bool may_send_as(std::string_view login, const smtp::Address& sender) const;
  uint64_t generation() const;

 private:
  Directory();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// The canonical form of an address: lower case, U-label domain to A-label (libidn2, nontransitional).
Result<smtp::Address> canonical(const smtp::Address& address);

}  // namespace futar::directory
