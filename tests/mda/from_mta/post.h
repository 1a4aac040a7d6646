// A delivery agent on folders of the test: mta's words go in, outcomes and files come out; it can crash at a
// named point and start again.
#pragma once
#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>

#include "common/base/point.h"
#include "common/directory/publisher.h"
#include "mda/from_mta/delivery.h"
#include "tests/fakes/clock.h"
#include "tests/mda/run_task.h"
#include "tests/mda/temp_folder.h"

namespace futar::mda {

/// Leaves the loop at once, as a kill would: nobody cleans up.
struct Crash {};
inline std::string crash_point;
inline void crash_at(const char* name) {
  if (crash_point == name) throw Crash();
}

struct Post {
  TempFolder root;
  FakeClock clock;
  directory::Records records;
  uint64_t quota = 0;
  size_t threads = 4, rounds = 3, round_size = DeliveryOptions().round_size;
  int64_t gather_ms = DeliveryOptions().gather_ms;
  std::string instance = "mta-1";
  int64_t epoch = 1;
  std::vector<Error> broken;
  std::vector<proto::MailboxStateItem> pushed;

  std::unique_ptr<net::Loop> loop;
  std::unique_ptr<net::Workers> workers;
  std::unique_ptr<Delivery> delivery;

  explicit Post(std::vector<std::string> accounts = {"bob@example.org", "eva@example.org"}) {
    futar_point_hook = crash_at;
    crash_point.clear();
    std::filesystem::create_directories(root / "state");
    std::filesystem::create_directories(root / "published");
    REQUIRE(directory::add_domain(records, "example.org"));
    for (const auto& account : accounts) REQUIRE(directory::add_account(records, account, {}));
    publish();
    start();
  }
  ~Post() {
    stop();
    futar_point_hook = nullptr;
  }

  void publish() {
    ++records.generation;
    const auto published = directory::publish(records, {.folder = root / "published"});
    REQUIRE_MESSAGE(published, published.error().text);
  }

  void start() {
    loop = std::make_unique<net::Loop>();
    workers = std::make_unique<net::Workers>(*loop, threads, "files");
    DeliveryOptions options;
    options.mailboxes = root / "mail";
    options.state_folder = root / "state";
    options.published_folder = root / "published";
    options.hostname = "mx";
    options.quota = quota;
    options.keep_ms = 0;
    options.rounds = rounds;
    options.round_size = round_size;
    options.gather_ms = gather_ms;
    auto opened =
        Delivery::open(*loop, *workers, clock, options, [this](Error error) { broken.push_back(error); });
    REQUIRE_MESSAGE(opened, opened.error().text);
    delivery = *std::move(opened);
    delivery->on_mailbox_change([this](proto::MailboxState state) {
      pushed.insert(pushed.end(), state.items.begin(), state.items.end());
    });
  }

  /// Drops everything where it stands.
  void drop() {
    delivery.reset();
    workers.reset();
    loop.reset();
  }
  void stop() {
    if (delivery) run_task(*loop, delivery->stop());
    drop();
  }
  void restart() {
    crash_point.clear();
    drop();
    start();
  }

  proto::DeliverItem item(const MessageId& id, const std::string& body = "hello\r\n") const {
    proto::DeliverItem item;
    item.id = id;
    item.reverse_path = {"alice", "remote.example"};
    item.header = "Subject: test\r\n\r\n";
    item.body = {body.size(), std::make_shared<const std::string>(body), ""};
    return item;
  }
  static proto::DeliverRecipient to(int64_t row, const std::string& address) {
    proto::DeliverRecipient recipient;
    recipient.row = row;
    recipient.address = *smtp::parse_address(address);
    return recipient;
  }
  MessageId new_id() const { return MessageId::make(clock); }

  std::vector<proto::OutcomeItem> take(std::vector<proto::DeliverItem> items) {
    std::vector<proto::OutcomeItem> outcomes;
    run_task(*loop, [&]() -> Task<> {
      proto::Deliver deliver{.epoch = epoch, .confirmed_below = 0, .items = std::move(items)};
      outcomes = co_await delivery->sink().take(instance, std::move(deliver));
    }());
    return outcomes;
  }
  std::vector<proto::OutcomeItem> take(proto::DeliverItem item) {
    std::vector<proto::DeliverItem> items;
    items.push_back(std::move(item));
    return take(std::move(items));
  }
  /// One message to one recipient.
  proto::OutcomeItem take(const MessageId& id, int64_t row, const std::string& address) {
    proto::DeliverItem one = item(id);
    one.recipients.push_back(to(row, address));
    const auto outcomes = take(std::move(one));
    REQUIRE(outcomes.size() == 1);
    CHECK(outcomes[0].row == row);
    return outcomes[0];
  }
  /// The same, and the daemon dies at the point.
  void take_and_crash(proto::DeliverItem item, const std::string& point) {
    crash_point = point;
    std::vector<proto::DeliverItem> items;
    items.push_back(std::move(item));
    CHECK_THROWS_AS(take(std::move(items)), Crash);
    restart();
  }

  std::string mailbox(const std::string& user) const { return root / ("mail/example.org/" + user); }
  std::vector<std::string> files(const std::string& user, const std::string& folder = "new") const {
    return names_in(mailbox(user) + "/" + folder);
  }
  std::vector<std::string> staged() const { return names_in(root / "mail/.staging"); }
};

}  // namespace futar::mda
