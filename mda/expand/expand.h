// What an address of the envelope becomes at delivery: a mailbox, other addresses, or an answer why it is
// neither. Pure: who lives here was asked before (directory::resolve), what follows from it is decided here.
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "common/directory/directory.h"
#include "common/smtp/address.h"

namespace futar::mda {

/// A recipient may stand under at most so many aliases (design §4.6).
constexpr int max_depth = 10;

/// Where a recipient comes from: how many expansions stand above it, and of which addresses.
struct Descent {
  int depth = 0;
  std::vector<std::string> ancestry;
};

struct ToMailbox {
  directory::Account account;
  bool never_full = false;  ///< postmaster and its like are heard also when the mailbox is full
};
struct ToTargets {
  std::vector<std::string> targets;  ///< each once, in the alias's order
};
struct NotHere {
  bool permanent = true;
  std::string status;  ///< enhanced status code, RFC 3463
  std::string reason;  ///< for people
};
using Destination = std::variant<ToMailbox, ToTargets, NotHere>;

/// Decides for one recipient. The detail of an address never names a folder, so nobody outside chooses where
/// in a mailbox his mail lands. Loops: an alias that stands in the ancestry is 5.4.6, as is one below
/// max_depth others.
Destination expand(const directory::Resolution& resolution, const smtp::Address& address,
                   const Descent& descent);

/// postmaster, abuse, MAILER-DAEMON (RFC 2142, RFC 5321 §4.5.1), in any case of letters.
bool is_always_heard(const smtp::Address& address);

}  // namespace futar::mda
