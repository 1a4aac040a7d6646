// The real resolver: libunbound, asynchronous, cancellable, validating.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/dns/resolver.h"
#include "common/net/loop.h"

namespace futar::dns {

struct UnboundOptions {
  std::vector<std::string>
      servers;              ///< HOST@PORT or "resolv.conf"; empty: never ask, each answer is `failed` at once
  std::string anchor_file;  ///< trust anchor; "" = that of the root, built in
  int64_t timeout_ms = 10'000;
  std::string resolv_conf = "/etc/resolv.conf";  ///< read once, when opened
};

class Unbound final : public Resolver {
 public:
  /// Reads resolv.conf and the anchor and starts libunbound's thread, and finds out in the background who can
  /// be asked with DNSSEC: forwarders, the authoritative servers themselves, or forwarders without it.
  static Result<std::unique_ptr<Unbound>> open(net::Loop& loop, UnboundOptions options);
  ~Unbound() override;  ///< what is being asked fails at once
  Task<Answer> ask(std::string name, Type type) override;
  /// What this authoritative server of the zone (an address, or ADDRESS@PORT) says now: asked directly, with
  /// nothing kept from before. A CNAME out of the zone is followed as ask() would. Not validated.
  Task<Answer> ask_server(std::string server, std::string zone, std::string name, Type type);
  bool validates() const override;
  std::string description() const override;

 private:
  Unbound();
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace futar::dns
