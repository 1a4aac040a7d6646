#include "proto/control/control.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "common/base/clock.h"
#include "common/base/file.h"
#include "tests/fakes/run.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using nlohmann::json;

namespace {

constexpr int64_t long_ms = 60'000;  ///< nothing here takes that long unless it is broken

Task<> end_agent(net::Loop& loop, proto::ControlServer& server) {
  co_await server.stop(long_ms);
  loop.stop();
}

// An agent as common/daemon ends it, with the verb restart that answers so many octets. Does not return.
[[noreturn]] void be_agent(const std::string& endpoint, size_t octets, const Fd& ready) {
  net::Loop loop;
  zmq::Context context(loop);
  std::unique_ptr<proto::ControlServer> server;
  const auto restart = [&](json) -> Task<Result<json>> {
    loop.spawn("stop", end_agent(loop, *server));
    co_return json{{"text", std::string(octets, 'x')}};
  };
  server = std::make_unique<proto::ControlServer>(loop, context, endpoint,
                                                  std::map<std::string, proto::Verb>{{"restart", restart}});
  if (!server->start() || ::write(ready.get(), "!", 1) != 1) ::_exit(1);
  loop.run();
  ::_exit(0);
}

// Octets of the answer of an agent that ends itself for it; an error's text otherwise.
std::string restart_agent(const std::string& endpoint, size_t octets) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const Fd told(ends[0]);
  Fd ready(ends[1]);
  const pid_t agent = ::fork();
  if (agent == 0) be_agent(endpoint, octets, ready);
  ready = Fd();
  char octet = 0;
  REQUIRE(::read(told.get(), &octet, 1) == 1);
  const auto answer = proto::ask(endpoint, "restart", json::object(), 10'000);
  int status = 0;
  ::waitpid(agent, &status, 0);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  return answer ? std::to_string((*answer)["text"].get_ref<const std::string&>().size())
                : answer.error().text;
}

Fd connect_to(const std::string& path) {
  Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return fd;
}

}  // namespace

TEST_CASE("who asks an agent to end has the answer before it ends, a long one too") {
  const TempFolder folder;
  int agents = 0;
  // More than a socket's buffer takes at once: it leaves only while the agent still runs.
  for (const size_t octets : {0, 8 << 20, 0, 8 << 20})
    CHECK(restart_agent(fmt::format("ipc://{}/control.{}", folder.path(), ++agents), octets) ==
          std::to_string(octets));
}

TEST_CASE("a verb that runs when the agent ends still answers") {
  const TempFolder folder;
  const std::string endpoint = "ipc://" + folder / "control.mta";
  net::Loop loop;
  zmq::Context context(loop);
  bool begun = false;
  const auto slow = [&](json) -> Task<Result<json>> {
    begun = true;
    co_await loop.sleep(100);
    co_return json{{"done", true}};
  };
  proto::ControlServer server(loop, context, endpoint, {{"slow", slow}});
  REQUIRE(server.start());
  std::string answer;
  std::thread asker([&] {
    const auto got = proto::ask(endpoint, "slow", json::object());
    answer = got ? got->dump() : got.error().text;
  });
  CHECK(run_until(loop, [&] { return begun; }));
  run_task(loop, server.stop(long_ms));
  asker.join();
  CHECK(answer == R"({"done":true})");
}

TEST_CASE("an asker who stays keeps an agent from its end for the grace and no longer") {
  const TempFolder folder;
  net::Loop loop;
  zmq::Context context(loop);
  proto::ControlServer server(loop, context, "ipc://" + folder / "control.mta", {});
  REQUIRE(server.start());
  run_task(loop, server.stop(long_ms));  // nobody is there

  const Fd asker = connect_to(folder / "control.mta");
  run_task(loop, loop.sleep(50));  // ZeroMQ's thread accepts
  const int64_t begun = system_clock().steady_ms();
  run_task(loop, server.stop(200));
  const int64_t took = system_clock().steady_ms() - begun;
  CHECK(took >= 190);
  CHECK(took < long_ms / 2);
}
