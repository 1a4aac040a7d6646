#include "tests/fakes/stream.h"

#include <algorithm>
#include <cstring>

namespace futar::net {

using Reason = StreamClosed::Reason;

/// One direction. The reader waits at `arrived`, who wants to see it wait at `reader_waits`.
struct FakeStream::Pipe {
  explicit Pipe(Loop& loop) : arrived(loop), reader_waits(loop) {}
  std::string octets;
  bool closed = false;
  Gate arrived, reader_waits;
};

FakeStream::FakeStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out)
    : in_(std::move(in)), out_(std::move(out)) {}
FakeStream::~FakeStream() { close(); }

FakeStream::Pair FakeStream::make_pair(Loop& loop) {
  const auto there = std::make_shared<Pipe>(loop), back = std::make_shared<Pipe>(loop);
  return {std::unique_ptr<FakeStream>(new FakeStream(there, back)),
          std::unique_ptr<FakeStream>(new FakeStream(back, there))};
}

void FakeStream::operate() {
  if (fault && ++fault->operations == fault->at) throw StreamClosed{fault->reason, "injected"};
  if (closed_) throw StreamClosed{Reason::shutdown, "connection closed by us"};
  if (expired_) throw StreamClosed{Reason::deadline, "timeout"};
}

Task<size_t> FakeStream::read(char* buffer, size_t size) {
  operate();
  while (true) {
    if (expired_) throw StreamClosed{Reason::deadline, "timeout"};
    if (idle_ && shutting_down_) throw StreamClosed{Reason::shutdown, "shutting down"};
    if (!in_->octets.empty()) break;
    if (in_->closed) throw StreamClosed{Reason::peer_closed, "peer closed the connection"};
    in_->arrived.reset();
    in_->reader_waits.open();
    co_await in_->arrived.wait();
    in_->reader_waits.reset();
  }
  const size_t moved = std::min({size, read_at_most, in_->octets.size()});
  std::memcpy(buffer, in_->octets.data(), moved);
  in_->octets.erase(0, moved);
  co_return moved;
}

Task<> FakeStream::write(std::string_view octets) {
  operate();
  if (out_->closed) throw StreamClosed{Reason::reset, "peer has gone"};
  ++writes_;
  out_->octets += octets;
  out_->reader_waits.reset();
  out_->arrived.open();
  co_return;
}

Task<> FakeStream::until_peer_waits() {
  if (!out_->closed) co_await out_->reader_waits.wait();
}

size_t FakeStream::available() const { return in_->octets.size(); }

void FakeStream::set_deadline(int64_t steady_ms) {
  deadline_ = steady_ms;
  expired_ = false;
}

void FakeStream::set_idle(bool idle) { idle_ = idle; }

void FakeStream::expire() {
  expired_ = true;
  in_->arrived.open();
}

void FakeStream::shut_down() {
  shutting_down_ = true;
  in_->arrived.open();
}

Task<> FakeStream::start_tls(TlsContext&) {
  operate();
  tls_ = TlsInfo{.version = "TLSv1.3", .cipher = "TLS_AES_256_GCM_SHA384"};
  co_return;
}

Task<> FakeStream::start_tls_client(TlsContext& context, TlsExpectation expectation) {
  expectation_ = std::move(expectation);
  if (!tls_failure.empty()) {
    operate();
    throw StreamClosed{tls_failed_by, tls_failure};
  }
  co_await start_tls(context);
  tls_->sni = expectation_->sni;
  if (expectation_->proof == TlsExpectation::Proof::pkix) tls_->proven_by = "PKIX";
  if (expectation_->proof == TlsExpectation::Proof::dane) tls_->proven_by = "DANE-EE";
}

void FakeStream::close() {
  closed_ = in_->closed = out_->closed = true;
  for (Pipe* pipe : {in_.get(), out_.get()}) {
    pipe->arrived.open();
    pipe->reader_waits.open();
  }
}

}  // namespace futar::net
