#include "common/daemon/listeners.h"

#include "common/log/log.h"
#include "common/net/listener.h"

namespace futar::daemon {

Result<std::vector<Bound>> bind_listeners(const config::List& entries, PassedSockets& passed) {
  std::vector<Bound> bound;
  for (const std::string& entry : entries) {
    for (config::Listen& listen : TRY(config::parse_listen(entry))) {
      const net::Endpoint endpoint = TRY(net::Endpoint::parse(listen.endpoint));
      if (auto found = passed.find(endpoint); found.is_there) {
        if (found.socket.is_open()) bound.push_back({std::move(found.socket), std::move(listen)});
        continue;
      }
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

Result<Fd> bind_local(const std::string& path, unsigned mode, PassedSockets& passed) {
  if (auto found = passed.find(path); found.socket.is_open()) return std::move(found.socket);
  return net::bind_unix(path, mode);
}

Result<std::vector<net::Network>> networks(const config::List& entries) {
  std::vector<net::Network> found;
  for (const std::string& entry : entries) found.push_back(TRY(net::Network::parse(entry)));
  return found;
}

}  // namespace futar::daemon
