#include "common/store/low_water.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "tests/common/store/temp_folder.h"
#include "tests/fakes/clock.h"

using namespace futar;

TEST_CASE("low water is reached when less is free than asked for, and when nobody can say") {
  TempFolder folder;
  FakeClock clock;
  CHECK_FALSE(store::LowWater(folder.path(), 1, clock).reached());
  CHECK(store::LowWater(folder.path(), UINT64_MAX, clock).reached());
  CHECK(store::LowWater(folder / "missing", 1, clock).reached());
}

TEST_CASE("the file system is asked once a second") {
  TempFolder folder;
  FakeClock clock;
  const std::string state = folder / "state";
  REQUIRE(make_folders(state));
  store::LowWater low_water(state, 1, clock);
  CHECK_FALSE(low_water.reached());
  std::filesystem::remove(state);
  clock.advance_ms(999);
  CHECK_FALSE(low_water.reached());
  clock.advance_ms(1);
  CHECK(low_water.reached());
}

TEST_CASE("ballast takes real blocks, is made once and let go once") {
  TempFolder folder;
  store::Ballast ballast(folder / "ballast", 1 << 20);
  REQUIRE(ballast.fill());
  REQUIRE(ballast.fill());
  struct stat status{};
  REQUIRE(::stat((folder / "ballast").c_str(), &status) == 0);
  CHECK(status.st_size == 1 << 20);
  CHECK(status.st_blocks * 512 >= 1 << 20);
  CHECK(ballast.release());
  CHECK_FALSE(ballast.release());
}

TEST_CASE("ballast that does not fit leaves nothing behind") {
  TempFolder folder;
  store::Ballast ballast(folder / "ballast", 1ull << 50);
  CHECK_FALSE(ballast.fill());
  CHECK_FALSE(std::filesystem::exists(folder / "ballast"));
}
