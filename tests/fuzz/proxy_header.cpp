// Any octets as a PROXY header: what it names is a TCP client, and nothing beyond the header is looked at.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/net/proxy_header.h"

using namespace futar::net;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // A copy of its own size, so that a read past the end is seen.
  const std::string given(reinterpret_cast<const char*>(data), size);
  const auto header = decode_proxy_header(given);
  if (!header) return 0;
  const auto rest = proxy_header_rest(given);
  if (!rest || proxy_header_start + *rest != size || *rest > 2048) std::abort();
  if (header->is_own) return 0;
  if (header->client.address.text().empty() || header->server.address.text().empty()) std::abort();
  if (!Endpoint::parse(header->client.text())) std::abort();
  return 0;
}
