// Room in mailboxes: what fits, and when mta should say "full" at RCPT. Pure, but for the set of the full
// ones.
#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <string_view>

#include "mda/maildir/maildirsize.h"
#include "proto/messages.h"

namespace futar::mda {

enum class Fit { yes, no, never };
/// `never`: the message is larger than the whole quota, so waiting is no use. quota 0: none.
Fit fits(uint64_t quota, const Usage& usage, uint64_t octets);

/// Full is a mailbox that an ordinary message would not fit into: less than a sixteenth of the quota is free,
/// or less than 64 KiB. Else every message for the last octets would be taken, wait for days and bounce.
bool is_full(uint64_t quota, const Usage& usage);

class FullMailboxes {
 public:
  /// `changed` is told each change once.
  explicit FullMailboxes(std::function<void(const std::string& account, bool full)> changed)
      : changed_(std::move(changed)) {}
  void set(const std::string& account, bool full);
  proto::MailboxState all() const;
  const std::set<std::string>& accounts() const { return accounts_; }

 private:
  std::function<void(const std::string&, bool)> changed_;
  std::set<std::string> accounts_;
};

}  // namespace futar::mda
