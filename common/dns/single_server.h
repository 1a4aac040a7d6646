// One server asked over UDP, and over TCP where its answer does not fit: for verbs that judge by what this
// very server says now. Nothing is kept, nothing validated.
#pragma once
#include <expected>

#include "common/base/clock.h"
#include "common/dns/resolver.h"
#include "common/dns/wire.h"
#include "common/net/address.h"

namespace futar::dns {

/// Blocks its thread while it waits: for programs that do one thing only.
class SingleServer final : public Resolver {
 public:
  /// Each question waits for 1 s, 2 s and 3 s, asked anew each time; `limit_ms` from now on every question
  /// fails at once.
  SingleServer(net::Endpoint server, const Clock& clock, int64_t limit_ms);
  /// CNAMEs are followed, eight at most, by asking again where the server has not done it.
  Task<Answer> ask(std::string name, Type type) override;
  bool validates() const override { return false; }
  std::string description() const override { return server_.text() + ", not validated"; }

 private:
  std::expected<Reply, std::string> exchange(const std::string& name, Type type) const;
  Answer look_up(const std::string& name, Type type) const;

  net::Endpoint server_;
  const Clock& clock_;
  int64_t until_ms_;
};

}  // namespace futar::dns
