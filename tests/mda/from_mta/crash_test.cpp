// The failure matrix: the daemon dies at each point between the steps, and half-way through the moves;
// whatever the user does meanwhile, each message is in its mailbox exactly once in the end.
#include <utility>

#include "tests/mda/from_mta/post.h"

using namespace futar;
using namespace futar::mda;
using proto::OutcomeState;

namespace {

const char* const points[] = {"mda.staged", "mda.intent", "mda.renamed", "mda.synced"};

proto::DeliverItem for_two(const Post& post, const MessageId& id) {
  auto item = post.item(id);
  item.recipients = {Post::to(1, "bob@example.org"), Post::to(2, "eva@example.org")};
  return item;
}

}  // namespace

TEST_CASE("killed at any point and asked again, each recipient has the message once") {
  for (const std::string point : points) {
    CAPTURE(point);
    Post post;
    const MessageId id = post.new_id();
    post.take_and_crash(for_two(post, id), point);
    const bool had_intent = point != "mda.staged";
    CHECK(post.delivery->recovered().moved == (point == "mda.intent" ? 2 : 0));
    CHECK(post.delivery->recovered().swept == (point == "mda.staged" ? 2 : 0));
    CHECK(post.staged().empty());
    CHECK(post.files("bob").size() == (had_intent ? 1 : 0));
    const auto outcomes = post.take(for_two(post, id));
    REQUIRE(outcomes.size() == 2);
    for (const auto& outcome : outcomes) {
      CHECK(outcome.state == OutcomeState::delivered);
      CHECK(outcome.resumed == had_intent);
    }
    for (const char* user : {"bob", "eva"}) CHECK(post.files(user).size() == 1);
    CHECK(post.files("bob")[0] == outcomes[0].file);
  }
}

TEST_CASE("killed at any point, junk is in Junk once, and nothing of it in INBOX") {
  for (const std::string point : points) {
    CAPTURE(point);
    Post post;
    auto item = for_two(post, post.new_id());
    item.junk = true;
    post.take_and_crash(item, point);
    for (const auto& outcome : post.take(item)) CHECK(outcome.folder == "Junk");
    for (const char* user : {"bob", "eva"}) {
      CHECK(post.files(user, ".Junk/new").size() == 1);
      CHECK(post.files(user).empty());
    }
  }
}

TEST_CASE("killed again and again at every point, still once") {
  Post post;
  const MessageId id = post.new_id();
  for (const std::string point : points) {
    crash_point = point;
    try {
      post.take(for_two(post, id));
    } catch (const Crash&) {
    }
    post.restart();
  }
  CHECK(post.take(for_two(post, id)).size() == 2);
  for (const char* user : {"bob", "eva"}) CHECK(post.files(user).size() == 1);
}

TEST_CASE("killed between two moves, only the second is made good") {
  Post post;
  const MessageId id = post.new_id();
  crash_point = "mda.intent";
  CHECK_THROWS_AS(post.take(for_two(post, id)), Crash);
  post.drop();
  REQUIRE(post.staged() == std::vector<std::string>{"1.1", "1.2"});
  const std::string bobs = post.mailbox("bob") + "/new/";
  {
    auto database = *ledger::open(post.root / "state/mda.db");
    const auto intent = *ledger::find(*database, 1, 1);
    std::filesystem::rename(post.root / "mail/.staging/1.1", bobs + intent->file);
  }
  post.restart();
  CHECK(post.delivery->recovered().moved == 1);
  for (const char* user : {"bob", "eva"}) CHECK(post.files(user).size() == 1);
  for (const auto& outcome : post.take(for_two(post, id))) CHECK(outcome.resumed);
}

TEST_CASE("a user who moves or expunges the message between the crash and the repeat does not get it twice") {
  for (const bool expunge : {true, false}) {
    Post post;
    const MessageId id = post.new_id();
    post.take_and_crash(for_two(post, id), "mda.renamed");
    const std::string bobs = post.mailbox("bob");
    const std::string file = post.files("bob").at(0);
    if (expunge)
      std::filesystem::remove(bobs + "/new/" + file);
    else
      std::filesystem::rename(bobs + "/new/" + file, bobs + "/.Trash/cur/" + file + ":2,S");
    post.restart();
    CHECK(post.take(for_two(post, id)).at(0).state == OutcomeState::delivered);
    CHECK(post.files("bob").empty());
    CHECK(post.files("bob", ".Trash/cur").size() == (expunge ? 0 : 1));
  }
}

TEST_CASE("a staged file whose intent stands is moved by a repeat, too") {
  Post post;
  const MessageId id = post.new_id();
  const auto first = post.take(id, 1, "bob@example.org");
  // As if the move had failed before: the file is back in .staging under the row's name.
  std::filesystem::rename(post.mailbox("bob") + "/new/" + first.file, post.root / "mail/.staging/1.1");
  const auto again = post.take(id, 1, "bob@example.org");
  CHECK(again.resumed);
  CHECK(again.state == OutcomeState::delivered);
  CHECK(post.files("bob") == std::vector<std::string>{first.file});
  CHECK(post.staged().empty());
}

namespace {

/// Leaves one intent for bob, staged; `change` edits it and the mailbox while the daemon is down.
void with_intent(Post& post, const std::function<void(Record&)>& change) {
  auto item = post.item(post.new_id());
  item.recipients = {Post::to(1, "bob@example.org")};
  crash_point = "mda.intent";
  std::vector<proto::DeliverItem> items;
  items.push_back(item);
  CHECK_THROWS_AS(post.take(std::move(items)), Crash);
  post.drop();
  auto database = *ledger::open(post.root / "state/mda.db");
  auto record = **ledger::find(*database, 1, 1);
  change(record);
  REQUIRE(ledger::redirect(*database, record));
  database.reset();
  post.restart();
}

}  // namespace

TEST_CASE("an intent for a folder that has gone ends in INBOX") {
  Post post;
  with_intent(post, [&](Record& record) {
    record.folder = "Junk";
    std::filesystem::remove_all(post.mailbox("bob") + "/.Junk");
  });
  CHECK(post.delivery->recovered().moved == 1);
  CHECK(post.files("bob").size() == 1);
}

TEST_CASE("an intent for a folder goes into that folder") {
  Post post;
  with_intent(post, [&](Record& record) { record.folder = "Junk"; });
  CHECK(post.files("bob", ".Junk/new").size() == 1);
  CHECK(post.files("bob").empty());
}

TEST_CASE("an intent whose mailbox has gone makes it again") {
  Post post;
  with_intent(post, [&](Record&) { std::filesystem::remove_all(post.root / "mail/example.org"); });
  CHECK(post.files("bob").size() == 1);
}

TEST_CASE("an intent whose name is taken gets another name and replaces nothing") {
  Post post;
  std::string taken;
  with_intent(post, [&](Record& record) {
    taken = post.mailbox("bob") + "/new/" + record.file;
    spit(taken, "somebody else's");
  });
  CHECK(slurp(taken) == "somebody else's");
  const auto files = post.files("bob");
  REQUIRE(files.size() == 2);
  CHECK(post.take(post.new_id(), 2, "bob@example.org").state == OutcomeState::delivered);
  for (const auto& file : files) CHECK(file.find(",S=") != std::string::npos);
}

TEST_CASE("a rename that a power cut left with both names counts as done") {
  Post post;
  with_intent(post, [&](Record& record) {
    std::filesystem::create_hard_link(post.root / "mail/.staging/1.1",
                                      post.mailbox("bob") + "/new/" + record.file);
  });
  CHECK(post.files("bob").size() == 1);
  CHECK(post.staged().empty());
}

TEST_CASE("an intent that cannot be moved stays staged, and waits for the repeat") {
  Post post;
  const std::string bob = post.mailbox("bob");
  with_intent(post, [&](Record&) {
    std::filesystem::rename(bob, bob + ".away");
    std::filesystem::create_symlink(bob + ".away", bob);
  });
  CHECK(post.delivery->recovered().stuck == 1);
  CHECK(post.staged().size() == 1);
  std::filesystem::remove(bob);
  std::filesystem::rename(bob + ".away", bob);
  post.restart();
  CHECK(post.delivery->recovered().moved == 1);
  CHECK(post.files("bob").size() == 1);
}

TEST_CASE("a repeat whose move fails is withdrawn, so that later means no intent") {
  Post post;
  const MessageId id = post.new_id();
  const auto first = post.take(id, 1, "bob@example.org");
  const std::string bob = post.mailbox("bob");
  std::filesystem::rename(bob + "/new/" + first.file, post.root / "mail/.staging/1.1");
  std::filesystem::rename(bob, bob + ".away");
  std::filesystem::create_symlink(bob + ".away", bob);
  CHECK(post.take(id, 1, "bob@example.org").state == OutcomeState::later);
  CHECK(post.staged().empty());
  std::filesystem::remove(bob);
  std::filesystem::rename(bob + ".away", bob);
  const auto again = post.take(id, 1, "bob@example.org");
  CHECK(again.state == OutcomeState::delivered);
  CHECK_FALSE(again.resumed);
  CHECK(post.files("bob").size() == 1);
}

TEST_CASE("strange files in .staging are swept at start") {
  Post post;
  for (const char* name : {"1.99", "x", "1764000000.M1P2.host"})
    spit(post.root / ("mail/.staging/" + std::string(name)), "x");
  post.restart();
  CHECK(post.delivery->recovered().swept == 3);
  CHECK(post.staged().empty());
}

TEST_CASE("a quota is counted also for what was moved at start") {
  Post post;
  post.quota = 100'000;
  post.restart();
  auto item = post.item(post.new_id());
  item.recipients = {Post::to(1, "bob@example.org")};
  post.take_and_crash(item, "mda.intent");
  CHECK(slurp(post.mailbox("bob") + "/maildirsize") == "100000S\n0 0\n87 1\n");
}
