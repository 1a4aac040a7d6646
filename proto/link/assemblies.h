// Large bodies on their way in: chunks are appended in order to a spool::BodyWriter each.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <set>

#include "common/base/async.h"
#include "common/net/gate.h"
#include "common/net/loop.h"
#include "proto/messages.h"

namespace futar::proto {

/// A body that came whole, and its writer: keep() it after the commit, or drop this and the file goes.
struct Arrived {
  std::shared_ptr<void> id_in_use;  ///< before the writer: the id is free once the file has gone
  spool::BodyWriter writer;
  spool::Body body;
};

class Assemblies : public std::enable_shared_from_this<Assemblies> {
 public:
  struct Events {
    std::function<void(int64_t sequence, uint64_t octets)> written;  ///< credit to give back
    std::function<void(int64_t sequence, Result<std::shared_ptr<Arrived>>)> ended;
    std::function<void()> id_freed;
  };
  Assemblies(net::Loop& loop, Events events) : loop_(loop), events_(std::move(events)) {}

  /// Expects a body. The id must not be in use.
  void begin(int64_t sequence, const MessageId& id, uint64_t size, spool::BodyWriter writer);
  /// A writer of this id exists: assembling, or its Arrived is not dropped yet. A second would write the same
  /// file.
  bool is_in_use(const MessageId& id) const { return ids_in_use_->contains(id); }
  bool contains(int64_t sequence) const { return assemblies_.contains(sequence); }
  void chunk(Chunk chunk, uint64_t octets);
  /// Drops all, without calling `ended`.
  void clear();
  /// No event is called from now on.
  void close();

 private:
  struct Assembly;
  void broken(Assembly& assembly, std::string why);
  static Task<> run(std::shared_ptr<Assemblies> self, std::shared_ptr<Assembly> assembly);

  net::Loop& loop_;
  Events events_;
  bool closed_ = false;
  std::map<int64_t, std::shared_ptr<Assembly>> assemblies_;
  std::shared_ptr<std::set<MessageId>> ids_in_use_ = std::make_shared<std::set<MessageId>>();
};

}  // namespace futar::proto
