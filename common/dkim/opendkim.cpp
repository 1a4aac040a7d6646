#include "common/dkim/opendkim.h"

#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "common/dkim/key_record.h"

#define _Bool bool  // its header is C only
extern "C" {
#include <opendkim/dkim.h>
}

namespace futar::dkim {
namespace {

// When all fields of a message are signed and h= names one more, dkim_canon_selecthdrs() writes a null
// pointer behind its array: each block is longer than what was asked for.
void* roomy_malloc(void*, size_t size) { return std::calloc(1, size + 64); }
void plain_free(void*, void* block) { std::free(block); }

// The library tests t= and x= against the machine's clock. We have done so with ours; this much apart it
// never minds, as long as t= itself is not smaller (it subtracts without a sign).
constexpr uint64_t clock_drift_s = 1'000'000'000;

constexpr size_t most_list = 4000;  // it cuts h= at 4095 octets

DKIM_CBSTAT give_key(DKIM* handle, DKIM_SIGINFO*, u_char* buffer, size_t size) {
  const auto& record = *static_cast<const std::string*>(dkim_get_user_context(handle));
  if (record.size() >= size) return DKIM_CBSTAT_ERROR;
  std::memcpy(buffer, record.c_str(), record.size() + 1);
  return DKIM_CBSTAT_CONTINUE;
}

DKIM_LIB* make_library() {
  DKIM_LIB* made = dkim_init(roomy_malloc, plain_free);
  // Signatures are processed when we say so; a From that it cannot read does not end the work.
  unsigned flags = DKIM_LIBFLAGS_DELAYSIGPROC | DKIM_LIBFLAGS_BADSIGHANDLES;
  uint64_t drift = clock_drift_s;
  if (!made || dkim_options(made, DKIM_OP_SETOPT, DKIM_OPTS_FLAGS, &flags, sizeof flags) != DKIM_STAT_OK ||
      dkim_options(made, DKIM_OP_SETOPT, DKIM_OPTS_CLOCKDRIFT, &drift, sizeof drift) != DKIM_STAT_OK ||
      dkim_set_key_lookup(made, give_key) != DKIM_STAT_OK)
    throw std::runtime_error("libopendkim cannot be set up");
  return made;
}

DKIM_LIB* library() {
  static DKIM_LIB* const shared = make_library();  // may be used by several threads
  return shared;
}

bool is_askable(const Signature& signature) {
  size_t list = 0;
  for (const std::string& name : signature.names) list += name.size() + 1;
  return list < most_list && (!signature.time_s || *signature.time_s > static_cast<int64_t>(clock_drift_s)) &&
         !signature.names_field("DKIM-Signature");  // it would look at each of them
}

bool give_field(DKIM* handle, const message::Field& field) {
  std::string text(field.text);
  while (text.ends_with('\r') || text.ends_with('\n')) text.pop_back();
  return dkim_header(handle, reinterpret_cast<u_char*>(text.data()), text.size()) == DKIM_STAT_OK;
}

bool give_fields(DKIM* handle, std::span<const message::Field> fields, const message::Field& own,
                 const Signature& signature) {
  for (const message::Field& field : fields)
    if (!field.name.empty() && signature.names_field(field.name) && !give_field(handle, field)) return false;
  return give_field(handle, own) && dkim_eoh(handle) == DKIM_STAT_OK;
}

}  // namespace

bool opendkim_proves(std::span<const message::Field> fields, const message::Field& own,
                     const Signature& signature, const crypto::PublicKey& key) {
  if (!is_askable(signature)) return false;
  DKIM_STAT status = DKIM_STAT_OK;
  const std::unique_ptr<DKIM, decltype(&dkim_free)> handle(
      dkim_verify(library(), reinterpret_cast<const u_char*>("futar"), nullptr, &status), dkim_free);
  if (!handle) throw std::bad_alloc();
  std::string record = key_record(key);
  dkim_set_user_context(handle.get(), &record);
  if (!give_fields(handle.get(), fields, own, signature)) return false;
  DKIM_SIGINFO** list = nullptr;
  int count = 0;
  if (dkim_getsiglist(handle.get(), &list, &count) != DKIM_STAT_OK || count != 1) return false;
  // Without dkim_eom() there is no body to compare: what is left is the header and the key.
  return dkim_sig_process(handle.get(), list[0]) == DKIM_STAT_OK &&
         (dkim_sig_getflags(list[0]) & DKIM_SIGFLAG_PASSED) != 0 &&
         dkim_sig_geterror(list[0]) == DKIM_SIGERROR_UNKNOWN;
}

}  // namespace futar::dkim
