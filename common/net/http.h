// One document over HTTPS: what MTA-STS needs (RFC 8461 §3.3). No redirects, no compression, one request a
// connection.
#pragma once
#include <cstdint>
#include <string>

#include "common/base/async.h"
#include "common/base/result.h"
#include "common/net/address.h"
#include "common/net/loop.h"
#include "common/net/stream.h"
#include "common/net/tls_context.h"

namespace futar::net {

struct HttpRequest {
  std::string host = {};   ///< A-label; SNI, certificate and Host
  std::string path = "/";  ///< from the first slash
  Endpoint address = {};   ///< where that host is; nobody is asked here
  int64_t deadline = 0;    ///< steady ms, of everything from the connection to the last octet
  size_t max_body = 64 * 1024;
};

struct HttpReply {
  int status = 0;
  std::string content_type;  ///< as it came, "" if there was none
  std::string body;
};

/// GET. An answer of any status is a reply; an error is the lack of one: no connection, a certificate that is
/// not of `host` by an authority that `context` trusts, a malformed, endless or cut off answer.
Task<Result<HttpReply>> https_get(Loop& loop, TlsContext& context, HttpRequest request);
/// The same over a stream that is there already.
Task<Result<HttpReply>> http_get(Stream& stream, HttpRequest request);

}  // namespace futar::net
