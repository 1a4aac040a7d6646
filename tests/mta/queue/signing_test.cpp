#include "mta/queue/signed_store.h"
#include "mta/sign/selector_store.h"
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
};

size_t signatures_in(const std::string& header) {
  size_t count = 0;
  for (const auto& field : message::split_header(header)) count += field.name == "DKIM-Signature";
  return count;
}

bool has(const std::vector<std::string>& words, const std::string& wanted) {
  return std::ranges::find(words, wanted) != words.end();
}

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
