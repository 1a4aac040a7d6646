// A queue over a real database in a folder of the test, with a clock that stands, and an outlet that keeps
// what it gets.
#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

#include "common/directory/publisher.h"
#include "common/directory/records.h"
#include "common/net/workers.h"
#include "common/store/ask.h"
#include "mta/queue/audit_store.h"
#include "mta/queue/queue.h"
#include "mta/queue/remote_queue.h"
#include "mta/queue/replan.h"
#include "mta/queue/trace_store.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/run.h"
#include "tests/fakes/temp_folder.h"

namespace futar::mta {

class QueueFixture {
 public:
  explicit QueueFixture(RouteRules route = {}) : route_(route) {
    publish();
    open();
  }

  /// A new process on the same folder, as after a kill.
  void restart() {
    close();
    open();
  }
  /// The same after a change of the config.
  void restart(RouteRules route) {
    route_ = std::move(route);
    restart();
  }

  Result<void> accept(spool::Message message, std::optional<Author> author = std::nullopt) {
    Result<void> result;
    run_task(loop,
             [](QueueFixture& f, spool::Message m, std::optional<Author> by, Result<void>& r) -> Task<> {
               const event::Event accepted(f.clock.wall_ms(), event::Kind::accepted);
               r = co_await f.queue->accept(std::move(m), {accepted}, by);
             }(*this, std::move(message), author, result));
    return result;
  }

  spool::Message message(std::vector<std::string> to, std::string from = "sender@futar.test") {
    spool::Message m;
    m.id = MessageId::make(clock);
    if (!from.empty()) m.envelope.reverse_path = *smtp::parse_address(from);
    for (const std::string& address : to)
      m.envelope.recipients.push_back({*smtp::parse_address(address), {}});
    m.header = "Subject: test\r\n\r\n";
    m.body.bytes = std::make_shared<const std::string>("body\r\n");
    m.body.size = m.body.bytes->size();
    m.accepted_ms = clock.wall_ms();
    m.proven_sender = true;
    return m;
  }

  /// Recipients that mda got and has not answered.
  std::vector<proto::DeliverRecipient> sent() const {
    std::vector<proto::DeliverRecipient> all;
    for (const auto& item : items) all.insert(all.end(), item.recipients.begin(), item.recipients.end());
    return all;
  }
  bool wait_for_sent(size_t count) {
    return run_until(loop, [&] { return sent().size() >= count; });
  }

  void answer(const proto::DeliverRecipient& recipient, proto::OutcomeState state, std::string reason = "",
              std::vector<std::string> targets = {}) {
    proto::OutcomeItem item;
    item.row = recipient.row;
    item.state = state;
    item.reason = std::move(reason);
    item.targets = std::move(targets);
    for (auto& one : items) std::erase_if(one.recipients, [&](const auto& r) { return r.row == item.row; });
    queue->outcomes({item});
  }

  bool wait_for_state(std::string_view address, State state) {
    return run_until(loop, [&] { return state_of(address) == state; });
  }
  /// Of the newest recipient with that address.
  State state_of(std::string_view address) {
    State state = State::none;
    look([&](store::Database& database) {
      spool::TraceQuery query;
      query.what = address;
      auto traced = find_traced(database, query, 10);
      if (!traced) return;
      for (const Traced& one : *traced)
        for (const Recipient& r : one.recipients)
          if (r.address.text() == address && state == State::none) state = r.state;
    });
    return state;
  }
  Recipient recipient(int64_t row) {
    Recipient found;
    look([&](store::Database& database) { found = load_recipient(database, row)->value_or(Recipient{}); });
    return found;
  }
  Census census() {
    Census census;
    look([&](store::Database& database) { census = audit_queue(database)->census; });
    return census;
  }
  /// An operator's verb on all open recipients.
  Acted act(Act act) {
    Acted acted;
    run_task(loop, [](QueueFixture& f, Act wanted, Acted& out) -> Task<> {
      auto result =
          co_await store::ask<Acted>(*f.writer_, [&f, wanted](store::Database& database) -> Result<Acted> {
            return act_on(database, TRY(select_open(database, {}, f.clock.wall_ms(), 100)), wanted,
                          "operator", f.clock.wall_ms());
          });
      REQUIRE(result.has_value());
      out = *result;
    }(*this, act, acted));
    queue->wake();
    return acted;
  }
  void damage(const char* sql) {
    write([sql](store::Database& database) { return database.execute(sql); });
  }
  void write(std::function<Result<void>(store::Database&)> change) {
    bool done = false;
    writer_->submit(std::move(change), [&](Result<void> r) { done = r.has_value(); });
    REQUIRE(run_until(loop, [&] { return done; }));
  }
  bool dsn_is_due() {
    bool due = false;
    look([&](store::Database& database) { due = !messages_with_dsn_due(database, 1)->empty(); });
    return due;
  }
  std::vector<std::string> problems() {
    std::vector<std::string> problems;
    look([&](store::Database& database) { problems = audit_queue(database)->problems; });
    return problems;
  }
  void look(const std::function<void(store::Database&)>& see) {
    auto database = store::Database::open(folder / "mta.db", store::Database::Mode::read);
    REQUIRE(database.has_value());
    see(**database);
  }

  TempFolder folder;
  FakeClock clock;
  net::Loop loop;
  std::vector<proto::DeliverItem> items;
  bool outlet_ready = true;
  size_t replanned = 0;  ///< by the newest start
  std::unique_ptr<Queue> queue;
  std::unique_ptr<RemoteQueue> remote;

 private:
  void publish() {
    directory::Records records;
    REQUIRE(directory::add_domain(records, "futar.test").has_value());
    for (std::string_view user : {"alice", "bob", "captured", "eva", "sender"})
      REQUIRE(directory::add_account(records, std::string(user) + "@futar.test", {}).has_value());
    REQUIRE(
        directory::add_alias(records, "team@futar.test", {"alice@futar.test", "bob@futar.test"}).has_value());
    records.generation = 1;
    REQUIRE(directory::publish(records, {folder.path()}).has_value());
  }

  void open() {
    directory_ = *directory::Directory::open(folder.path(), "+");
    workers_ = std::make_unique<net::Workers>(loop, 2, "test");
    spool_ = *spool::Folder::open(folder / "spool", loop, *workers_);
    auto database = store::Database::open(folder / "mta.db", store::Database::Mode::create);
    REQUIRE(database.has_value());
    REQUIRE(store::migrate(**database, queue_schema).has_value());
    REQUIRE(return_in_flight(**database, Flights::all).has_value());
    replanned = replan(**database, route_, *directory_, clock.wall_ms()).value();
    writer_ =
        std::make_unique<store::Writer>(loop, *std::move(database), [](Error error) { FAIL(error.text); });
    reader_ = std::make_unique<store::Reader>(loop, *writer_);
    QueueOptions options;
    options.host = "mail.futar.test";
    options.route = route_;
    queue = std::make_unique<Queue>(loop, *workers_, *writer_, *reader_, *spool_, clock, options,
                                    [this]() -> const directory::Directory& { return *directory_; });
    queue->set_outlet({[this] { return outlet_ready; },
                       [this](proto::DeliverItem item) { items.push_back(std::move(item)); }});
    remote = std::make_unique<RemoteQueue>(loop, *queue, *reader_);
    queue->start();
  }

  void close() {
    remote->stop();
    queue->stop();
    run_until(loop, [this] { return loop.running() <= 1; });
    writer_.reset();  // what it still has to answer is answered while the queue is there
    poll_loop(loop);
    queue.reset();
    reader_.reset();
    spool_.reset();
    workers_.reset();
    items.clear();
  }

 public:
  ~QueueFixture() { close(); }

 protected:
  RouteRules route_;
  std::unique_ptr<directory::Directory> directory_;
  std::unique_ptr<net::Workers> workers_;
  std::unique_ptr<spool::Folder> spool_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<store::Reader> reader_;
};

}  // namespace futar::mta
