#include "mta/queue/replan.h"

#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;

namespace {

RouteRules through(const char* url) {
  RouteRules rules;
  rules.smart_host = *parse_host_url(url);
  return rules;
}

std::vector<std::string> due(QueueFixture& f) {
  std::vector<std::string> names;
  run_task(f.loop, [](QueueFixture& fixture, std::vector<std::string>& out) -> Task<> {
    for (const Destination& d : co_await fixture.remote->due(100)) out.push_back(d.name);
  }(f, names));
  return names;
}

}  // namespace

TEST_CASE("mail that waits goes through a smart host that the config names since") {
  QueueFixture f;
  REQUIRE(f.accept(f.message({"eve@remote.example", "ann@other.example", "bob@futar.test"})).has_value());
  CHECK(due(f).size() == 2);
  f.restart(through("smtp://smart.example"));
  CHECK(f.replanned == 2);
  CHECK(due(f) == std::vector<std::string>{"smtp://smart.example:25"});
  f.restart(through("smtp://smart.example:2525"));
  CHECK(due(f) == std::vector<std::string>{"smtp://smart.example:2525"});
  f.restart(RouteRules{});
  CHECK(due(f).size() == 2);
  CHECK(f.problems().empty());
}

TEST_CASE("the same config asks nothing again") {
  QueueFixture f(through("smtp://smart.example"));
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  f.damage("UPDATE destination SET name = 'smtp://old.example:25'");
  f.restart();
  CHECK(f.replanned == 0);
  CHECK(due(f) == std::vector<std::string>{"smtp://old.example:25"});
}

TEST_CASE("what an operator sent another way stays there") {
  QueueFixture f;
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  f.write([&](store::Database& database) -> Result<void> {
    const auto selected = TRY(select_open(database, {}, f.clock.wall_ms(), 100));
    TRY(reroute(database, selected, "smtp://chosen.example:25", "operator", f.clock.wall_ms()));
    return {};
  });
  f.restart(through("smtp://smart.example"));
  CHECK(f.replanned == 0);
  CHECK(due(f) == std::vector<std::string>{"smtp://chosen.example:25"});
}

TEST_CASE("a row that nobody can read stays where it is, and the others go on") {
  QueueFixture f;
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  REQUIRE(f.accept(f.message({"ann@other.example"})).has_value());
  f.damage("UPDATE message SET envelope = 'nonsense' WHERE key = 1");
  f.restart(through("smtp://smart.example"));
  CHECK(f.replanned == 1);
}

TEST_CASE("a history that takes no more does not keep mta from starting") {
  QueueFixture f;
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  f.damage("INSERT INTO events(step, packed) VALUES((2 << 20) - 1, x'00')");
  f.restart(through("smtp://smart.example"));
  CHECK(due(f) == std::vector<std::string>{"smtp://smart.example:25"});
}

TEST_CASE("what mta.remote held goes through the smart host that the config names by its release") {
  QueueFixture f({Remote::hold});
  REQUIRE(f.accept(f.message({"eve@remote.example"})).has_value());
  f.restart(through("smtp://smart.example"));
  CHECK(f.state_of("eve@remote.example") == State::held);
  CHECK(f.act(Act::release).done == 1);
  CHECK(due(f) == std::vector<std::string>{"smtp://smart.example:25"});
}
