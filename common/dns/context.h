// One ub_ctx in the event loop: questions become coroutines. Internal to dns.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "common/dns/resolver.h"
#include "common/net/loop.h"

namespace futar::dns {

struct ContextOptions {
  std::vector<std::string> forwarders;  ///< ADDRESS@PORT; none: recursion
  std::string anchor_file;              ///< "": the root's anchor, built in
  bool validate = true;
  /// Of this zone only this server is asked, an authoritative one, ADDRESS@PORT.
  std::string zone, server;
};

constexpr int type_dnskey = 48;

class Context {
 public:
  /// Starts libunbound's thread. Refuses what libunbound refuses, such as an anchor file that is none.
  static Result<std::shared_ptr<Context>> open(net::Loop& loop, const ContextOptions& options);
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// The context lives at least as long as its questions.
  static Task<Answer> ask(std::shared_ptr<Context> context, std::string name, int type, int64_t timeout_ms);
  /// Each question that waits is answered at once: failed.
  void abandon();

 private:
  Context();
  struct Query;
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::dns
