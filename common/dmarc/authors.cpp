#include "common/dmarc/authors.h"

#include <fmt/format.h>

#include <algorithm>

#include "common/dmarc/organisation.h"
#include "common/message/address_list.h"

namespace futar::dmarc {
namespace {

void add(Authors& authors, std::string domain) {
  if (std::ranges::find(authors.domains, domain) != authors.domains.end()) return;
  if (domain.empty()) {
    authors.hidden = true;
    return;
  }
  if (authors.domains.size() == max_author_domains) {
    authors.hidden = true;
    authors.ambiguity = fmt::format("more than {} domains in From", max_author_domains);
    return;
  }
  authors.domains.push_back(std::move(domain));
}

bool is_in_domain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
         c == '_' || static_cast<unsigned char>(c) >= 0x80;
}

// Whatever some mail program might take for a domain: all that follows an "@", in comments and quotes too.
void add_any(Authors& authors, std::string_view value) {
  for (auto at = value.find('@'); at != std::string_view::npos; at = value.find('@', at + 1)) {
    const auto rest = value.substr(at + 1);
    const auto end = std::ranges::find_if_not(rest, is_in_domain);
    add(authors, canonical_domain({rest.begin(), end}));
  }
}

}  // namespace

Authors authors_of(std::span<const message::Field> fields) {
  Authors authors;
  if (const size_t number = message::count(fields, "From"); number > 1)
    authors.ambiguity = fmt::format("{} From fields", number);
  for (const message::Field& field : fields) {
    if (!field.is("From")) continue;
    const auto addresses = message::parse_address_list(field.value);
    if (!addresses) {
      authors.ambiguity = "From cannot be read: " + addresses.error().text;
      add_any(authors, field.value);
      continue;
    }
    for (const smtp::Address& address : *addresses)
      if (!address.domain.empty() && !address.domain.starts_with('['))
        add(authors, canonical_domain(address.domain));
  }
  if (authors.hidden && authors.ambiguity.empty()) authors.ambiguity = "From holds what is no domain name";
  return authors;
}

}  // namespace futar::dmarc
