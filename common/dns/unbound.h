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
};

class Unbound final : public Resolver {
 public:
  static Result<std::unique_ptr<Unbound>> open(net::Loop& loop, UnboundOptions options);
  ~Unbound() override;
  Task<Answer> ask(std::string name, Type type) override;
  bool validates() const override;
  std::string description() const override;

 private:
  Unbound();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::dns
