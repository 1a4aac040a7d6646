#include "common/store/copy.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "tests/common/store/temp_folder.h"

using namespace futar;
using namespace futar::store;

namespace {

std::unique_ptr<Database> with_rows(const std::string& path, int rows) {
  auto database = Database::open(path, Database::Mode::create);
  REQUIRE(database);
  REQUIRE(migrate(**database, {1, 1, [](Database& d, int) { return d.execute("CREATE TABLE n(v)"); }}));
  for (int i = 0; i < rows; ++i) REQUIRE((*database)->execute("INSERT INTO n VALUES(1)"));
  return std::move(*database);
}

int64_t count(Database& database) {
  auto statement = database.prepare("SELECT count(*) FROM n");
  REQUIRE(statement);
  REQUIRE(statement->step().value());
  return statement->integer(0);
}

void mark(const TempFolder& folder, const Restored& restored) {
  REQUIRE(replace_file(folder / restored_mark, encode_restored(restored), 0600));
}

}  // namespace

TEST_CASE("a copy is as of the moment in which the reader began, whatever is written meanwhile") {
  TempFolder folder;
  const auto writer = with_rows(folder / "a.db", 3);
  auto reader = Database::open(folder / "a.db", Database::Mode::read);
  REQUIRE(reader);
  REQUIRE((*reader)->execute("BEGIN"));
  CHECK(count(**reader) == 3);
  REQUIRE(writer->execute("INSERT INTO n VALUES(1)"));
  REQUIRE(copy_database(**reader, folder / "copy.db"));
  auto copy = Database::open(folder / "copy.db", Database::Mode::immutable);
  REQUIRE(copy);
  CHECK(count(**copy) == 3);
  CHECK(check(**copy, 60'000).value());
  struct stat status{};
  REQUIRE(::stat((folder / "copy.db").c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
}

TEST_CASE("a copy is never written over a file") {
  TempFolder folder;
  const auto database = with_rows(folder / "a.db", 1);
  REQUIRE(replace_file(folder / "copy.db", "something", 0600));
  CHECK_FALSE(copy_database(*database, folder / "copy.db"));
  CHECK(read_file(folder / "copy.db").value() == "something");
}

TEST_CASE("a database that was put back is adopted once, also when the mark outlives a kill") {
  TempFolder folder;
  const auto database = with_rows(folder / "a.db", 0);
  int adopted = 0;
  const auto adopt = [&](Database&, const Restored& restored) -> Result<void> {
    CHECK(restored.taken_ms == 5000);
    ++adopted;
    return {};
  };
  CHECK_FALSE(adopt_restored(*database, folder.path(), adopt).value());
  CHECK(put_back_ms(*database).value() == 0);
  mark(folder, {5000, 9000});
  CHECK(adopt_restored(*database, folder.path(), adopt).value());
  CHECK(put_back_ms(*database).value() == 9000);
  mark(folder, {5000, 9000});  // the commit was durable, the unlink was not
  CHECK_FALSE(adopt_restored(*database, folder.path(), adopt).value());
  CHECK(adopted == 1);
  mark(folder, {5000, 9999});  // put back once more
  CHECK(adopt_restored(*database, folder.path(), adopt).value());
  CHECK(adopted == 2);
}

TEST_CASE("an adoption that fails leaves the mark, and a damaged mark stops the start") {
  TempFolder folder;
  const auto database = with_rows(folder / "a.db", 0);
  mark(folder, {5000, 9000});
  CHECK_FALSE(adopt_restored(*database, folder.path(), [](Database& d, const Restored&) -> Result<void> {
    TRY(d.execute("INSERT INTO n VALUES(1)"));
    return fail(Error::temporary("no"));
  }));
  CHECK(count(*database) == 0);
  CHECK(read_file(folder / restored_mark));
  REQUIRE(replace_file(folder / restored_mark, "5000", 0600));
  CHECK_FALSE(adopt_restored(*database, folder.path(),
                             [](Database&, const Restored&) -> Result<void> { return {}; }));
}

TEST_CASE("the reason of a hold tells the time of the backup and when to release") {
  CHECK(restored_reason({1764021785123, 0}) ==
        "restored from backup of 2025-11-24T22:03:05Z, release when the old machine is surely gone");
  CHECK(is_restored_reason(restored_reason({})));
  CHECK_FALSE(is_restored_reason("by operator"));
}
