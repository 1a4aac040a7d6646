// An in-memory stream with two ends, whose n-th operation can fail, and a way to run a coroutine in a test.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/net/gate.h"
#include "common/net/loop.h"
#include "common/net/stream.h"

namespace futar::net {

/// Which operation of a stream fails, and how. Count upwards until a run succeeds, and each exit has been
/// taken.
struct Fault {
  size_t at = 0;  ///< the n-th read, write or start_tls, counted from 1; 0 = none
  StreamClosed::Reason reason = StreamClosed::Reason::reset;
  size_t operations = 0;  ///< how many there were
};

/// What one end writes the other reads, in the order of the loop. TLS is only pretended: nothing is
/// encrypted.
class FakeStream final : public Stream {
 public:
  using Pair = std::pair<std::unique_ptr<FakeStream>, std::unique_ptr<FakeStream>>;
  static Pair make_pair(Loop& loop);
  ~FakeStream() override;

  // Settings of a test; they hold from the next operation on.
  Fault* fault = nullptr;  ///< not owned
  size_t read_at_most = SIZE_MAX;
  Endpoint peer_endpoint, local_endpoint;
  std::optional<uint32_t> uid;
  std::string tls_failure;  ///< not empty: start_tls_client fails with these words
  StreamClosed::Reason tls_failed_by = StreamClosed::Reason::tls_failed;
  /// As if the deadline had passed, or the listener had stopped.
  void expire();
  void shut_down();
  int64_t deadline() const { return deadline_; }
  size_t writes() const { return writes_; }
  const std::optional<TlsExpectation>& expectation() const { return expectation_; }  ///< of start_tls_client
  size_t available() const;  ///< octets that a read would find
  /// Returns when the other end has used all that was written and reads again, or has closed.
  Task<> until_peer_waits();

  Task<size_t> read(char* buffer, size_t size) override;
  Task<> write(std::string_view octets) override;
  void set_deadline(int64_t steady_ms) override;
  void set_idle(bool idle) override;
  Task<> start_tls(TlsContext& context) override;
  Task<> start_tls_client(TlsContext& context, TlsExpectation expectation) override;
  const std::optional<TlsInfo>& tls() const override { return tls_; }
  std::string channel_binding() const override { return tls_ ? std::string(32, 'b') : ""; }
  const Endpoint& peer() const override { return peer_endpoint; }
  const Endpoint& local() const override { return local_endpoint; }
  std::optional<uint32_t> peer_uid() const override { return uid; }
  void close() override;

 private:
  struct Pipe;
  FakeStream(std::shared_ptr<Pipe> in, std::shared_ptr<Pipe> out);
  void operate();

  std::shared_ptr<Pipe> in_, out_;
  std::optional<TlsInfo> tls_;
  std::optional<TlsExpectation> expectation_;
  int64_t deadline_ = INT64_MAX;
  size_t writes_ = 0;
  bool closed_ = false, idle_ = false, expired_ = false, shutting_down_ = false;
};

/// Runs the coroutine that `body` returns to its end, then stops the loop.
template <class Body>
void run(Loop& loop, Body body) {
  bool ended = false;
  const auto wrapped = [](Loop& its_loop, Body& its_body, bool& its_end) -> Task<> {
    struct Stop {
      Loop& loop;
      ~Stop() { loop.stop(); }
    } stop{its_loop};
    co_await its_body();
    its_end = true;
  };
  loop.spawn("test", wrapped(loop, body, ended));
  loop.run();
  if (!ended) throw std::runtime_error("the coroutine of this test ended by an exception");
}

}  // namespace futar::net
