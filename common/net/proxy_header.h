// The header of the PROXY protocol, version 2 (HAProxy's proxy-protocol.txt, §2.2): whose connection a proxy
// passes on.
#pragma once
#include <cstddef>
#include <string_view>

#include "common/base/async.h"
#include "common/base/result.h"
#include "common/net/address.h"
#include "common/net/stream.h"

namespace futar::net {

struct ProxyHeader {
  bool is_own = false;      ///< LOCAL: the proxy itself has connected, as for a health check
  Endpoint client, server;  ///< of the connection that the proxy took; none when is_own
};

constexpr size_t proxy_header_start = 16;  ///< octets that tell how many follow
/// How many octets follow the first 16. At most 2048: addresses take 36, the rest is for TLVs.
Result<size_t> proxy_header_rest(std::string_view start);
/// A whole header. TLVs are skipped. What is not TCP over IPv4 or IPv6 is an error: nobody could say then who
/// the client is.
Result<ProxyHeader> decode_proxy_header(std::string_view octets);

/// Reads exactly the header, so that TLS or SMTP may follow. Throws StreamClosed.
Task<Result<ProxyHeader>> read_proxy_header(Stream& stream);

}  // namespace futar::net
