// A bad wire between the ends of a link: drops, delays and repeats whole messages. ZeroMQ itself does none of
// this while a connection stands; the link must come through all the same.
#pragma once
#include <deque>

#include "tests/proto/link/ends.h"

namespace futar::proto {

class Relay {
 public:
  int drop_permille = 0, repeat_percent = 0;
  int64_t delay_ms = 0;
  size_t dropped = 0, repeated = 0;
  std::function<bool(const zmq::Frames&)> loses = [](const zmq::Frames&) { return false; };

  /// Binds `front` and connects to `back`, both names in the world's folder.
  Relay(World& world, const std::string& front, const std::string& back)
      : world_(world), context_(world.loop) {
    zmq::SocketOptions options;
    options.kind = zmq::SocketKind::router;
    options.bind = true;
    options.endpoint = "ipc://" + (world.folder / front);
    front_ = *zmq::Socket::open(context_, options,
                                {[this](const std::string& route, zmq::Frames frames) {
                                   route_ = route;
                                   pass(to_back_, std::move(frames),
                                        [this](const zmq::Frames& f) { back_->send("", f); });
                                 },
                                 {},
                                 {}});
    options.kind = zmq::SocketKind::dealer;
    options.bind = false;
    options.endpoint = "ipc://" + (world.folder / back);
    back_ = *zmq::Socket::open(context_, options,
                               {[this](const std::string&, zmq::Frames frames) {
                                  pass(to_front_, std::move(frames),
                                       [this](const zmq::Frames& f) { front_->send(route_, f); });
                                },
                                {},
                                {}});
  }
  ~Relay() {
    *closed_ = true;
    front_.reset();
    back_.reset();
  }

 private:
  using Queue = std::deque<zmq::Frames>;
  using Out = std::function<void(const zmq::Frames&)>;

  void pass(Queue& queue, zmq::Frames frames, Out out) {
    const bool certain = drop_permille > 0 && ++passed_ == 10;  // however few messages there are, one is lost
    if (certain || loses(frames) || static_cast<int>(world_.random() % 1000) < drop_permille) {
      ++dropped;
      return;
    }
    const bool again = world_.chance(repeat_percent);
    repeated += again;
    if (again) queue.push_back(frames);
    queue.push_back(std::move(frames));
    if (queue.size() == 1U + again) world_.loop.spawn("relay", drain(this, closed_, &queue, std::move(out)));
  }
  static Task<> drain(Relay* self, std::shared_ptr<bool> closed, Queue* queue, Out out) {
    while (!*closed && !queue->empty()) {
      if (self->delay_ms)
        co_await self->world_.loop.sleep(static_cast<int64_t>(self->world_.random()) % self->delay_ms);
      if (*closed) co_return;
      out(queue->front());
      queue->pop_front();
    }
  }

  World& world_;
  size_t passed_ = 0;
  zmq::Context context_;
  std::unique_ptr<zmq::Socket> front_, back_;
  Queue to_front_, to_back_;
  std::string route_;
  std::shared_ptr<bool> closed_ = std::make_shared<bool>(false);
};

}  // namespace futar::proto
