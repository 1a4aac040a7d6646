#include "common/base/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

using namespace futar;

namespace {

struct TemporaryFolder {
  TemporaryFolder() {
    char name[] = "/tmp/futar-test-XXXXXX";
    path = mkdtemp(name);
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path); }
  std::string path;
};

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("a replaced file has the new octets, the wanted mode, and leaves nothing beside it") {
  TemporaryFolder folder;
  const std::string path = folder.path + "/secret";
  REQUIRE(replace_file(path, "one", 0600).has_value());
  REQUIRE(replace_file(path, "two", 0640).has_value());
  CHECK(*read_file(path) == "two");
  CHECK(mode_of(path) == 0640);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}

TEST_CASE("folders are made with their parents, and a file in the way is an error") {
  TemporaryFolder folder;
  REQUIRE(make_folders(folder.path + "/a/b/c", 0700).has_value());
  CHECK(std::filesystem::is_directory(folder.path + "/a/b/c"));
  CHECK(make_folders(folder.path + "/a/b/c").has_value());
  REQUIRE(replace_file(folder.path + "/file", "", 0600).has_value());
  CHECK_FALSE(make_folders(folder.path + "/file").has_value());
}

TEST_CASE("a new folder has its mode under a strict umask too, and keeps the group of its parent") {
  TemporaryFolder folder;
  REQUIRE(::chmod(folder.path.c_str(), 02700) == 0);
  const mode_t before = ::umask(0077);
  const auto made = make_folders(folder.path + "/open/too", 0755);
  ::umask(before);
  REQUIRE(made.has_value());
  struct stat status{};
  REQUIRE(::stat((folder.path + "/open/too").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 02755);
}

TEST_CASE("a state folder is locked once") {
  TemporaryFolder folder;
  auto first = lock_folder(folder.path);
  REQUIRE(first.has_value());
  const auto second = lock_folder(folder.path);
  REQUIRE_FALSE(second.has_value());
  CHECK(second.error().text.find("in use") != std::string::npos);
  first->reset();
  CHECK(lock_folder(folder.path).has_value());
}

TEST_CASE("a file over the limit is refused, not read into memory") {
  TemporaryFolder folder;
  REQUIRE(replace_file(folder.path + "/big", std::string(1000, 'x'), 0600).has_value());
  CHECK(read_file(folder.path + "/big", 1000).has_value());
  CHECK_FALSE(read_file(folder.path + "/big", 999).has_value());
}

TEST_CASE("errno tells whether to try again, to give up, or to stop") {
  CHECK(errno_error(ENOSPC, "write").kind == Error::Kind::temporary);
  CHECK(errno_error(ENOENT, "open").kind == Error::Kind::permanent);
  CHECK(errno_error(EIO, "fsync").kind == Error::Kind::ours);
}
