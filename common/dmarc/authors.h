// Whom the message says that it is from: the domains that DMARC has to prove (RFC 7489 §6.6.1). Pure.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "common/message/header.h"

namespace futar::dmarc {

constexpr size_t max_author_domains = 10;  ///< each costs up to two questions to the DNS

struct Authors {
  std::vector<std::string> domains;  ///< canonical, each once
  /// Why nothing can pass, in words: several From fields, or one that mail programs may read in two ways. "":
  /// fine. The domains are then all that any reader could find.
  std::string ambiguity;
  /// A domain may be there that is not in `domains`: it stands where no domain can be read, or there are more
  /// than max_author_domains.
  bool hidden = false;
};

/// From every From field. An address without a domain, or at an address literal, has nothing to prove.
Authors authors_of(std::span<const message::Field> fields);

}  // namespace futar::dmarc
