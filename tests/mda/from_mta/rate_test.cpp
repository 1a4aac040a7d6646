// How many deliveries a second: not a test but a figure. test_mda_from_mta -ns -tc="*rate*"; the folder is
// FUTAR_TEST_FOLDER, which should be on the disk in question.
#include <fmt/format.h>

#include <chrono>

#include "tests/mda/from_mta/post.h"

using namespace futar;
using namespace futar::mda;

namespace {

struct Load {
  size_t workers, rounds, items, in_flight;  ///< items of one Deliver, Delivers at once
};

void measure(const Load& load) {
  constexpr int64_t total = 6000;
  std::vector<std::string> accounts;
  for (int i = 0; i < 100; ++i) accounts.push_back(fmt::format("user{}@example.org", i));
  Post post(accounts);
  post.drop();
  post.threads = load.workers;
  post.rounds = load.rounds;
  post.start();
  run_task(*post.loop, [&]() -> Task<> { CHECK(co_await post.delivery->reopen_directory()); }());

  const std::string body = [] {
    std::string text;
    while (text.size() < 4096) text += "a line of some sixty characters, as mail has them in its body\r\n";
    return text;
  }();
  int64_t row = 0, delivered = 0;
  auto sender = [&]() -> Task<> {
    while (row < total) {
      proto::Deliver deliver{.epoch = 1, .confirmed_below = 0, .items = {}};
      for (size_t i = 0; i < load.items && row < total; ++i) {
        auto item = post.item(post.new_id(), body);
        ++row;
        item.recipients.push_back(Post::to(row, accounts[static_cast<size_t>(row * 37) % accounts.size()]));
        deliver.items.push_back(std::move(item));
      }
      for (const auto& outcome : co_await post.delivery->sink().take("mta-1", std::move(deliver)))
        delivered += outcome.state == proto::OutcomeState::delivered;
    }
    if (delivered == total) post.loop->stop();
  };
  const auto start = std::chrono::steady_clock::now();
  timespec cpu0{}, cpu1{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu0);
  for (size_t i = 0; i < load.in_flight; ++i) post.loop->spawn("sender", sender());
  run_loop(*post.loop);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &cpu1);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const double cpu_us = (double(cpu1.tv_sec - cpu0.tv_sec) * 1e9 + double(cpu1.tv_nsec - cpu0.tv_nsec)) / 1e3;
  const auto& counters = post.delivery->counters();
  MESSAGE(fmt::format(
      "{} workers, {} rounds at once, {}x{} under way: {:.0f} deliveries/s, {:.1f} a round, {:.0f} "
      "us CPU each",
      load.workers, load.rounds, load.in_flight, load.items, double(total) / seconds,
      double(total) / double(counters.rounds), cpu_us / double(total)));
  CHECK(delivered == total);
}

}  // namespace

TEST_CASE("rate into 100 Maildirs, 4 KiB" * doctest::skip()) {
  for (const Load& load : {Load{20, 1, 1, 200}, Load{20, 2, 1, 200}, Load{20, 3, 1, 200}, Load{20, 4, 1, 200},
                           Load{20, 3, 1, 20}, Load{20, 3, 32, 6}, Load{40, 3, 1, 200}, Load{8, 3, 1, 200}})
    measure(load);
}
