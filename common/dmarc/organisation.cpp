#include "common/dmarc/organisation.h"

#include <libpsl.h>

#include "common/directory/records.h"

namespace futar::dmarc {
namespace {

// The package's file where it is newer than what the library was built with; never freed. Lookups are const.
const psl_ctx_t* public_suffixes() {
  static const psl_ctx_t* const list = [] {
    const psl_ctx_t* latest = psl_latest(nullptr);
    return latest ? latest : psl_builtin();
  }();
  return list;
}

}  // namespace

std::string canonical_domain(std::string_view text) {
  if (text.ends_with('.')) text.remove_suffix(1);
  return directory::canonical_domain(text).value_or("");
}

void load_public_suffixes() { public_suffixes(); }

std::string registrable_domain(const std::string& domain) {
  const psl_ctx_t* list = public_suffixes();
  const char* found = list ? psl_registrable_domain(list, domain.c_str()) : nullptr;
  return found ? found : "";
}

std::string organisational_domain(const std::string& domain) {
  std::string found = registrable_domain(domain);
  return found.empty() ? domain : found;
}

}  // namespace futar::dmarc
