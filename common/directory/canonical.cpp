#include <idn2.h>

#include <algorithm>
#include <memory>

#include "common/base/text.h"
#include "common/directory/directory.h"
#include "common/directory/records.h"

namespace futar::directory {
namespace {

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

// RFC 5891 §5, nontransitional: "faß.de" stays itself.
Result<std::string> to_a_labels(const std::string& domain) {
  uint8_t* found = nullptr;
  const int code = idn2_lookup_u8(reinterpret_cast<const uint8_t*>(domain.c_str()), &found,
                                  IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
  if (code != IDN2_OK)
    return fail(
        Error::permanent("no domain name: " + printable(domain, 80) + " (" + idn2_strerror(code) + ")"));
  const std::unique_ptr<uint8_t, void (*)(void*)> owner(found, idn2_free);
  // The mapping may bring in a space (for U+00A0) or a dot (for U+3002).
  return smtp::parse_domain(reinterpret_cast<const char*>(found));
}

}  // namespace

Result<smtp::Address> canonical(const smtp::Address& address) {
  // Differs: letters beyond ASCII keep their case; folding them would need a Unicode library for very few
  // addresses.
  smtp::Address out{ascii_lower(address.local), ascii_lower(address.domain)};
  if (!is_ascii(out.domain)) out.domain = TRY(to_a_labels(out.domain));
  return out;
}

Result<std::string> canonical_domain(std::string_view domain) {
  std::string name = TRY(smtp::parse_domain(domain));
  if (name.starts_with('[')) return fail(Error::permanent("a domain name is wanted, not an address literal"));
  if (!is_ascii(name)) name = TRY(to_a_labels(name));
  return name;
}

Result<std::string> canonical_text(std::string_view address) {
  if (address.starts_with('@')) return "@" + TRY(canonical_domain(address.substr(1)));
  return TRY(canonical(TRY(smtp::parse_address(address)))).text();
}

std::string_view domain_of(std::string_view address) {
  const auto at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view{} : address.substr(at + 1);
}

}  // namespace futar::directory
