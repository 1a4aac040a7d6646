#include "common/store/writer.h"

#include <doctest/doctest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "common/base/point.h"
#include "common/store/low_water.h"
#include "tests/common/store/temp_folder.h"

using namespace futar;
using store::Database;
using store::Statement;
using Kind = Error::Kind;

namespace {

Result<void> insert(Database& database, int64_t value, size_t octets = 0) {
  Statement& statement = *TRY(database.statement("INSERT INTO n VALUES(?1, ?2)"));
  return statement.bind(1, value).bind_blob(2, std::string(octets, 'x')).run();
}

store::Job inserting(int64_t value, size_t octets = 0) {
  return [=](Database& database) { return insert(database, value, octets); };
}

std::unique_ptr<Database> with_numbers(const std::string& path) {
  auto database = Database::open(path, Database::Mode::create);
  REQUIRE(database);
  REQUIRE((*database)->execute("CREATE TABLE IF NOT EXISTS n(value INTEGER PRIMARY KEY, octets BLOB)"));
  return std::move(*database);
}

std::vector<int64_t> stored(const std::string& path) {
  auto database = Database::open(path, Database::Mode::read);
  REQUIRE(database);
  auto rows = (*database)->prepare("SELECT value FROM n ORDER BY value");
  std::vector<int64_t> values;
  while (rows->step().value()) values.push_back(rows->integer(0));
  return values;
}

/// Submits jobs so that they form one batch, and collects their results.
class Batch {
 public:
  explicit Batch(const std::string& path, std::function<bool()> relieve = {}) : path_(path) {
    writer_ =
        std::make_unique<store::Writer>(loop_, with_numbers(path), [this](Error e) { broken_.push_back(e); });
    if (relieve) writer_->when_full(std::move(relieve));
  }

  /// Results in order of completion are those in order of submission.
  std::vector<Result<void>> run(std::vector<store::Job> jobs) {
    std::vector<Result<void>> results;
    // The first job holds the store thread until all are queued behind it.
    std::mutex hold;
    hold.lock();
    writer_->submit(
        [&hold](Database&) -> Result<void> {
          std::lock_guard wait(hold);
          return {};
        },
        [](auto) {});
    while (writer_->waiting() > 0) std::this_thread::yield();
    const size_t all = jobs.size();
    for (auto& job : jobs)
      writer_->submit(std::move(job), [&, all](Result<void> result) {
        results.push_back(std::move(result));
        if (results.size() == all) loop_.stop();
      });
    hold.unlock();
    run_loop(loop_);
    REQUIRE(results.size() == all);
    return results;
  }

  store::Writer& writer() { return *writer_; }
  net::Loop& loop() { return loop_; }
  const std::vector<Error>& broken() const { return broken_; }
  std::vector<int64_t> stored() const { return ::stored(path_); }

 private:
  std::string path_;
  net::Loop loop_;
  std::unique_ptr<store::Writer> writer_;
  std::vector<Error> broken_;
};

}  // namespace

TEST_CASE("all jobs that wait share one commit") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  std::vector<store::Job> jobs;
  for (int i = 0; i < 100; ++i) jobs.push_back(inserting(i));
  for (const auto& result : batch.run(jobs)) CHECK(result);
  CHECK(batch.writer().statistics().commits == 2);  // the holding job's, and theirs
  CHECK(batch.writer().statistics().jobs == 101);
  CHECK(batch.stored().size() == 100);
}

TEST_CASE("a failing job among good ones fails alone, and its own writes are undone") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  std::vector<store::Job> jobs;
  for (int i = 0; i < 50; ++i) jobs.push_back(inserting(i));
  jobs[20] = [](Database& database) -> Result<void> {
    TRY(insert(database, 1000));
    return insert(database, 19);  // is there already
  };
  const auto results = batch.run(jobs);
  for (size_t i = 0; i < results.size(); ++i) CHECK(results[i].has_value() == (i != 20));
  CHECK(results[20].error().kind == Kind::permanent);
  CHECK(batch.stored().size() == 49);
  CHECK(batch.stored().back() == 49);
  CHECK(batch.writer().statistics().commits == 3);  // holding job, before it, after it
  CHECK(batch.writer().statistics().failed_jobs == 1);
  CHECK(batch.broken().empty());
}

TEST_CASE("when every job fails each has its own error") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  std::vector<store::Job> jobs;
  for (int i = 0; i < 40; ++i)
    jobs.push_back([i](Database&) -> Result<void> { return fail(Error::permanent(std::to_string(i))); });
  const auto results = batch.run(jobs);
  for (size_t i = 0; i < results.size(); ++i) CHECK(results[i].error().text == std::to_string(i));
}

TEST_CASE("jobs take effect in the order of their submission, also around a failure") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  std::vector<int> order;
  std::vector<store::Job> jobs;
  for (int i = 0; i < 10; ++i)
    jobs.push_back([i, &order](Database&) -> Result<void> {
      std::erase(order, i);  // a job may run twice: it sets its outputs anew
      order.push_back(i);
      if (i == 4) return fail(Error::temporary("not now"));
      return {};
    });
  batch.run(jobs);
  CHECK(order == std::vector{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
}

TEST_CASE("an error of ours fails everybody who waits or comes later, and is told once") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  const auto results = batch.run(
      {inserting(1), [](Database&) -> Result<void> { return fail(Error::ours("EIO")); }, inserting(3)});
  for (const auto& result : results) CHECK(result.error().kind == Kind::ours);
  const auto later = batch.run({inserting(4), inserting(5)});
  for (const auto& result : later) CHECK(result.error().text == "EIO");
  CHECK(batch.broken().size() == 1);
  CHECK(batch.stored().empty());
}

TEST_CASE("a job that throws is an error of ours") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  const auto results = batch.run({[](Database&) -> Result<void> { throw std::runtime_error("a bug"); }});
  CHECK(results[0].error().kind == Kind::ours);
  CHECK(results[0].error().text.find("a bug") != std::string::npos);
  CHECK(batch.broken().size() == 1);
}

TEST_CASE("a coroutine goes on after the durable commit") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  auto test = [](Batch& b) -> Task<> {
    const auto result = co_await b.writer().commit(inserting(1));
    CHECK(result);
    CHECK(b.stored() == std::vector<int64_t>{1});
    const auto refused = co_await b.writer().commit(inserting(1));
    CHECK_FALSE(refused);
  };
  run_task(batch.loop(), test(batch));
}

TEST_CASE("what is queued when the writer ends is committed") {
  TempFolder folder;
  {
    net::Loop loop;
    store::Writer writer(loop, with_numbers(folder / "x.db"), {});
    for (int i = 0; i < 1000; ++i) writer.submit(inserting(i), [](auto) {});
  }
  CHECK(stored(folder / "x.db").size() == 1000);
}

TEST_CASE("a full disk fails what does not fit and keeps serving the rest") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  REQUIRE(batch.run({[](Database& d) { return d.execute("PRAGMA max_page_count = 12"); }})[0]);
  const auto results = batch.run({inserting(1), inserting(2, 500'000), inserting(3)});
  CHECK(results[0]);
  CHECK(results[1].error().kind == Kind::temporary);
  CHECK(results[2]);
  CHECK(batch.stored() == std::vector<int64_t>{1, 3});
  CHECK(batch.broken().empty());
}

TEST_CASE("letting go of the ballast lets jobs on a full disk pass") {
  TempFolder folder;
  bool ballast = true;
  Batch* self = nullptr;
  Database* database = nullptr;
  Batch batch(folder / "x.db", [&] {
    if (ballast) CHECK(database->execute("PRAGMA max_page_count = 1000"));
    return std::exchange(ballast, false);
  });
  self = &batch;
  REQUIRE(self->run({[&database](Database& d) {
    database = &d;
    return d.execute("PRAGMA max_page_count = 12");
  }})[0]);
  const auto results = batch.run({inserting(1), inserting(2, 500'000), inserting(3)});
  for (const auto& result : results) CHECK(result);
  const auto too_much = batch.run({inserting(4, 5'000'000)});
  CHECK_FALSE(too_much[0]);
}

namespace {

/// Runs in a child that has a file system of 8 MiB for itself. Its exit status: 0 all well, 9 cannot be tried
/// here, another number names the step that went wrong.
int fill_a_disk(const std::string& path) noexcept {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
      ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=8m") != 0)
    return 9;
  store::Ballast ballast(path + "/ballast", 3 << 20);
  if (!ballast.fill()) return 1;
  bool may_release = false;
  Batch batch(path + "/x.db", [&] { return may_release && ballast.release(); });
  int64_t stored = 0;
  Result<void> result;
  while (stored < 100 && (result = batch.run({inserting(stored, 200'000)})[0])) ++stored;
  if (result || result.error().kind != Kind::temporary) return 2;
  if (batch.stored().size() != static_cast<size_t>(stored)) return 3;
  for (std::ofstream filler(path + "/filler"); filler.put('x').flush();) continue;
  if (batch.run({inserting(stored, 200'000)})[0]) return 4;
  may_release = true;
  if (!batch.run({inserting(stored, 200'000)})[0]) return 5;
  if (!batch.run({[](Database& d) { return d.execute("DELETE FROM n WHERE value > 0"); }})[0]) return 6;
  return batch.broken().empty() && batch.stored().size() == 1 ? 0 : 7;
}

}  // namespace

TEST_CASE("on a disk that is really full jobs fail for now, and pass once the ballast is let go") {
  TempFolder folder;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(fill_a_disk(folder.path()));
  int status = 0;
  ::waitpid(child, &status, 0);
  REQUIRE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 9)
    MESSAGE("no rights to mount a small file system: not tried");
  else
    CHECK(WEXITSTATUS(status) == 0);
}

TEST_CASE("while another process holds the database all who wait are told to come again") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  REQUIRE(batch.run({[](Database& d) { return d.execute("PRAGMA busy_timeout = 100"); }})[0]);
  auto other = with_numbers(folder / "x.db");
  std::vector<Result<void>> results;
  {
    auto held = store::Transaction::begin(*other);
    for (int i = 0; i < 50; ++i)
      batch.writer().submit(inserting(i), [&](Result<void> result) {
        results.push_back(std::move(result));
        if (results.size() == 50) batch.loop().stop();
      });
    run_loop(batch.loop());
  }
  for (const auto& result : results) CHECK(result.error().kind == Kind::temporary);
  CHECK(batch.run({inserting(1)})[0]);
}

TEST_CASE("a process killed before the commit has stored nothing of the batch, after it everything") {
  for (const std::string_view moment : {"store.before_commit", "store.after_commit"}) {
    TempFolder folder;
    with_numbers(folder / "x.db");
    static std::string_view at;
    at = moment;
    const pid_t child = ::fork();
    if (child == 0) {
      futar_point_hook = [](const char* name) {
        if (name == at) ::_exit(7);
      };
      net::Loop loop;
      auto database = Database::open(folder / "x.db", Database::Mode::create);
      store::Writer writer(loop, std::move(*database), {});
      writer.submit(
          [](Database& d) -> Result<void> {
            for (int i = 0; i < 100; ++i) TRY(insert(d, i));
            return {};
          },
          [](auto) {});
      loop.run();
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK(WEXITSTATUS(status) == 7);
    CHECK(stored(folder / "x.db").size() == (moment == "store.before_commit" ? 0 : 100));
  }
}

TEST_CASE("a reader's job sees one snapshot while the writer goes on") {
  TempFolder folder;
  Batch batch(folder / "x.db");
  REQUIRE(batch.run({inserting(1)})[0]);
  store::Reader reader(batch.loop(), batch.writer());
  auto test = [](Batch& b, store::Reader& r, std::string path) -> Task<> {
    std::vector<int64_t> counts;
    const store::Job look = [&](Database& database) -> Result<void> {
      auto rows = TRY(database.prepare("SELECT count(*) FROM n"));
      for (int64_t i = 0; i < 2; ++i) {
        TRY(rows.step());
        counts.push_back(rows.integer(0));
        rows.reset();
        if (i == 0) TRY(insert(*with_numbers(path), 2));
      }
      return {};
    };
    const auto seen = co_await r.read(look);
    CHECK(seen);
    CHECK(counts == std::vector<int64_t>{1, 1});
    CHECK(b.stored().size() == 2);
    const auto refused = co_await r.read(inserting(3));
    CHECK_FALSE(refused);
    const auto thrown = co_await r.read([](Database&) -> Result<void> { throw std::runtime_error("a bug"); });
    CHECK(thrown.error().kind == Kind::ours);
  };
  run_task(batch.loop(), test(batch, reader, folder / "x.db"));
}

TEST_CASE("the checkpointer copies the WAL back and cuts it when all is quiet") {
  TempFolder folder;
  auto database = with_numbers(folder / "x.db");
  REQUIRE(insert(*database, 1, 100'000));
  store::Checkpointer checkpointer(folder / "x.db", {}, 20);
  struct stat wal{};
  for (int i = 0; i < 100; ++i) {
    REQUIRE(::stat((folder / "x.db-wal").c_str(), &wal) == 0);
    if (wal.st_size == 0) break;
    ::usleep(100'000);
  }
  CHECK(wal.st_size == 0);
  CHECK(stored(folder / "x.db").size() == 1);
}
