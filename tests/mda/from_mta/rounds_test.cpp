#include "tests/mda/from_mta/post.h"

using namespace futar;
using namespace futar::mda;
using proto::OutcomeState;

namespace {

/// That many messages to bob and eva in turns, each in a take of its own, all at once.
void take_at_once(Post& post, int64_t count, int64_t first_row = 1) {
  int answered = 0;
  auto one = [&](int64_t row) -> Task<> {
    auto item = post.item(post.new_id());
    item.recipients.push_back(Post::to(row, row % 2 ? "bob@example.org" : "eva@example.org"));
    proto::Deliver deliver{.epoch = 1, .confirmed_below = 0, .items = {}};
    deliver.items.push_back(std::move(item));
    const auto outcomes = co_await post.delivery->sink().take("mta-1", std::move(deliver));
    CHECK((outcomes.size() == 1 && outcomes[0].row == row && outcomes[0].state == OutcomeState::delivered));
    if (++answered == count) post.loop->stop();
  };
  for (int64_t row = first_row; row < first_row + count; ++row) post.loop->spawn("take", one(row));
  run_loop(*post.loop);
}

}  // namespace

TEST_CASE("many takes at once share rounds and all are answered") {
  Post post;
  take_at_once(post, 200);
  CHECK(post.files("bob").size() == 100);
  CHECK(post.files("eva").size() == 100);
  CHECK(post.delivery->counters().rounds < 20);
}

TEST_CASE("what comes while a round is young shares the next one") {
  Post post;
  take_at_once(post, 20);
  CHECK(post.delivery->counters().rounds == 2);  // the first message, which did not wait, and the others
}

TEST_CASE("a message that comes alone does not wait, and neither does a full round") {
  Post post;
  post.gather_ms = 3'600'000;  // by the clock of the test; who waits, waits for the test's time limit
  post.round_size = 10;
  post.restart();
  take_at_once(post, 1);
  take_at_once(post, 10, 2);
  post.clock.advance_ms(post.gather_ms);
  take_at_once(post, 1, 12);
  CHECK(post.delivery->counters().rounds == 3);
}
