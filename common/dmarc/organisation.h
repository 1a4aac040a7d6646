// Who owns a domain: the organisational domain (RFC 7489 §3.2), by the public suffix list of Debian's package
// publicsuffix.
#pragma once
#include <string>
#include <string_view>

namespace futar::dmarc {

/// Lower case, A-labels, no final dot; "" when the text is no domain name (also: an address literal).
std::string canonical_domain(std::string_view text);

/// Reads the list now, else the first question does. Before a sandbox closes the files.
void load_public_suffixes();

/// One label more than the public suffix; "" when `domain` (canonical) is one itself. Private suffixes count:
/// a.x.github.io is x.github.io's.
std::string registrable_domain(const std::string& domain);
/// The same, or the domain itself where that is a public suffix.
std::string organisational_domain(const std::string& domain);

}  // namespace futar::dmarc
