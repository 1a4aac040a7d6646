#include "proto/link/hello.h"

#include <doctest/doctest.h>

using namespace futar::proto;

namespace {

Hello hello(int64_t started_ms, int64_t session) {
  Hello made{"msa", "msa-1", started_ms};
  made.session = session;
  return made;
}

}  // namespace

TEST_CASE("who may begin a conversation") {
  struct Row {
    std::string_view name;
    Hello said;
    std::optional<Hello> live;
    bool same_connection;
    HelloVerdict verdict;
  };
  const Row rows[] = {
      {"nobody is there", hello(5, 1), {}, false, HelloVerdict::begin},
      {"a newer start replaces", hello(6, 1), hello(5, 9), false, HelloVerdict::begin},
      {"an equal start is a second process, or a connection that we do not know dead", hello(5, 2),
       hello(5, 1), false, HelloVerdict::refuse},
      {"an older start is a copied state folder", hello(4, 1), hello(5, 1), false, HelloVerdict::refuse},
      {"the same process begins again", hello(5, 2), hello(5, 1), true, HelloVerdict::begin},
      {"a Hello came twice, or its Welcome was lost", hello(5, 1), hello(5, 1), true, HelloVerdict::repeat},
      {"an earlier Hello comes late", hello(5, 1), hello(5, 2), true, HelloVerdict::stale},
      {"behind a relay the start is new, the connection is not", hello(6, 1), hello(5, 7), true,
       HelloVerdict::begin},
      {"behind a relay a Hello of the process before comes late", hello(5, 7), hello(6, 1), true,
       HelloVerdict::stale},
  };
  for (const Row& row : rows) {
    CAPTURE(row.name);
    CHECK(judge_hello(row.said, row.live, row.same_connection) == row.verdict);
  }
}

TEST_CASE(
    "a copy of a state folder does not take the place of the one that is connected, however new its start") {
  Hello here = hello(5, 1), copy = hello(6, 1), again = hello(6, 1), before = hello(6, 1);
  here.folder = again.folder = "mail.example.org:64769:2";
  copy.folder = "old.example.org:64769:2";
  CHECK(judge_hello(copy, here, false) == HelloVerdict::refuse);
  CHECK(judge_hello(again, here, false) == HelloVerdict::begin);
  CHECK(judge_hello(before, here, false) == HelloVerdict::begin);  // the release before does not tell
  CHECK(judge_hello(copy, {}, false) == HelloVerdict::begin);
  CHECK(is_copy(copy, here));
  CHECK_FALSE(is_copy(again, here));
  CHECK_FALSE(is_copy(before, here));
  CHECK(host_of_folder(copy.folder) == "old.example.org");
}

TEST_CASE("a Hello that can never be welcomed says why") {
  CHECK(hello_flaw(hello(1, 1), "msa").empty());
  CHECK_FALSE(hello_flaw(hello(1, 1), "mda").empty());
  Hello flawed = hello(1, 1);
  flawed.instance = "";
  CHECK_FALSE(hello_flaw(flawed, "msa").empty());
  flawed.instance = std::string(65, 'x');
  CHECK_FALSE(hello_flaw(flawed, "msa").empty());
}

TEST_CASE("a release speaks with its neighbours") {
  Hello neighbour = hello(1, 1);
  for (const int protocol : {version - 1, version, version + 1}) {
    neighbour.protocol = protocol;
    CHECK(hello_flaw(neighbour, "msa").empty());
  }
  neighbour.protocol = version + 2;
  CHECK_FALSE(hello_flaw(neighbour, "msa").empty());
}
