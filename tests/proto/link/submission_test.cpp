#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>

#include "tests/proto/link/ends.h"

using namespace futar;
using namespace futar::proto;

namespace {

struct Submission {
  World world;
  MsaStore msa_store;
  MtaStore mta_store;
  Msa msa{world, msa_store};
  Mta mta{world, mta_store};

  bool wait(std::function<bool()> condition, int64_t ms = 20'000) {
    return run_until(world.loop, std::move(condition), ms);
  }
  void pass(int64_t ms) {
    wait([] { return false; }, ms);
  }
  void start() {
    mta.start();
    msa.start();
    REQUIRE(wait([this] { return msa.link->state().up; }));
  }
  void check_each_once() {
    CHECK(mta_store.overlaps == 0);
    const auto count = static_cast<size_t>(msa_store.next_key - 1);
    CHECK(msa_store.handed_over.size() == count);
    CHECK(mta_store.taken.size() == count);
    for (const auto& [id, times] : mta_store.taken) CHECK(times == 1);
  }
};

}  // namespace

TEST_CASE("messages reach mta in batches and are handed over once mta has them") {
  Submission test;
  test.start();
  CHECK(test.msa.link->state().peer == "mta-1");
  CHECK(test.mta.link->state().peer == "msa-1");
  for (int i = 0; i < 1000; ++i) test.msa.accept(4000);
  REQUIRE(test.wait([&] { return test.msa.is_done(); }));
  test.check_each_once();
  CHECK(test.mta_store.batches < 200);
  CHECK(test.mta_store.offers == 0);
  // All credit comes back.
  CHECK(test.wait([&] { return test.msa.link->state().credit == credit_window; }));
  CHECK(test.msa.link->state().in_transfer == 0);
}

TEST_CASE("what msa took while mta was away drains when it comes, in either order of starts") {
  Submission test;
  test.msa.start();
  for (int i = 0; i < 300; ++i) test.msa.accept(1000);
  test.pass(50);
  CHECK_FALSE(test.msa.link->state().up);
  test.mta.start();
  REQUIRE(test.wait([&] { return test.msa.is_done(); }));
  test.check_each_once();
}

TEST_CASE("small mail passes a large body, and the body arrives as it was") {
  Submission test;
  test.start();
  const int64_t large = test.msa.accept(12'000'000);
  const int64_t medium = test.msa.accept(eager_limit + 1);
  const MessageId id = test.msa_store.spooled.at(large).first;
  REQUIRE(test.wait([&] { return test.msa.link->state().in_transfer > 0 && test.mta_store.offers > 0; }));
  for (int i = 0; i < 200; ++i) test.msa.accept(4000);
  REQUIRE(test.wait([&] { return test.msa_store.spooled.size() == 1; }));
  CHECK(test.msa_store.spooled.contains(large));
  CHECK(test.msa_store.handed_over.contains(medium));
  REQUIRE(test.wait([&] { return test.msa.is_done(); }, 60'000));
  CHECK(test.mta_store.bodies.at(id) == body_text(0, 12'000'000));
  test.check_each_once();
  CHECK(test.wait([&] { return test.msa.link->state().credit == credit_window; }));
}

TEST_CASE("a large body of a message that turns out to be there leaves no file behind") {
  Submission test;
  test.start();
  const int64_t large = test.msa.accept(4'000'000);
  const MessageId id = test.msa_store.spooled.at(large).first;
  REQUIRE(test.wait([&] { return std::filesystem::exists(test.mta.folder->path() + "/" + id.text()); }));
  test.mta_store.known.insert(id);  // an earlier copy has been committed meanwhile
  REQUIRE(test.wait([&] { return test.msa.is_done(); }));
  CHECK(test.mta_store.taken.empty());
  CHECK(test.wait([&] { return std::filesystem::is_empty(test.mta.folder->path()); }));
}

TEST_CASE("many large bodies take turns and all arrive") {
  Submission test;
  test.start();
  for (int i = 0; i < 12; ++i) test.msa.accept(600'000 + 70'000 * static_cast<size_t>(i));
  REQUIRE(test.wait([&] { return test.msa.is_done(); }, 60'000));
  test.check_each_once();
  for (const auto& [id, text] : test.mta_store.bodies) CHECK(text == body_text(0, text.size()));
}

TEST_CASE(
    "mta that does not get on stops msa after 8 MiB; the rest waits in the database and follows in order") {
  Submission test;
  test.start();
  test.mta_store.stuck = true;
  for (int i = 0; i < 600; ++i) {
    test.msa.accept(40'000);
    if (i % 10 == 0) test.pass(1);
  }
  test.pass(200);
  const LinkState state = test.msa.link->state();
  CHECK(state.credit == 0);
  CHECK(state.in_transfer < (credit_window + batch_octets) / 40'000 + 2);
  CHECK(test.mta_store.taken.empty());
  CHECK(test.msa_store.loads <= 2);  // no polling of the database meanwhile
  test.mta_store.stuck = false;
  REQUIRE(test.wait([&] { return test.msa.is_done(); }));
  test.check_each_once();
}

TEST_CASE("what mta does not take is tried again and lost by nobody") {
  Submission test;
  test.start();
  test.mta_store.refuse_percent = 60;
  for (int i = 0; i < 200; ++i) {
    test.msa.accept(i % 50 == 0 ? 100'000 : 1000);
    if (i % 5 == 0) test.pass(1);
  }
  test.pass(1500);
  test.mta_store.refuse_percent = 0;
  REQUIRE(test.wait([&] { return test.msa.is_done(); }, 60'000));
  test.check_each_once();
}

TEST_CASE("either end killed at random moments: none lost, none taken twice") {
  Submission test;
  test.mta.start();
  test.msa.start();
  for (int round = 0; round < 60; ++round) {
    for (int i = 0; i < 20; ++i) test.msa.accept(test.world.chance(3) ? 400'000 : 2000);
    test.pass(static_cast<int64_t>(test.world.random() % 40));
    if (test.world.chance(50)) {
      test.msa.kill();
      if (test.world.chance(50)) test.msa.accept(100);
      test.msa.start();
    }
    if (test.world.chance(50)) {
      test.mta.kill();
      test.pass(static_cast<int64_t>(test.world.random() % 20));
      test.mta.start();
    }
  }
  REQUIRE(test.wait([&] { return test.msa.is_done(); }, 60'000));
  test.check_each_once();
  for (const auto& [id, text] : test.mta_store.bodies) CHECK(text == body_text(0, text.size()));
}

TEST_CASE("mta learns what is handed over and may be forgotten") {
  Submission test;
  test.start();
  for (int i = 0; i < 10; ++i) test.msa.accept(100);
  REQUIRE(test.wait([&] { return test.msa.is_done(); }));
  CHECK(test.wait([&] { return test.mta_store.confirmed_below["msa-1"] == 11; }));
}

TEST_CASE("a spool that was rolled back starts a new epoch, and no message is taken for another") {
  Submission test;
  test.start();
  for (int i = 0; i < 5; ++i) test.msa.accept(100);
  REQUIRE(test.wait([&] { return test.msa.is_done(); }));
  test.msa.kill();
  test.mta.kill();
  test.msa_store.next_key = 3;  // a backup from before 3, 4, 5
  test.mta.start();
  test.msa.start();
  test.msa.accept(100);
  test.msa.accept(eager_limit + 5);
  REQUIRE(test.wait([&] { return test.msa.is_done(); }));
  CHECK(test.msa_store.epoch == 2);
  CHECK(test.mta_store.taken.size() == 7);
  for (const auto& [id, times] : test.mta_store.taken) CHECK(times == 1);
}

TEST_CASE("a process on a copied state folder is refused while the first lives; a newer start replaces it") {
  Submission test;
  test.start();
  MsaStore copy = test.msa_store;
  Msa older(test.world, copy);
  test.world.next_start_ms = 10;
  older.start();
  test.pass(300);
  CHECK_FALSE(older.link->state().up);
  CHECK(test.msa.link->state().up);
  older.kill();

  test.world.next_start_ms = 9'000'000;
  Msa newer(test.world, copy);
  newer.start();
  REQUIRE(test.wait([&] { return newer.link->state().up; }));
  test.msa.accept(100);
  test.pass(300);
  CHECK_FALSE(test.msa.link->state().up);
  newer.kill();
  CHECK(test.wait([&] { return test.msa.link->state().up; }));
  CHECK(test.wait([&] { return test.msa.is_done(); }));
}

TEST_CASE("a copy left at another host is refused however new its start, and both ends can say why") {
  Submission test;
  test.world.place = "new.example.org:1:2";
  test.start();
  MsaStore copy = test.msa_store;
  Msa left_behind(test.world, copy);
  test.world.place = "old.example.org:1:2";
  test.world.next_start_ms = 9'000'000;
  left_behind.start();
  const std::string reason = "a copy of its state folder is connected already, from new.example.org";
  REQUIRE(test.wait([&] { return left_behind.link->state().refused == reason; }));
  CHECK_FALSE(left_behind.link->state().up);
  test.msa.accept(100);
  CHECK(test.wait([&] { return test.msa.is_done(); }));
  test.msa.kill();  // nobody knows then which is the right one
  CHECK(test.wait([&] { return left_behind.link->state().up; }));
  CHECK(left_behind.link->state().refused.empty());
}

TEST_CASE("two msas with keys of their own share mta's endpoint") {
  Submission test;
  test.start();
  MsaStore second_store;
  second_store.instance = "msa-2";
  Msa second(test.world, second_store);
  second.start();
  for (int i = 0; i < 50; ++i) {
    test.msa.accept(100);
    second.accept(100);
  }
  REQUIRE(test.wait([&] { return test.msa.is_done() && second.is_done(); }));
  CHECK(test.mta_store.taken.size() == 100);
  CHECK(test.mta.link->state().peer == "msa-1, msa-2");
}

TEST_CASE("stop waits for the answers of what is under way") {
  Submission test;
  test.start();
  test.mta_store.take_ms = 100;
  for (int i = 0; i < 20; ++i) test.msa.accept(100);
  REQUIRE(test.wait([&] { return test.msa.link->state().in_transfer == 20; }));
  run_task(test.world.loop, test.msa.link->stop());
  CHECK(test.msa_store.handed_over.size() == 20);
}

TEST_CASE("a receiver that stops finishes what it took and answers it") {
  Submission test;
  test.start();
  test.mta_store.take_ms = 100;
  for (int i = 0; i < 20; ++i) test.msa.accept(100);
  REQUIRE(test.wait([&] { return test.mta.link->state().in_transfer == 20; }));
  run_task(test.world.loop, test.mta.link->stop());
  CHECK(test.mta_store.taken.size() == 20);
  CHECK(test.wait([&] { return test.msa_store.handed_over.size() == 20; }));
}

TEST_CASE("stop has an end, also when no answer comes") {
  Submission test;
  test.start();
  test.mta_store.stuck = true;
  test.msa.accept(100);
  REQUIRE(test.wait([&] { return test.msa.link->state().in_transfer == 1; }));
  run_task(test.world.loop, test.msa.link->stop());
  CHECK(test.msa_store.handed_over.empty());
  test.mta_store.stuck = false;
}

TEST_CASE("tcp without keys is refused at the start") {
  Submission test;
  CHECK_THROWS_WITH(test.mta.start("tcp://127.0.0.1:*"), doctest::Contains("CURVE"));
  CHECK_THROWS_WITH(test.msa.start("tcp://127.0.0.1:9"), doctest::Contains("CURVE"));
}
