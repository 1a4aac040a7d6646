#include <doctest/doctest.h>

#include <atomic>
#include <thread>

#include "common/net/gate.h"
#include "common/net/workers.h"
#include "tests/fakes/stream.h"

using namespace futar;
using namespace futar::net;

TEST_CASE("a gate lets its waiter go when opened, at once when open already, and tells the time's end") {
  Loop loop;
  run(loop, [&]() -> Task<> {
    Gate gate(loop);
    CHECK_FALSE(co_await gate.wait_for(1));
    loop.post([&] { gate.open(); });
    co_await gate.wait();
    CHECK(gate.is_open());
    CHECK(co_await gate.wait_for(0));
    gate.reset();
    loop.post([&] {
      gate.open();
      gate.reset();
    });
    CHECK(co_await gate.wait_for(10'000));  // the opening is not lost
  });
}

TEST_CASE("a gate may be destroyed while somebody waits at it") {
  Loop loop;
  run(loop, [&]() -> Task<> {
    auto gate = std::make_unique<Gate>(loop);
    loop.post([&] { gate.reset(); });
    CHECK_FALSE(co_await gate->wait_for(10'000));
  });
}

TEST_CASE("coroutines that wait when the loop is destroyed are destroyed too") {
  auto alive = std::make_shared<int>();
  {
    Loop loop;
    const auto waits_forever = [](Loop& its_loop, std::shared_ptr<int>) -> Task<> {
      Gate gate(its_loop);
      co_await gate.wait();
    };
    loop.spawn("waiter", waits_forever(loop, alive));
    run(loop, [&]() -> Task<> { co_await loop.sleep(1); });
    CHECK(alive.use_count() == 2);
    CHECK(loop.running() == 1);
  }
  CHECK(alive.use_count() == 1);
}

TEST_CASE("workers run what they are given off the loop and resume the caller on it") {
  Loop loop;
  Workers workers(loop, 4, "test");
  const auto io_thread = std::this_thread::get_id();
  run(loop, [&]() -> Task<> {
    std::thread::id ran_on;
    co_await workers.run([&] { ran_on = std::this_thread::get_id(); });
    CHECK(ran_on != io_thread);
    CHECK(std::this_thread::get_id() == io_thread);
    std::atomic<int> sum = 0;
    std::vector<std::move_only_function<void()>> jobs;
    for (int i = 1; i <= 100; ++i) jobs.push_back([&sum, i] { sum += i; });
    co_await workers.run_all(std::move(jobs));
    CHECK(sum == 5050);
    CHECK(workers.waiting() == 0);
  });
}

TEST_CASE("workers finish what is queued before they join") {
  Loop loop;
  std::atomic<int> ran = 0;
  {
    Workers workers(loop, 1, "test");
    for (int i = 0; i < 50; ++i) workers.submit([&] { ++ran; }, [] {});
  }
  CHECK(ran == 50);
}
