#include "proto/link/timing.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/log/log.h"

namespace futar::proto {

struct Ticker::State {
  State(net::Loop& loop, std::function<void()> f) : stopped(loop), tick(std::move(f)) {}
  net::Gate stopped;
  std::function<void()> tick;
};

namespace {
template <class State>
Task<> tick_until_stopped(std::shared_ptr<State> state, int64_t ms) {
  while (!co_await state->stopped.wait_for(ms)) state->tick();
}
}  // namespace

Ticker::Ticker(net::Loop& loop, int64_t ms, std::function<void()> f)
    : state_(std::make_shared<State>(loop, std::move(f))) {
  loop.spawn("link: ticker", tick_until_stopped(state_, ms));
}

Ticker::~Ticker() { state_->stopped.open(); }

struct Soon::State {
  std::function<void()> f;
  bool asked = false, destroyed = false;
};

Soon::Soon(net::Loop& loop, std::function<void()> f)
    : loop_(loop), state_(std::make_shared<State>(State{std::move(f)})) {}

Soon::~Soon() { state_->destroyed = true; }

void Soon::ask() {
  if (state_->asked) return;
  state_->asked = true;
  loop_.post([state = state_] {
    state->asked = false;
    if (!state->destroyed) state->f();
  });
}

void Damage::count(const std::string& what) {
  constexpr int64_t minute = 60'000;
  ++total_;
  if (told_ms_ >= 0 && now_ms() - told_ms_ < minute) return;
  log::warning("{}: {} ({} in all)", link_, printable(what), total_);
  told_ms_ = now_ms();
}

int64_t now_ms() { return system_clock().steady_ms(); }

}  // namespace futar::proto
