#include "common/daemon/listeners.h"

#include "common/log/log.h"
#include "common/net/listener.h"

namespace futar::daemon {

Result<std::vector<Bound>> bind_listeners(const config::List& entries) {
  std::vector<Bound> bound;
  for (const std::string& entry : entries) {
    for (config::Listen& listen : TRY(config::parse_listen(entry))) {
      const net::Endpoint endpoint = TRY(net::Endpoint::parse(listen.endpoint));
      auto socket = net::bind_tcp(endpoint);
      if (!socket && !listen.optional) return fail(socket.error());
      if (socket)
        bound.push_back({*std::move(socket), std::move(listen)});
      else
        log::warning("{}", socket.error().text);
    }
  }
  return bound;
}

}  // namespace futar::daemon
