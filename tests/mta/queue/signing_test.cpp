#include "common/arc/verifier.h"
#include "mta/queue/signed_store.h"
#include "mta/sign/selector_store.h"
#include "tests/fakes/resolver.h"
#include "tests/mta/queue/queue_fixture.h"

using namespace futar;
using namespace futar::mta;
using proto::OutcomeState;

namespace {

// A queue whose signer has keys that the DNS is said to show.
struct SigningFixture : QueueFixture {
  SigningFixture() : keyring(loop, *workers_, *writer_, clock, directory_now(), shown(), options()) {
    write(create_selector_tables);
    Result<void> made;
    run_task(loop, [](Keyring& k, Result<void>& out) -> Task<> {
      out = co_await k.make("futar.test", Keyring::Make::first);
    }(keyring, made));
    REQUIRE(made.has_value());
    keyring.start();
    REQUIRE(run_until(loop, [this] {
      const auto both = keyring.signer("futar.test");
      return both && both->keys().size() == 2;
    }));
    keyring.stop();
    REQUIRE(run_until(loop, [this] { return loop.running() <= 4; }));
    queue->set_signer(signer);
    remote->set_sealer(sealer);
  }
  /// One attempt: what goes out to each destination.
  std::vector<RemoteItem> take_remote() {
    std::vector<RemoteItem> items;
    run_task(loop, [](QueueFixture& f, std::vector<RemoteItem>& out) -> Task<> {
      for (const Destination& destination : co_await f.remote->due(10))
        for (RemoteItem& item : co_await f.remote->take(destination.key, 10, 1 << 20))
          out.push_back(std::move(item));
    }(*this, items));
    return items;
  }
  /// A message from outside to an alias that leads to `targets`.
  spool::Message forward(std::vector<std::string> targets, const std::string& header) {
    queue->link_up();
    spool::Message m = message({"team@futar.test"}, "user@sender.example");
    m.header = header;
    REQUIRE(accept(m).has_value());
    REQUIRE(wait_for_sent(1));
    answer(sent()[0], OutcomeState::expanded, "", std::move(targets));
    REQUIRE(wait_for_state("team@futar.test", State::expanded));
    return m;
  }

  ~SigningFixture() {
    queue->stop();
    run_until(loop, [this] { return loop.running() <= 1; });
  }

  spool::Message letter(std::vector<std::string> to) {
    spool::Message m = message(std::move(to));
    m.header = "From: sender@futar.test\r\n" + m.header;
    return m;
  }
  Seen take(int64_t sequence, spool::Message m) {
    Seen seen = Seen::no;
    run_task(loop, [](QueueFixture& fx, int64_t s, spool::Message one, Seen& out) -> Task<> {
      std::vector<Queue::FromMsa> batch;
      batch.push_back({s, std::move(one)});
      auto answers = co_await fx.queue->take("msa-instance", 1, std::move(batch));
      REQUIRE(answers.has_value());
      out = answers->at(0);
    }(*this, sequence, std::move(m), seen));
    return seen;
  }
  std::string stored_header(const MessageId& id) {
    std::string header;
    look([&](store::Database& database) {
      const auto key = spool::find_message(database, id);
      header = spool::load_message(database, **key)->value().header;
    });
    return header;
  }
  std::vector<std::string> events(const MessageId& id) {
    std::vector<std::string> words;
    look([&](store::Database& database) {
      for (const auto& event : *spool::load_events(database, **spool::find_message(database, id)))
        words.push_back(event::words(event));
    });
    return words;
  }
  std::map<std::string, uint64_t> counts() {
    std::map<std::string, uint64_t> all;
    look([&](store::Database& database) { all = *count_signed(database); });
    return all;
  }
  Queue::DirectoryNow directory_now() {
    return [this]() -> const directory::Directory& { return *directory_; };
  }
  static Keyring::Look shown() {
    return [](Selector) -> Task<Sighting> { co_return Sighting{Sighting::State::shown, "shown"}; };
  }
  KeyringOptions options() { return {.folder = folder / "dkim", .make_missing = false, .look = true}; }

  Keyring keyring;
  MailSigner signer{keyring, *workers_, *spool_, clock, directory_now()};
  ForwardSealer sealer{keyring, *workers_, *spool_, clock, "mail.futar.test"};
};

size_t signatures_in(const std::string& header) {
  size_t count = 0;
  for (const auto& field : message::split_header(header)) count += field.name == "DKIM-Signature";
  return count;
}

bool has(const std::vector<std::string>& words, const std::string& wanted) {
  return std::ranges::find(words, wanted) != words.end();
}

/// "pass futar.test": what whoever gets it finds of the chain.
std::string chain_of(SigningFixture& f, const RemoteItem& item) {
  FakeResolver dns;
  for (const Selector& s : f.keyring.selectors()) dns.add(s.dns_name() + " TXT " + s.record);
  arc::Verifier verifier(item.seal + item.prefix + item.header, f.clock.wall_ms());
  verifier.body(*item.body.bytes);
  run_task(f.loop, dkim::fetch_keys(verifier, dns, f.clock));
  const arc::Verdict verdict = verifier.finish();
  return fmt::format("{}{}", arc::name(verdict.result),
                     verdict.seals.empty() ? "" : " " + verdict.seals.back().domain);
}

const std::string judged =
    "Authentication-Results: mail.futar.test;\r\n\tspf=pass "
    "smtp.mailfrom=user@sender.example;\r\n\tarc=none\r\n"
    "From: user@sender.example\r\nSubject: x\r\n\r\n";

const std::string by = "futar.test 20251124r 20251124e";

}  // namespace

TEST_CASE(
    "what msa hands over is signed before it is stored; mailboxes and other servers get the same octets") {
  SigningFixture f;
  f.queue->link_up();
  const spool::Message m = f.letter({"alice@futar.test", "eve@remote.example"});
  REQUIRE(f.take(1, m) == Seen::no);
  REQUIRE(f.wait_for_sent(1));
  const std::string header = f.stored_header(m.id);
  CHECK(signatures_in(header) == 2);
  CHECK(header.ends_with(m.header));
  CHECK(f.items[0].header == header);
  CHECK(has(f.events(m.id), "signed for futar.test with selectors 20251124r, 20251124e"));
}

TEST_CASE("what comes from one of our networks is signed, what comes from outside is not") {
  SigningFixture f;
  const spool::Message ours = f.letter({"eve@remote.example"});
  REQUIRE(f.accept(ours, Author::user).has_value());
  CHECK(signatures_in(f.stored_header(ours.id)) == 2);
  CHECK(has(f.events(ours.id), "signed for futar.test with selectors 20251124r, 20251124e"));
  const spool::Message foreign = f.letter({"eve@remote.example"});
  REQUIRE(f.accept(foreign).has_value());
  CHECK(signatures_in(f.stored_header(foreign.id)) == 0);
}

TEST_CASE("a message that msa offers again keeps its first signatures") {
  SigningFixture f;
  const spool::Message m = f.letter({"alice@futar.test"});
  REQUIRE(f.take(1, m) == Seen::no);
  const std::string header = f.stored_header(m.id);
  f.clock.advance_ms(60'000);
  CHECK(f.take(1, m) == Seen::same);
  CHECK(f.stored_header(m.id) == header);
}

TEST_CASE("messages that wait are counted by their selectors until they end") {
  SigningFixture f;
  f.queue->link_up();
  REQUIRE(f.take(1, f.letter({"alice@futar.test"})) == Seen::no);
  REQUIRE(f.take(2, f.letter({"eve@remote.example", "bob@futar.test"})) == Seen::no);
  REQUIRE(f.wait_for_sent(2));
  CHECK(f.counts() == std::map<std::string, uint64_t>{{by, 2}});
  CHECK(carried(f.counts(), "futar.test", "20251124e") == 2);
  CHECK(carried(f.counts(), "other.test", "20251124e") == 0);
  CHECK(carried(f.counts(), "futar.test", "20251124") == 0);
  for (const auto& recipient : f.sent()) f.answer(recipient, OutcomeState::delivered);
  REQUIRE(f.wait_for_state("alice@futar.test", State::delivered));
  REQUIRE(f.wait_for_state("bob@futar.test", State::delivered));
  CHECK(f.counts() == std::map<std::string, uint64_t>{{by, 1}});
}

TEST_CASE("without a key mail that stays here says nothing of it, mail that leaves does") {
  SigningFixture f;
  spool::Message here = f.message({"alice@futar.test"}), away = f.message({"eve@remote.example"});
  here.header = away.header = "From: x@elsewhere.test\r\n\r\n";
  REQUIRE(f.take(1, here) == Seen::no);
  REQUIRE(f.take(2, away) == Seen::no);
  CHECK(f.events(here.id) == std::vector<std::string>{"taken over from msa"});
  CHECK(has(f.events(away.id), "not signed: From names no domain of ours"));
  CHECK(f.stored_header(away.id) == away.header);
  CHECK(f.counts().empty());
}

TEST_CASE("a notification is signed when it is stored") {
  SigningFixture f;
  f.queue->link_up();
  const spool::Message m = f.letter({"alice@futar.test"});
  REQUIRE(f.take(1, m) == Seen::no);
  REQUIRE(f.wait_for_sent(1));
  f.answer(f.sent()[0], OutcomeState::failed, "no such user");
  REQUIRE(f.wait_for_sent(1));
  const auto& notice = f.items.back();
  CHECK(notice.reverse_path.is_null());
  CHECK(signatures_in(notice.header) == 2);
  CHECK(f.counts() == std::map<std::string, uint64_t>{{by, 1}});
}

TEST_CASE("mail from outside is not signed: it is not ours to vouch for") {
  SigningFixture f;
  const spool::Message m = f.letter({"alice@futar.test"});
  REQUIRE(f.accept(m).has_value());
  CHECK(f.stored_header(m.id) == m.header);
}

TEST_CASE("what an alias sends on is sealed over what was found when it came, the same at each attempt") {
  SigningFixture f;
  const spool::Message m = f.forward({"eve@remote.example", "alice@futar.test"}, judged);
  const auto first = f.take_remote();
  REQUIRE(first.size() == 1);
  CHECK(first[0].header == judged);
  CHECK(first[0].seal.find("i=1; mail.futar.test;\r\n\tspf=pass smtp.mailfrom=user@sender.example") !=
        std::string::npos);
  CHECK(chain_of(f, first[0]) == "pass futar.test");
  CHECK(has(f.events(m.id), "sealed for futar.test with selector 20251124r"));
  CHECK(f.counts() == std::map<std::string, uint64_t>{{"futar.test 20251124r", 1}});
  CHECK(f.items.back().header == judged);  // our own mailbox gets none

  f.clock.advance_ms(60'000);
  f.write([](store::Database& database) -> Result<void> {
    TRY(return_in_flight(database, Flights::all));
    return {};
  });
  const auto again = f.take_remote();
  REQUIRE(again.size() == 1);
  CHECK(again[0].seal == first[0].seal);
}

TEST_CASE("one seal for all whom an alias leads to") {
  SigningFixture f;
  f.forward({"eve@remote.example", "eve@other.example"}, judged);
  const auto items = f.take_remote();
  REQUIRE(items.size() == 2);
  CHECK_FALSE(items[0].seal.empty());
  CHECK(items[0].seal == items[1].seal);
}

TEST_CASE(
    "without a key that the DNS shows, or a judgement of ours, nothing is sealed and it goes out all the "
    "same") {
  SigningFixture f;
  f.forward({"eve@remote.example"}, "From: user@sender.example\r\n\r\n");
  auto items = f.take_remote();
  REQUIRE(items.size() == 1);
  CHECK(items[0].seal.empty());

  SigningFixture g;
  for (const Selector& s : g.keyring.selectors())
    run_task(g.loop, [](Keyring& k, Selector one) -> Task<> {
      REQUIRE((co_await k.retire(one.domain, one.selector, 0, true)).has_value());
    }(g.keyring, s));
  g.forward({"eve@remote.example"}, judged);
  items = g.take_remote();
  REQUIRE(items.size() == 1);
  CHECK(items[0].seal.empty());
}

TEST_CASE("our own user's mail through an alias is signed, and not sealed") {
  SigningFixture f;
  f.queue->link_up();
  REQUIRE(f.take(1, f.letter({"team@futar.test"})) == Seen::no);
  REQUIRE(f.wait_for_sent(1));
  f.answer(f.sent()[0], OutcomeState::expanded, "", {"eve@remote.example"});
  REQUIRE(f.wait_for_state("team@futar.test", State::expanded));
  const auto items = f.take_remote();
  REQUIRE(items.size() == 1);
  CHECK(items[0].seal.empty());
  CHECK(signatures_in(items[0].header) == 2);
}

TEST_CASE("the seal goes with the content when the message ends") {
  SigningFixture f;
  f.forward({"eve@remote.example"}, judged);
  const auto items = f.take_remote();
  REQUIRE(items.size() == 1);
  RemoteOutcome outcome;
  outcome.row = items[0].recipients[0].row;
  outcome.state = RemoteOutcome::State::relayed;
  run_task(f.loop, f.remote->conclude({outcome}));
  f.look([](store::Database& database) { CHECK(*load_seal(database, 1) == ""); });
}

TEST_CASE("a database of before there were signatures gets their columns, and a trail") {
  const TempFolder folder;
  auto database = store::Database::open(folder / "mta.db", store::Database::Mode::create);
  REQUIRE(database.has_value());
  REQUIRE(store::migrate(**database, queue_schema).has_value());
  REQUIRE((*database)
              ->execute("ALTER TABLE message DROP COLUMN seal; ALTER TABLE message DROP COLUMN signed; "
                        "ALTER TABLE peer DROP COLUMN forgotten; DROP TABLE trail; DROP TABLE trail_run; "
                        "PRAGMA user_version = 2")
              .has_value());
  CHECK_FALSE(set_signed(**database, 1, by).has_value());
  REQUIRE(store::migrate(**database, queue_schema).has_value());
  CHECK(set_signed(**database, 1, by).has_value());
  CHECK(set_seal(**database, 1, "ARC-Seal: x\r\n", by).has_value());
  CHECK(find_traced(**database, {.what = "bob@futar.test"}, 1)->empty());
}
