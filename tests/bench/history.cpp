// What a long history costs: writes an mta.db through the queue's own store functions, then tells how long
// the questions of people take on it, and what the events of a message cost.
//
//   bench_history FOLDER [MESSAGES [WAITING]]     1 000 000 and 100 000 unless said otherwise
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <functional>

#include "common/base/text.h"
#include "mta/queue/audit_store.h"
#include "mta/queue/backlog_store.h"
#include "mta/queue/queue_store.h"
#include "mta/queue/signed_store.h"
#include "mta/queue/trace_store.h"
#include "mta/trail/trail_store.h"

using namespace futar;
using namespace futar::mta;
using store::Database;

namespace {

constexpr int64_t day_ms = 86'400'000;
constexpr int64_t now_ms = 1'800'000'000'000;
constexpr int64_t users = 2000, outsiders = 50'000;

template <class T>
T need(Result<T> result) {
  if (result) return *std::move(result);
  std::fprintf(stderr, "%s\n", result.error().text.c_str());
  std::exit(1);
}
void need(Result<void> result) {
  if (result) return;
  std::fprintf(stderr, "%s\n", result.error().text.c_str());
  std::exit(1);
}

double seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

/// Time on the wall and of this thread, in seconds.
struct Took {
  double wall = -seconds_of(CLOCK_MONOTONIC), cpu = -seconds_of(CLOCK_THREAD_CPUTIME_ID);
  Took& stop() {
    wall += seconds_of(CLOCK_MONOTONIC);
    cpu += seconds_of(CLOCK_THREAD_CPUTIME_ID);
    return *this;
  }
};

/// Message number i of `all`, spread evenly over 29 days that end now.
spool::Message message(int64_t i, int64_t all) {
  uint64_t salt = static_cast<uint64_t>(i) * 0x9e3779b97f4a7c15;
  spool::Message made;
  made.accepted_ms = now_ms - 29 * day_ms + i * (29 * day_ms / all);
  MessageId::Bytes bytes{};
  for (size_t at = 0; at < 6; ++at)
    bytes[at] = static_cast<uint8_t>(made.accepted_ms >> (8 * (5 - static_cast<int>(at))));
  for (size_t at = 6; at < 16; ++at)
    bytes[at] = static_cast<uint8_t>((salt = salt * 6364136223846793005u + 1) >> 56);
  made.id = MessageId(bytes);
  made.envelope.reverse_path = {fmt::format("person{}", i * 7919 % outsiders),
                                fmt::format("d{}.example", i % 997)};
  made.envelope.recipients.push_back({{fmt::format("user{}", i * 31 % users), "futar.test"}, {}});
  made.header = "Subject: test\r\nFrom: a@b.example\r\n\r\n";
  made.body.bytes = std::make_shared<const std::string>(2048, 'x');
  made.body.size = 2048;
  made.proven_sender = true;
  return made;
}

std::vector<event::Event> arrival(const spool::Message& m, int64_t i) {
  using event::Field;
  using event::Kind;
  const std::string client = fmt::format("203.0.{}.{}", i % 113, i % 251);
  return {event::Event(m.accepted_ms, Kind::spf)
              .with(Field::what, "pass")
              .with(Field::name, m.envelope.reverse_path.domain),
          event::Event(m.accepted_ms, Kind::dkim)
              .with(Field::what, "pass")
              .with(Field::name, m.envelope.reverse_path.domain),
          event::Event(m.accepted_ms, Kind::dmarc)
              .with(Field::what, "pass")
              .with(Field::from, m.envelope.reverse_path.domain),
          event::Event(m.accepted_ms, Kind::accepted)
              .with(Field::client, client)
              .with(Field::name, "mx." + m.envelope.reverse_path.domain)
              .with(Field::reverse_path, m.envelope.reverse_path.text())
              .with(Field::size, "2100")
              .with(Field::recipients, "1")
              .with(Field::message_id, fmt::format("<{}.x@{}>", i, m.envelope.reverse_path.domain))};
}

enum class Events { with, without };

/// Taken, then delivered; or it waits for one of 500 servers, or is held.
void store_one(Database& database, int64_t i, int64_t all, bool waits, Events events) {
  const spool::Message m = message(i, all);
  const bool kept = events == Events::with;
  const int64_t key =
      need(spool::insert_message(database, m, kept ? arrival(m, i) : std::vector<event::Event>()));
  NewRecipient planned;
  planned.address = planned.target = m.envelope.recipients[0].address;
  planned.state = waits ? State::waiting : State::in_flight;
  if (waits) planned.destination = fmt::format("mx{}.example", i % 500);
  if (waits) planned.due_ms = now_ms + i % 3'600'000;
  Recipient recipient;
  recipient.row = need(insert_recipient(database, key, planned));
  if (waits) return;
  recipient.state = State::in_flight;
  need(set_state(database, recipient, State::delivered, By::attempt, 0, 0, true, "put into INBOX", "2.0.0"));
  if (kept)
    need(spool::append_events(database, key,
                              {event::Event(m.accepted_ms + 40, event::Kind::delivered)
                                   .with(event::Field::recipient, planned.address.text())
                                   .with(event::Field::folder, "INBOX")}));
  need(clear_message(database, key));
}

std::unique_ptr<Database> open(const std::string& path) {
  auto database = need(Database::open(path, Database::Mode::create));
  need(store::migrate(*database, queue_schema));
  return database;
}

void store_range(Database& database, int64_t from, int64_t to, int64_t all, int64_t waiting, Events events) {
  auto transaction = need(store::Transaction::begin(database));
  // Those that wait are the newest, as in life.
  for (int64_t i = from; i < to; ++i) store_one(database, i, all, i >= all - waiting, events);
  need(transaction.commit());
}

void make_history(Database& database, int64_t messages, int64_t waiting) {
  Took took;
  for (int64_t i = 0; i < messages; i += 1000)
    store_range(database, i, std::min(i + 1000, messages), messages, waiting, Events::with);
  need(database.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  took.stop();
  struct stat size{};
  ::stat(database.path().c_str(), &size);
  fmt::print("history   {} messages, {} wait: written in {:.0f} s, {:.1f} us of CPU each; mta.db {} MB\n",
             messages, waiting, took.wall, took.cpu * 1e6 / static_cast<double>(messages),
             size.st_size >> 20);
}

void write_run(Database& database, const trail::Batch& batch, const trail::Cursor& from) {
  const int64_t run = need(trail::next_run(database));
  for (size_t part = 0; part * trail::part_size < batch.entries.size(); part += 300) {
    auto transaction = need(store::Transaction::begin(database));
    need(trail::write_parts(database, run, batch, part, 300));
    need(transaction.commit());
  }
  auto transaction = need(store::Transaction::begin(database));
  if (!need(trail::publish(database, run, batch, from))) std::abort();
  need(transaction.commit());
}

/// As the keeper does it, batch by batch, on one connection.
void make_trail(Database& database, int64_t messages) {
  double reading = 0, writing = 0;
  const auto write = [&](const trail::Batch& batch, const trail::Cursor& from) {
    Took took;
    write_run(database, batch, from);
    writing += took.stop().cpu;
  };
  while (true) {
    Took took;
    const trail::Cursor from = need(trail::cursor_of(database));
    const trail::Batch batch = need(trail::collect(database, 2000));
    reading += took.stop().cpu;
    if (batch.to == from) break;
    write(batch, from);
    while (true) {
      Took merging;
      const auto merged = need(trail::collect_merge(database));
      reading += merging.stop().cpu;
      if (!merged) break;
      write(*merged, {});
    }
    Took sweeping;
    while (need(trail::sweep(database, 300)) > 0) {
    }
    writing += sweeping.stop().cpu;
  }
  need(database.execute("PRAGMA wal_checkpoint(TRUNCATE)"));
  const double each = 1e6 / static_cast<double>(messages);
  fmt::print(
      "trail     {:.1f} us of CPU a message: {:.1f} behind the mail, {:.1f} on the thread of the mail\n",
      (reading + writing) * each, reading * each, writing * each);
}

/// The first time on a new connection, then the median of nine more.
void ask(const std::string& path, const char* what, const std::function<size_t(Database&)>& question) {
  auto database = need(Database::open(path, Database::Mode::read));
  Took first;
  const size_t found = question(*database);
  first.stop();
  std::vector<double> later, cpu;
  for (int i = 0; i < 9; ++i) {
    Took again;
    question(*database);
    later.push_back(again.stop().wall);
    cpu.push_back(again.cpu);
  }
  std::ranges::sort(later);
  std::ranges::sort(cpu);
  fmt::print("ask       {:<40} {:>6} found  first {:>6.1f} ms, then {:>6.1f} ms ({:.1f} ms of CPU)\n", what,
             found, first.wall * 1e3, later[4] * 1e3, cpu[4] * 1e3);
}

void ask_all(const std::string& path, int64_t messages) {
  const spool::Message some = message(messages / 2, messages);
  const auto trace = [&](const char* what, const spool::TraceQuery& query) {
    ask(path, what, [&](Database& database) { return need(find_traced(database, query, 100)).size(); });
  };
  const std::string from = some.envelope.reverse_path.text(), to = some.envelope.recipients[0].address.text();
  trace("trace a sender", {.what = from});
  trace("trace a recipient (more than 100)", {.what = to});
  trace("trace an address nobody has", {.what = "nobody@example.com"});
  trace("trace --from --to", {.from = from, .to = to});
  trace("trace --to our domain --from a domain",
        {.from = "@" + some.envelope.reverse_path.domain, .to = "@futar.test"});
  trace("trace --client", {.client = "203.0.7.7"});
  trace("trace --message-id",
        {.message_id = fmt::format("<{}.x@d{}.example>", messages / 3, messages / 3 % 997)});
  trace("trace the end of an id", {.what = some.id.text().substr(20)});
  trace("trace the start of an id", {.what = some.id.text().substr(0, 16)});
  trace("trace --last 1h", {.since_ms = now_ms - 3'600'000});
  trace("trace an address --last 1h", {.what = to, .since_ms = now_ms - 3'600'000});
  ask(path, "status: what is open", [](Database& database) {
    const OpenCounts open = need(count_open(database));
    return static_cast<size_t>(open.waiting + open.in_flight + open.held);
  });
  ask(path, "queue: what is open, by destination",
      [](Database& database) { return need(length_by_destination(database, now_ms)).size(); });
}

void audit(const std::string& path) {
  auto database = need(Database::open(path, Database::Mode::read));
  Took took;
  const Audited audited = need(audit_queue(*database));
  took.stop();
  fmt::print("audit     {} messages in {:.2f} s, {} problems\n", audited.census.messages, took.wall,
             audited.problems.size());
}

/// Two databases side by side, in turns of 64 messages a commit.
void compare_events(const std::string& folder) {
  constexpr int64_t turns = 300, each = 64;
  for (const char* name : {"/with.db", "/without.db"})
    for (const char* part : {"", "-wal", "-shm"}) ::unlink((folder + name + part).c_str());
  auto with = open(folder + "/with.db"), without = open(folder + "/without.db");
  double cpu_with = 0, cpu_without = 0;
  for (int64_t turn = 0; turn < turns; ++turn)
    for (const Events events : {Events::with, Events::without}) {
      Took took;
      store_range(events == Events::with ? *with : *without, turn * each, (turn + 1) * each, turns * each, 0,
                  events);
      (events == Events::with ? cpu_with : cpu_without) += took.stop().cpu;
    }
  const double scale = 1e6 / static_cast<double>(turns * each);
  fmt::print(
      "events    a message in mta.db costs {:.1f} us of CPU with its events, {:.1f} without: {:.1f} us "
      "more\n",
      cpu_with * scale, cpu_without * scale, (cpu_with - cpu_without) * scale);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "usage: %s FOLDER [MESSAGES [WAITING]]\n", argv[0]), 64;
  const std::string folder = argv[1], path = folder + "/mta.db";
  const int64_t messages = argc > 2 ? static_cast<int64_t>(parse_number(argv[2]).value_or(0)) : 1'000'000;
  const int64_t waiting = argc > 3 ? static_cast<int64_t>(parse_number(argv[3]).value_or(0)) : messages / 10;
  if (messages < 10 || waiting > messages) return std::fprintf(stderr, "at least 10 messages\n"), 64;
  ::mkdir(folder.c_str(), 0700);
  if (const bool is_new = ::access(path.c_str(), F_OK) != 0; is_new) {
    auto database = open(path);
    make_history(*database, messages, waiting);
    make_trail(*database, messages);
  }
  compare_events(folder);
  ask_all(path, messages);
  audit(path);
  return 0;
}
