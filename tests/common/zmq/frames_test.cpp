#include "common/zmq/frames.h"

#include <doctest/doctest.h>
#include <zmq.h>

using namespace futar::zmq;

namespace {

struct Pair {
  void* context = zmq_ctx_new();
  void* left = zmq_socket(context, ZMQ_PAIR);
  void* right = zmq_socket(context, ZMQ_PAIR);
  Pair() {
    zmq_bind(left, "inproc://pair");
    zmq_connect(right, "inproc://pair");
  }
  ~Pair() {
    zmq_close(left);
    zmq_close(right);
    zmq_ctx_term(context);
  }
};

}  // namespace

TEST_CASE("parts travel as one ZeroMQ message and come out as they were") {
  Pair pair;
  const Frames frames{"head", "", std::string(100'000, 'x'), std::string("\0\1", 2)};
  REQUIRE(send_packed(pair.left, "", parts_of(frames)));
  const auto raw_count = [&] {
    const auto message = receive_packed(pair.right, false);
    REQUIRE(message.has_value());
    CHECK(message->frames == frames);
    return receive_packed(pair.right, false).has_value();
  };
  CHECK_FALSE(raw_count());
}

TEST_CASE("a packed message that is cut, padded or lies about its sizes is damaged") {
  Pair pair;
  REQUIRE(send_packed(pair.left, "", parts_of({"head", "body"})));
  const auto raw = receive_frames(pair.right);
  REQUIRE(raw.has_value());
  REQUIRE(raw->size() == 1);
  const std::string& packed = raw->front();
  CHECK(unpack(packed) == Frames{"head", "body"});
  for (size_t size = 0; size < packed.size(); ++size) CHECK_FALSE(unpack(packed.substr(0, size)).has_value());
  CHECK_FALSE(unpack(packed + "x").has_value());
  for (size_t at = 0; at < 12; ++at) {
    std::string broken = packed;
    broken[at] = '\x7f';
    CHECK_FALSE(unpack(broken).has_value());
  }
}

TEST_CASE("what is not packed comes as it is, for the decoder to refuse") {
  Pair pair;
  zmq_send(pair.left, "garbage", 7, 0);
  const auto message = receive_packed(pair.right, false);
  REQUIRE(message.has_value());
  CHECK(message->frames == Frames{"garbage"});
}
