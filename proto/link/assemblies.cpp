#include "proto/link/assemblies.h"

#include <deque>

namespace futar::proto {

namespace {
struct Piece {
  std::string octets;
  uint64_t credit = 0;
};
}  // namespace

struct Assemblies::Assembly {
  Assembly(net::Loop& loop, int64_t s, uint64_t n, std::shared_ptr<Arrived> a)
      : sequence(s), size(n), arrived(std::move(a)), gate(loop) {}

  int64_t sequence;
  uint64_t size, received = 0;
  std::shared_ptr<Arrived> arrived;
  std::deque<Piece> pieces;
  net::Gate gate;  // open: a piece came, or nothing more will
  std::string flaw;
  bool cleared = false;

  bool is_over() const { return cleared || !flaw.empty() || received == size; }
};

void Assemblies::begin(int64_t sequence, const MessageId& id, uint64_t size, spool::BodyWriter writer) {
  ids_in_use_->insert(id);
  const auto free_id = [id, ids = ids_in_use_, self = weak_from_this()](void*) {
    ids->erase(id);
    const auto held = self.lock();
    if (held && !held->closed_) held->events_.id_freed();
  };
  std::shared_ptr<void> id_in_use(ids_in_use_.get(), free_id);
  auto assembly = std::make_shared<Assembly>(
      loop_, sequence, size, std::make_shared<Arrived>(Arrived{std::move(id_in_use), std::move(writer), {}}));
  assemblies_[sequence] = assembly;
  loop_.spawn("link: a large body", run(shared_from_this(), std::move(assembly)));
}

void Assemblies::chunk(Chunk chunk, uint64_t octets) {
  const auto found = assemblies_.find(chunk.sequence);
  // Not expected (any more), or a repeat of what has come.
  if (found == assemblies_.end() || chunk.offset < found->second->received)
    return events_.written(chunk.sequence, octets);
  Assembly& assembly = *found->second;
  if (chunk.offset > assembly.received) {
    broken(assembly, "a chunk is missing");
  } else if (chunk.octets.size() > assembly.size - assembly.received) {
    broken(assembly, "more chunks came than was said");
  } else if (chunk.last != (chunk.octets.size() == assembly.size - assembly.received)) {
    broken(assembly, "the body was broken off");
  } else {
    assembly.received += chunk.octets.size();
    assembly.pieces.push_back({std::move(chunk.octets), octets});
    octets = 0;  // given back when it is written
  }
  assembly.gate.open();
  if (octets) events_.written(chunk.sequence, octets);
}

void Assemblies::broken(Assembly& assembly, std::string why) {
  if (assembly.flaw.empty()) assembly.flaw = std::move(why);
}

void Assemblies::clear() {
  for (const auto& [sequence, assembly] : assemblies_) {
    assembly->cleared = true;
    assembly->gate.open();
  }
  assemblies_.clear();
}

void Assemblies::close() {
  closed_ = true;
  clear();
}

Task<> Assemblies::run(std::shared_ptr<Assemblies> self, std::shared_ptr<Assembly> assembly) {
  while (!assembly->cleared) {
    if (assembly->pieces.empty()) {
      if (assembly->is_over()) break;
      assembly->gate.reset();
      co_await assembly->gate.wait();
      continue;
    }
    const Piece piece = std::move(assembly->pieces.front());
    assembly->pieces.pop_front();
    if (assembly->flaw.empty()) {
      const auto appended = co_await assembly->arrived->writer.append(piece.octets);
      if (!appended) self->broken(*assembly, appended.error().text);
    }
    if (!assembly->cleared) self->events_.written(assembly->sequence, piece.credit);
  }
  if (assembly->cleared) co_return;
  Result<std::shared_ptr<Arrived>> result = fail(Error::temporary(assembly->flaw));
  if (assembly->flaw.empty()) {
    auto body = co_await assembly->arrived->writer.finish();
    if (assembly->cleared) co_return;
    if (body) {
      assembly->arrived->body = *std::move(body);
      result = std::move(assembly->arrived);
    } else {
      result = fail(body.error());
    }
  }
  self->assemblies_.erase(assembly->sequence);
  assembly->arrived.reset();
  self->events_.ended(assembly->sequence, std::move(result));
}

}  // namespace futar::proto
