#include "tests/mda/from_mta/post.h"

using namespace futar;
using namespace futar::mda;
using proto::OutcomeState;

TEST_CASE("a message lands in new/ with its trace fields, in LF, with its sizes in the name") {
  Post post;
  const MessageId id = post.new_id();
  const auto outcome = post.take(id, 7, "Bob@example.org");
  CHECK(outcome.state == OutcomeState::delivered);
  CHECK(outcome.status == "2.0.0");
  CHECK(outcome.reason == "put into INBOX");
  CHECK(outcome.folder == "INBOX");
  CHECK_FALSE(outcome.resumed);
  const auto files = post.files("bob");
  REQUIRE(files.size() == 1);
  CHECK(files[0] == outcome.file);
  CHECK(files[0].find("R7I" + id.text() + ".mx,S=87,W=92") != std::string::npos);
  CHECK(slurp(post.mailbox("bob") + "/new/" + files[0]) ==
        "Return-Path: <alice@remote.example>\nDelivered-To: Bob@example.org\nSubject: test\n\nhello\n");
  CHECK(post.staged().empty());
}

TEST_CASE("a message to three recipients is three files, each with its own Delivered-To") {
  Post post;
  auto item = post.item(post.new_id());
  item.prefix = "ARC-Seal: x\r\n";
  item.recipients = {Post::to(1, "bob@example.org"), Post::to(2, "eva@example.org"),
                     Post::to(3, "eva+x@example.org")};
  const auto outcomes = post.take(item);
  REQUIRE(outcomes.size() == 3);
  for (const auto& outcome : outcomes) CHECK(outcome.state == OutcomeState::delivered);
  CHECK(post.files("bob").size() == 1);
  const auto files = post.files("eva");
  REQUIRE(files.size() == 2);
  const std::string text = slurp(post.mailbox("eva") + "/new/" + files[1]);
  CHECK(text.starts_with(
      "Return-Path: <alice@remote.example>\nDelivered-To: eva+x@example.org\nARC-Seal: x\nSubject"));
}

TEST_CASE("junk goes into Junk, which is made again when its user removed it; the next message into INBOX") {
  for (const uint64_t quota : {uint64_t{0}, uint64_t{1} << 20}) {
    Post post;
    post.quota = quota;
    post.restart();
    for (int64_t row = 1; row <= 2; ++row) {
      auto item = post.item(post.new_id());
      item.junk = true;
      item.recipients = {Post::to(row, "bob@example.org")};
      const auto outcome = post.take(item).at(0);
      CHECK(outcome.reason == "put into Junk");
      CHECK(post.files("bob", ".Junk/new") == std::vector<std::string>{outcome.file});
      std::filesystem::remove_all(post.mailbox("bob") + "/.Junk");
    }
    CHECK(post.take(post.new_id(), 3, "bob@example.org").folder == "INBOX");
    CHECK(post.files("bob").size() == 1);
  }
}

TEST_CASE("the null reverse-path stays null") {
  Post post;
  auto item = post.item(post.new_id());
  item.reverse_path = {};
  item.recipients = {Post::to(1, "bob@example.org")};
  CHECK(post.take(item).size() == 1);
  CHECK(slurp(post.mailbox("bob") + "/new/" + post.files("bob").at(0)).starts_with("Return-Path: <>\n"));
}

TEST_CASE("aliases, strangers and suspended mailboxes get their answers") {
  Post post;
  REQUIRE(directory::add_alias(post.records, "team@example.org", {"bob@example.org", "eva@remote.example"}));
  post.records.accounts["eva@example.org"].suspended = true;
  post.publish();
  run_task(*post.loop, [&]() -> Task<> { CHECK(co_await post.delivery->reopen_directory()); }());

  const auto team = post.take(post.new_id(), 1, "team@example.org");
  CHECK(team.state == OutcomeState::expanded);
  CHECK(team.targets == std::vector<std::string>{"bob@example.org", "eva@remote.example"});
  const auto stranger = post.take(post.new_id(), 2, "nobody@example.org");
  CHECK(stranger.state == OutcomeState::failed);
  CHECK(stranger.status == "5.1.1");
  CHECK(post.take(post.new_id(), 3, "bob@remote.example").status == "5.1.2");
  const auto suspended = post.take(post.new_id(), 4, "eva@example.org");
  CHECK(suspended.state == OutcomeState::later);
  CHECK(suspended.status == "4.2.1");
  CHECK(post.files("bob").empty());

  auto item = post.item(post.new_id());
  item.recipients = {Post::to(5, "team@example.org")};
  item.recipients[0].depth = 1;
  item.recipients[0].ancestry = {"team@example.org"};
  CHECK(post.take(item).at(0).status == "5.4.6");
}

TEST_CASE("whom mta knows of a newer generation is looked up there before he is refused") {
  Post post;
  REQUIRE(directory::add_account(post.records, "new@example.org", {}));
  post.publish();
  CHECK(post.take(post.new_id(), 1, "new@example.org").state == OutcomeState::delivered);
  CHECK(post.files("new").size() == 1);
}

TEST_CASE("before any directory is published, mail waits") {
  Post post;
  std::filesystem::remove(post.root / "published/addresses.db");
  post.restart();
  const auto outcome = post.take(post.new_id(), 1, "bob@example.org");
  CHECK(outcome.state == OutcomeState::later);
  CHECK(outcome.status == "4.3.5");
}

TEST_CASE("new accounts get their Maildirs when the directory is reopened") {
  Post post;
  run_task(*post.loop, [&]() -> Task<> { CHECK(*co_await post.delivery->reopen_directory() == 2); }());
  CHECK(names_in(post.mailbox("eva")).size() == 8);
  run_task(*post.loop, [&]() -> Task<> { CHECK(*co_await post.delivery->reopen_directory() == 0); }());
}

// ---- repeats
// ---------------------------------------------------------------------------------------------------

TEST_CASE("a repeated row is answered from the ledger, whatever the user has done since") {
  Post post;
  const MessageId id = post.new_id();
  const auto first = post.take(id, 1, "bob@example.org");
  for (const bool expunged : {false, true}) {
    if (expunged) std::filesystem::remove(post.mailbox("bob") + "/new/" + first.file);
    const auto again = post.take(id, 1, "bob@example.org");
    CHECK(again.state == OutcomeState::delivered);
    CHECK(again.resumed);
    CHECK(again.file == first.file);
    CHECK(post.files("bob").size() == (expunged ? 0 : 1));
    post.restart();
  }
  CHECK(post.delivery->counters().delivered == 0);
}

TEST_CASE("a repeated expansion or failure is the same again") {
  Post post;
  REQUIRE(directory::add_alias(post.records, "team@example.org", {"bob@example.org"}));
  post.publish();
  const MessageId id = post.new_id();
  CHECK(post.take(id, 1, "team@example.org").targets.size() == 1);
  CHECK(post.take(id, 2, "nobody@example.org").status == "5.1.1");
  REQUIRE(directory::add_alias(post.records, "team@example.org", {"eva@example.org"}));
  REQUIRE(directory::add_account(post.records, "nobody@example.org", {}));
  post.publish();
  post.restart();
  const auto again = post.take(id, 1, "team@example.org");
  CHECK(again.resumed);
  CHECK(again.targets == std::vector<std::string>{"bob@example.org"});
  CHECK(post.take(id, 2, "nobody@example.org").status == "5.1.1");
}

TEST_CASE("a row that belongs to another message is neither delivered nor confirmed") {
  Post post;
  CHECK(post.take(post.new_id(), 1, "bob@example.org").state == OutcomeState::delivered);
  const auto conflict = post.take(post.new_id(), 1, "bob@example.org");
  CHECK(conflict.state == OutcomeState::later);
  CHECK(conflict.reason.find("rolled back") != std::string::npos);
  CHECK(post.files("bob").size() == 1);
}

TEST_CASE("in a new epoch, or from a copied database, a message is known by its id and recipient") {
  Post post;
  const MessageId id = post.new_id();
  const auto first = post.take(id, 1, "bob@example.org");
  post.epoch = 2;
  const auto again = post.take(id, 900, "bob@example.org");
  CHECK(again.resumed);
  CHECK(again.file == first.file);
  post.instance = "mta-2";
  CHECK(post.take(id, 5, "bob@example.org").resumed);
  CHECK_FALSE(post.take(id, 6, "eva@example.org").resumed);
  CHECK(post.files("bob").size() == 1);
  CHECK(post.files("eva").size() == 1);
}

TEST_CASE("a message known from an old epoch stays known when the old epoch is forgotten") {
  Post post;
  const MessageId id = post.new_id();
  CHECK(post.take(id, 1, "bob@example.org").state == OutcomeState::delivered);
  post.epoch = 2;
  CHECK(post.take(id, 900, "bob@example.org").resumed);
  run_task(*post.loop, [&]() -> Task<> {
    Ledger& ledger = post.delivery->ledger();
    const int64_t old = *co_await ledger.sender_key({"mta-1", 1});
    CHECK(co_await ledger.confirm(old, 100));
    CHECK(*co_await ledger.forget(INT64_MAX) == 1);
  }());
  CHECK(post.take(id, 900, "bob@example.org").resumed);
  CHECK(post.files("bob").size() == 1);
}

TEST_CASE("what mta confirms is forgotten, and not delivered again when it comes back") {
  Post post;
  const MessageId id = post.new_id();
  CHECK(post.take(id, 1, "bob@example.org").state == OutcomeState::delivered);
  post.delivery->sink().confirmed(post.instance, 1, 2);
  post.stop();
  post.clock.advance_ms(1000);
  post.start();
  run_task(*post.loop,
           [&]() -> Task<> { CHECK(*co_await post.delivery->ledger().forget(INT64_MAX) == 1); }());
  CHECK(post.take(id, 1, "bob@example.org").state == OutcomeState::later);
  CHECK(post.files("bob").size() == 1);
}

TEST_CASE("a row that is sent again while it is under way is delivered once") {
  Post post;
  const MessageId id = post.new_id();
  std::vector<proto::OutcomeItem> outcomes;
  auto one = [&]() -> Task<> {
    auto item = post.item(id);
    item.recipients.push_back(Post::to(1, "bob@example.org"));
    proto::Deliver deliver{.epoch = 1, .confirmed_below = 0, .items = {}};
    deliver.items.push_back(std::move(item));
    for (auto& outcome : co_await post.delivery->sink().take("mta-1", std::move(deliver)))
      outcomes.push_back(std::move(outcome));
    if (outcomes.size() == 3) post.loop->stop();
  };
  for (int i = 0; i < 3; ++i) post.loop->spawn("take", one());
  run_loop(*post.loop);
  CHECK(std::ranges::count(outcomes, true, &proto::OutcomeItem::resumed) == 2);
  CHECK(post.files("bob").size() == 1);
  CHECK(post.delivery->under_way() == 0);
}

TEST_CASE("the same row twice in one Deliver is delivered once") {
  Post post;
  auto item = post.item(post.new_id());
  item.recipients = {Post::to(1, "bob@example.org"), Post::to(1, "eva@example.org")};
  const auto outcomes = post.take(item);
  CHECK(outcomes.at(0).state == OutcomeState::delivered);
  CHECK(outcomes.at(1).state == OutcomeState::later);
  CHECK(post.files("eva").empty());
}

// ---- bodies
// ----------------------------------------------------------------------------------------------------

TEST_CASE("a big body comes from the spool and leaves it") {
  Post post;
  std::string lf;
  auto deliver = [&]() -> Task<> {
    const MessageId id = post.new_id();
    auto writer = post.delivery->sink().begin_body(id);
    for (int i = 0; i < 5000; ++i) {
      const std::string line(static_cast<size_t>(i % 70), 'x');
      CHECK(co_await writer.append(line + "\r\n"));
      lf += line + "\n";
    }
    auto item = post.item(id);
    item.body = *co_await writer.finish();
    CHECK(item.body.is_file());
    item.recipients = {Post::to(1, "bob@example.org"), Post::to(2, "eva@example.org")};
    proto::Deliver message{.epoch = 1, .confirmed_below = 0, .items = {}};
    message.items.push_back(std::move(item));
    for (const auto& outcome : co_await post.delivery->sink().take("mta-1", std::move(message)))
      CHECK(outcome.state == OutcomeState::delivered);
  };
  run_task(*post.loop, deliver());
  for (const char* user : {"bob", "eva"})
    CHECK(slurp(post.mailbox(user) + "/new/" + post.files(user).at(0)).ends_with("Subject: test\n\n" + lf));
  post.stop();
  CHECK(names_in(post.root / "state/spool").empty());
}

TEST_CASE("bodies of transfers that a crash cut are swept") {
  Post post;
  spit(post.root / "state/spool/01kb3m7q2v8x0z4c9r5t1n6w3y.1", "half");
  post.restart();
  CHECK(names_in(post.root / "state/spool").empty());
}

// ---- quota
// -----------------------------------------------------------------------------------------------------

TEST_CASE("a full mailbox is told to mta, and told again when there is room") {
  Post post;
  post.quota = 4000;
  post.restart();
  auto item = post.item(post.new_id(), std::string(2000, 'x') + "\r\n");
  item.recipients = {Post::to(1, "bob@example.org")};
  CHECK(post.take(item).at(0).state == OutcomeState::delivered);
  CHECK(post.pushed.empty());

  const auto small = post.take(post.new_id(), 2, "bob@example.org");
  CHECK(small.state == OutcomeState::delivered);
  item.id = post.new_id();
  item.recipients = {Post::to(3, "bob@example.org")};
  CHECK(post.take(item).at(0).status == "4.2.2");

  item = post.item(post.new_id(), std::string(1600, 'x') + "\r\n");
  item.recipients = {Post::to(4, "bob@example.org")};
  CHECK(post.take(item).at(0).state == OutcomeState::delivered);
  REQUIRE(post.pushed.size() == 1);
  CHECK(post.pushed[0].account == "bob@example.org");
  CHECK(post.pushed[0].full);
  const auto all = post.delivery->sink().mailboxes();
  CHECK(all.complete);
  CHECK(all.items.size() == 1);

  // Dovecot's user expunges: a line of maildirsize.
  std::ofstream(post.mailbox("bob") + "/maildirsize", std::ios::app) << "-2000 -1\n";
  CHECK(post.take(post.new_id(), 5, "bob@example.org").state == OutcomeState::delivered);
  REQUIRE(post.pushed.size() == 2);
  CHECK_FALSE(post.pushed[1].full);
}

TEST_CASE("maildirsize counts what is delivered") {
  Post post;
  post.quota = 100'000;
  post.restart();
  for (int64_t row = 1; row <= 3; ++row) post.take(post.new_id(), row, "bob@example.org");
  CHECK(slurp(post.mailbox("bob") + "/maildirsize") == "100000S\n0 0\n87 1\n87 1\n87 1\n");
}

TEST_CASE("a message larger than the whole quota fails for good, postmaster is heard all the same") {
  Post post;
  post.quota = 1000;
  post.restart();
  auto item = post.item(post.new_id(), std::string(2000, 'x') + "\r\n");
  item.recipients = {Post::to(1, "bob@example.org"), Post::to(2, "postmaster@example.org")};
  const auto outcomes = post.take(item);
  CHECK(outcomes.at(0).state == OutcomeState::failed);
  CHECK(outcomes.at(0).status == "5.2.3");
  CHECK(outcomes.at(1).state == OutcomeState::delivered);
}

TEST_CASE("one round does not overfill a mailbox") {
  Post post;
  post.quota = 6000;
  post.restart();
  auto item = post.item(post.new_id(), std::string(2000, 'x') + "\r\n");
  for (int64_t row = 1; row <= 4; ++row)
    item.recipients.push_back(Post::to(row, "bob+" + std::to_string(row) + "@example.org"));
  int delivered = 0;
  for (const auto& outcome : post.take(item)) delivered += outcome.state == OutcomeState::delivered;
  CHECK(delivered == 2);
}

TEST_CASE("reopening the directory finds full mailboxes and lifts old quotas") {
  Post post;
  REQUIRE(MailStore::open(post.root / "mail")->get()->make_mailbox("bob@example.org"));
  spit(post.mailbox("bob") + "/cur/1.a.host,S=5000:2,S", "");
  post.records.accounts["bob@example.org"].quota = 5000;
  post.publish();
  auto reopen = [&]() -> Task<> { CHECK(co_await post.delivery->reopen_directory()); };
  run_task(*post.loop, reopen());
  CHECK(post.delivery->sink().mailboxes().items.size() == 1);
  CHECK(std::filesystem::exists(post.mailbox("bob") + "/maildirsize"));
  post.records.accounts["bob@example.org"].quota = 0;
  post.publish();
  run_task(*post.loop, reopen());
  CHECK(post.delivery->sink().mailboxes().items.empty());
  CHECK_FALSE(std::filesystem::exists(post.mailbox("bob") + "/maildirsize"));
}

TEST_CASE("housekeeping sees that a user made room") {
  Post post;
  post.quota = 1000;
  post.restart();
  REQUIRE(MailStore::open(post.root / "mail")->get()->make_mailbox("bob@example.org"));
  spit(post.mailbox("bob") + "/cur/1.a.host,S=1000:2,S", "");
  run_task(*post.loop, [&]() -> Task<> { CHECK(co_await post.delivery->reopen_directory()); }());
  CHECK(post.delivery->sink().mailboxes().items.size() == 1);
  std::ofstream(post.mailbox("bob") + "/maildirsize", std::ios::app) << "-1000 -1\n";
  post.delivery->start();
  run_task(*post.loop, post.loop->sleep(5'300));
  CHECK(post.delivery->sink().mailboxes().items.empty());
}

// ---- trouble
// ---------------------------------------------------------------------------------------------------

TEST_CASE("a mailbox behind a symbolic link is not written to, and its mail waits") {
  Post post;
  std::filesystem::create_directories(post.root / "victim/new");
  std::filesystem::create_directories(post.root / "mail/example.org");
  std::filesystem::create_symlink(post.root / "victim", post.mailbox("bob"));
  auto item = post.item(post.new_id());
  item.recipients = {Post::to(1, "bob@example.org"), Post::to(2, "eva@example.org")};
  const auto outcomes = post.take(item);
  CHECK(outcomes.at(0).state == OutcomeState::later);
  CHECK(outcomes.at(0).status == "4.3.5");
  CHECK(outcomes.at(1).state == OutcomeState::delivered);
  CHECK(names_in(post.root / "victim/new").empty());
  CHECK(post.staged().empty());
  CHECK(post.broken.empty());
}

TEST_CASE("a Maildir that was removed while the daemon runs is made again") {
  Post post;
  CHECK(post.take(post.new_id(), 1, "bob@example.org").state == OutcomeState::delivered);
  std::filesystem::remove_all(post.mailbox("bob"));
  CHECK(post.take(post.new_id(), 2, "bob@example.org").state == OutcomeState::delivered);
  CHECK(post.files("bob").size() == 1);
}

TEST_CASE("a body that is missing makes its recipients wait") {
  Post post;
  auto item = post.item(post.new_id());
  item.body = {100'000, nullptr, "01kb3m7q2v8x0z4c9r5t1n6w3y.9"};
  item.recipients = {Post::to(1, "bob@example.org")};
  CHECK(post.take(item).at(0).state == OutcomeState::later);
  CHECK(post.files("bob").empty());
  CHECK(post.staged().empty());
}
