#include "mda/expand/expand.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::mda;

namespace {

directory::Account bob(bool suspended = false) {
  directory::Account account;
  account.address = "bob@example.org";
  account.suspended = suspended;
  return account;
}

const smtp::Address to_bob{"bob", "example.org"};
const smtp::Address to_team{"team", "example.org"};

std::string status_of(const Destination& destination) {
  const auto* answer = std::get_if<NotHere>(&destination);
  return answer ? answer->status : "";
}

}  // namespace

TEST_CASE("an account is a mailbox") {
  const auto destination = expand(bob(), to_bob, {});
  REQUIRE(std::holds_alternative<ToMailbox>(destination));
  CHECK(std::get<ToMailbox>(destination).account.address == "bob@example.org");
  CHECK_FALSE(std::get<ToMailbox>(destination).never_full);
}

TEST_CASE("a catch-all delivers to its account") {
  const auto destination = expand(directory::CatchAll{bob()}, {"nobody", "example.org"}, {});
  REQUIRE(std::holds_alternative<ToMailbox>(destination));
  CHECK(std::get<ToMailbox>(destination).account.address == "bob@example.org");
}

TEST_CASE("postmaster, abuse and mailer-daemon are heard when the mailbox is full") {
  for (const char* name : {"postmaster", "Abuse", "MAILER-DAEMON"})
    CHECK(std::get<ToMailbox>(expand(bob(), {name, "example.org"}, {})).never_full);
  CHECK_FALSE(std::get<ToMailbox>(expand(bob(), {"postmaster2", "example.org"}, {})).never_full);
}

TEST_CASE("who does not live here is refused for good, with the right code") {
  CHECK(status_of(expand(directory::Unknown{}, {"eve", "example.org"}, {})) == "5.1.1");
  CHECK(status_of(expand(directory::NotLocal{}, {"eve", "remote.example"}, {})) == "5.1.2");
  CHECK(std::get<NotHere>(expand(directory::Unknown{}, to_bob, {})).permanent);
}

TEST_CASE("mail for a suspended mailbox waits") {
  for (const directory::Resolution& resolution :
       {directory::Resolution(bob(true)), directory::Resolution(directory::CatchAll{bob(true)})}) {
    const auto answer = std::get<NotHere>(expand(resolution, to_bob, {}));
    CHECK(answer.status == "4.2.1");
    CHECK_FALSE(answer.permanent);
  }
}

TEST_CASE("an alias becomes its targets, each once") {
  const directory::Alias team{"team@example.org",
                              {"bob@example.org", "eva@remote.example", "Bob@example.org"}};
  const auto destination = expand(team, to_team, {});
  REQUIRE(std::holds_alternative<ToTargets>(destination));
  CHECK(std::get<ToTargets>(destination).targets ==
        std::vector<std::string>{"bob@example.org", "eva@remote.example"});
}

TEST_CASE("an alias without targets is nobody") {
  CHECK(status_of(expand(directory::Alias{"team@example.org", {}}, to_team, {})) == "5.1.1");
}

TEST_CASE("alias loops are cut by ancestry") {
  const directory::Alias team{"team@example.org", {"all@example.org"}};
  CHECK(status_of(expand(team, to_team, {2, {"Team@example.org", "all@example.org"}})) == "5.4.6");
  CHECK(status_of(expand(team, to_team, {1, {"all@example.org"}})) == "");
  // The detail may hide the alias's own name: then the address itself stands there.
  CHECK(status_of(expand(team, {"team+x", "example.org"}, {1, {"team+x@example.org"}})) == "5.4.6");
}

TEST_CASE("an account that is its own ancestor still gets the mail") {
  CHECK(std::holds_alternative<ToMailbox>(expand(bob(), to_bob, {1, {"bob@example.org"}})));
}

TEST_CASE("ten aliases may stand above a mailbox, an eleventh is refused") {
  const directory::Alias team{"team@example.org", {"bob@example.org"}};
  CHECK(status_of(expand(team, to_team, {9, {}})) == "");
  CHECK(status_of(expand(team, to_team, {10, {}})) == "5.4.6");
  CHECK(std::holds_alternative<ToMailbox>(expand(bob(), to_bob, {10, {}})));
}
