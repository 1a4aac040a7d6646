// What an operator sees of recipients for other servers, and sends another way.
#include "mta/queue/operator.h"

#include "mta/queue/destination_store.h"
#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

Selection to(std::string words) {
  Selection selection;
  selection.to = std::move(words);
  return selection;
}

RemoteOutcome later(int64_t row, std::string words = "") {
  RemoteOutcome outcome;
  outcome.row = row;
  outcome.state = RemoteOutcome::State::later;
  outcome.reason = "no answer on port 25";
  if (!words.empty()) outcome.host = "mx.remote.example[192.0.2.25]:25";
  outcome.words = std::move(words);
  return outcome;
}

constexpr char other[] = "smtp://other.example:25";

struct Desk : QueueFixture {
  using QueueFixture::QueueFixture;

  Listed listed(const Selection& selection = {}) {
    std::vector<Listed> all = list(selection);
    REQUIRE(all.size() == 1);
    return all[0];
  }
  std::vector<Listed> list(const Selection& selection = {}) {
    std::vector<Listed> all;
    look([&](store::Database& database) { all = *select_open(database, selection, clock.wall_ms(), 100); });
    return all;
  }
  Acted send_through(std::string via = other) {
    Acted acted;
    write([&](store::Database& database) -> Result<void> {
      const auto all = TRY(select_open(database, {}, clock.wall_ms(), 100));
      acted = TRY(reroute(database, all, via, "alice", clock.wall_ms()));
      return {};
    });
    return acted;
  }
  std::vector<Destination> due() {
    std::vector<Destination> all;
    run_task(loop, [](Desk& d, std::vector<Destination>& out) -> Task<> {
      out = co_await d.remote->due(100);
    }(*this, all));
    return all;
  }
  std::vector<RemoteItem> take(int64_t destination) {
    std::vector<RemoteItem> items;
    run_task(loop, [](Desk& d, int64_t key, std::vector<RemoteItem>& out) -> Task<> {
      out = co_await d.remote->take(key, 100, 1 << 20);
    }(*this, destination, items));
    return items;
  }
  /// The one destination that is due puts its mail off; `words` = "": nobody answered there.
  void put_off(const std::string& words) {
    Destination d = due().at(0);
    RemoteOutcome outcome = later(0, words);
    d.due_ms = outcome.not_before_ms = clock.wall_ms() + 300'000;
    d.last_answer = words.empty() ? outcome.reason : words;
    ++d.failures;
    run_task(loop, [](Desk& desk, Destination to, RemoteOutcome what) -> Task<> {
      co_await desk.remote->conclude_all(std::move(to), std::move(what));
    }(*this, d, outcome));
  }
  std::string last_event() {
    std::string words;
    look([&](store::Database& database) {
      spool::TraceQuery query;
      query.what = "eve@remote.example";
      const auto traced = find_traced(database, query, 1);
      words = event::words(traced->at(0).events.back());
    });
    return words;
  }
};

}  // namespace

TEST_CASE("a recipient is listed with its destination, the server's last words and the next attempt") {
  Desk desk;
  REQUIRE(desk.accept(desk.message({"eve@remote.example"})).has_value());
  CHECK(desk.listed().destination.name == "remote.example");
  CHECK(desk.listed().last_words() == "remote.example: by its MX");
  desk.put_off("421 4.7.28 rate limited");
  CHECK(desk.listed().last_words() == "\"421 4.7.28 rate limited\"");
  CHECK(desk.listed().recipient.remote_host == "mx.remote.example[192.0.2.25]:25");
  CHECK(desk.listed().next_ms() == desk.clock.wall_ms() + 300'000);
}

TEST_CASE("mail that comes while nobody answers there waits with the others, and says why") {
  Desk desk;
  REQUIRE(desk.accept(desk.message({"eve@remote.example"})).has_value());
  desk.put_off("");
  REQUIRE(desk.accept(desk.message({"ann@remote.example"})).has_value());
  const Listed late = desk.listed(to("ann@remote.example"));
  CHECK(late.last_words() == "no answer on port 25");
  CHECK(late.next_ms() == desk.clock.wall_ms() + 300'000);
}

TEST_CASE("mail for mda has no destination, and no next attempt while it waits on the link") {
  Desk desk;
  REQUIRE(desk.accept(desk.message({"bob@futar.test"})).has_value());
  CHECK(desk.listed().destination.name.empty());
  CHECK(desk.listed().next_ms() == 0);
}

TEST_CASE("recipients are selected by their domain, and by the server that their mail goes through") {
  Desk desk;
  REQUIRE(desk.accept(desk.message({"eve@remote.example"})).has_value());
  CHECK(desk.list(to("@remote.example")).size() == 1);
  desk.send_through();
  CHECK(desk.list(to("remote.example")).size() == 1);
  CHECK(desk.list(to(other)).size() == 1);
  CHECK(desk.list(to("smtp://third.example:25")).empty());
}

TEST_CASE("what waits is sent another way at once, and the trace says who asked") {
  Desk desk;
  REQUIRE(desk.accept(desk.message({"eve@remote.example"})).has_value());
  desk.put_off("421 4.7.28 rate limited");
  CHECK(desk.due().empty());
  CHECK(desk.send_through().done == 1);
  const Listed listed = desk.listed();
  CHECK(listed.destination.name == other);
  CHECK(listed.last_words() == "through smtp://other.example:25 (by alice)");
  CHECK(listed.recipient.remote_host.empty());
  CHECK(desk.last_event() ==
        "eve@remote.example: sent another way, to smtp://other.example:25, asked by alice");
  REQUIRE(desk.due().size() == 1);
  CHECK(desk.take(desk.due()[0].key).at(0).recipients.at(0).address.text() == "eve@remote.example");
}

TEST_CASE("a server in back-off is tried at once when a person sends mail through it") {
  Desk desk;
  REQUIRE(desk.accept(desk.message({"eve@remote.example"})).has_value());
  desk.send_through();
  desk.put_off("");
  CHECK(desk.due().empty());
  desk.send_through();
  CHECK(desk.due().size() == 1);
}

TEST_CASE("what is held is sent another way, too") {
  Desk desk;
  REQUIRE(desk.accept(desk.message({"eve@remote.example"})).has_value());
  desk.act(Act::hold);
  CHECK(desk.send_through().done == 1);
  CHECK(desk.state_of("eve@remote.example") == State::waiting);
  CHECK(desk.due().size() == 1);
}

TEST_CASE("what is in flight goes the other way when its attempt has ended, at once") {
  Desk desk;
  REQUIRE(desk.accept(desk.message({"eve@remote.example"})).has_value());
  const auto items = desk.take(desk.due().at(0).key);
  CHECK(desk.send_through().wished == 1);
  CHECK(desk.due().empty());
  run_task(desk.loop, [](Desk& d, RemoteOutcome outcome) -> Task<> {
    co_await d.remote->conclude({std::move(outcome)});
  }(desk, later(items.at(0).recipients.at(0).row)));
  REQUIRE(desk.due().size() == 1);
  CHECK(desk.due()[0].name == other);
  CHECK(desk.last_event().find("sent another way") != std::string::npos);
}

TEST_CASE("mail for mda is sent another way only if mda cannot have it") {
  Desk desk;
  REQUIRE(desk.accept(desk.message({"bob@futar.test"})).has_value());
  CHECK(desk.send_through().done == 1);
  REQUIRE(desk.due().size() == 1);
  CHECK(desk.due()[0].name == other);
  desk.queue->link_up();
  REQUIRE(desk.accept(desk.message({"eva@futar.test"})).has_value());
  REQUIRE(desk.wait_for_sent(1));
  CHECK(desk.send_through().refused == 1);
  CHECK(desk.problems().empty());
}
