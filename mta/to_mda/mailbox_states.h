// Which mailboxes are full, as mda tells: so that port 25 answers 452 at RCPT instead of queueing.
#pragma once
#include <set>
#include <string>
#include <string_view>

#include "proto/messages.h"

namespace futar::mta {

class MailboxStates {
 public:
  void apply(const proto::MailboxState& state) {
    if (state.complete) full_.clear();
    for (const proto::MailboxStateItem& item : state.items)
      item.full ? (void)full_.insert(item.account) : (void)full_.erase(item.account);
  }
  bool is_full(std::string_view account) const { return full_.contains(account); }
  size_t count() const { return full_.size(); }

 private:
  std::set<std::string, std::less<>> full_;
};

}  // namespace futar::mta
