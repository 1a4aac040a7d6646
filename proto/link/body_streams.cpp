#include "proto/link/body_streams.h"

#include "common/log/log.h"

namespace futar::proto {

namespace {
// Of one body, sent and not yet written by the receiver: with four bodies a quarter of the link's credit, so
// that the other three quarters are always there for small mail.
constexpr uint64_t stream_window = 512 * 1024;
}  // namespace

struct BodyStreams::Stream {
  Stream(net::Loop& loop, int64_t s, spool::Body b) : sequence(s), body(std::move(b)), gate(loop) {}
  bool is_large() const { return body.size > batch_octets; }

  int64_t sequence;
  spool::Body body;
  net::Gate gate;
  uint64_t offset = 0, unwritten = 0;
  bool removed = false;
};

void BodyStreams::add(int64_t sequence, spool::Body body) {
  if (streams_.contains(sequence)) return;
  auto stream = std::make_shared<Stream>(loop_, sequence, std::move(body));
  streams_[sequence] = stream;
  if (stream->is_large()) {
    waiting_.push_back(std::move(stream));
    start_waiting();
  } else {
    start(std::move(stream));
  }
}

void BodyStreams::start_waiting() {
  while (large_ < large_in_transfer && !waiting_.empty()) {
    auto stream = std::move(waiting_.front());
    waiting_.pop_front();
    if (stream->removed) continue;
    ++large_;
    start(std::move(stream));
  }
}

void BodyStreams::start(std::shared_ptr<Stream> stream) {
  loop_.spawn("link: a large body", run(shared_from_this(), std::move(stream)));
}

void BodyStreams::credit(int64_t sequence, uint64_t octets) {
  const auto found = streams_.find(sequence);
  if (found == streams_.end()) return;
  found->second->unwritten -= std::min(octets, found->second->unwritten);
  found->second->gate.open();
}

void BodyStreams::wake() {
  for (const auto& [sequence, stream] : streams_) stream->gate.open();
}

void BodyStreams::remove(int64_t sequence) {
  const auto found = streams_.find(sequence);
  if (found == streams_.end()) return;
  found->second->removed = true;
  found->second->gate.open();
  streams_.erase(found);
}

void BodyStreams::clear() {
  while (!streams_.empty()) remove(streams_.begin()->first);
  waiting_.clear();
}

void BodyStreams::end(const std::shared_ptr<Stream>& stream) {
  if (!stream->removed) streams_.erase(stream->sequence);
  if (stream->is_large()) --large_;
  start_waiting();
}

Task<> BodyStreams::run(std::shared_ptr<BodyStreams> self, std::shared_ptr<Stream> stream) {
  if (!stream->removed) self->events_.started(stream->sequence);
  while (!stream->removed && stream->offset < stream->body.size) {
    if (stream->unwritten >= stream_window || !self->events_.has_credit()) {
      stream->gate.reset();
      co_await stream->gate.wait();
      continue;
    }
    auto octets = co_await self->events_.read(stream->body, stream->offset, chunk_size);
    if (stream->removed) break;
    Chunk chunk{stream->sequence, stream->offset, false, ""};
    if (octets && !octets->empty() && octets->size() <= stream->body.size - stream->offset) {
      chunk.octets = *std::move(octets);
      stream->offset += chunk.octets.size();
      chunk.last = stream->offset == stream->body.size;
    } else {
      // The receiver answers what is broken off with Later, and so it is tried again.
      log::error("link: the body of {} is not as long as it should be: {}", stream->sequence,
                 octets ? stream->body.file : octets.error().text);
      stream->offset = stream->body.size;
      chunk.last = true;
    }
    stream->unwritten += chunk.octets.size();
    self->events_.send(std::move(chunk));
  }
  self->end(stream);
}

}  // namespace futar::proto
