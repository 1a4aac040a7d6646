// The envelope's JSON as a database or a peer may hold it: refused, or read the same after another turn.
#include <cstdint>
#include <cstdlib>

#include "common/spool/message_store.h"

using namespace futar;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto envelope = spool::decode_envelope({reinterpret_cast<const char*>(data), size});
  if (!envelope) return 0;
  const auto again = spool::decode_envelope(spool::encode_envelope(*envelope));
  if (!again || *again != *envelope) std::abort();
  return 0;
}
