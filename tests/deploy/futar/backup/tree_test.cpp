#include "deploy/futar/backup/tree.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/common/store/temp_folder.h"

namespace futar::backup {
namespace {

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

void write(const std::string& path, mode_t mode) {
  std::ofstream(path) << "secret\n";
  REQUIRE(::chmod(path.c_str(), mode) == 0);
}

TEST_CASE("a copy is private, and its entry tells what the file and its folder were") {
  TempFolder folder;
  std::filesystem::create_directories(folder / "from/link");
  std::filesystem::create_directories(folder / "to");
  REQUIRE(::chmod((folder / "from/link").c_str(), 0751) == 0);
  write(folder / "from/link/mta.secret", 0640);
  const auto from = Tree::open(folder / "from"), to = Tree::open(folder / "to");
  REQUIRE(from);
  REQUIRE(to);
  const auto copied = copy_file(*from, "link/mta.secret", *to, "tls/link/mta.secret", 0600);
  REQUIRE(copied);
  REQUIRE(*copied);
  CHECK((*copied)->mode == 0640);
  CHECK((*copied)->folder_mode == 0751);
  CHECK((*copied)->group.empty());
  CHECK(mode_of(folder / "to/tls/link/mta.secret") == 0600);
  CHECK(mode_of(folder / "to/tls/link") == 0700);
}

TEST_CASE("a file that belongs to another group than its folder keeps that in its entry" *
          doctest::skip(::geteuid() != 0)) {
  TempFolder folder;
  std::filesystem::create_directories(folder / "from");
  std::filesystem::create_directories(folder / "to");
  write(folder / "from/mta.secret", 0640);
  REQUIRE(::chown((folder / "from/mta.secret").c_str(), 0, 1) == 0);  // daemon, on every Debian
  const auto copied =
      copy_file(*Tree::open(folder / "from"), "mta.secret", *Tree::open(folder / "to"), "x", 0600);
  REQUIRE(copied);
  CHECK((*copied)->group == "daemon");
}

TEST_CASE("new folders above a path get the mode that is asked for, whatever the umask") {
  TempFolder folder;
  const auto tree = Tree::open(folder.path());
  REQUIRE(tree);
  const mode_t before = ::umask(0077);
  CHECK(tree->make_parents("a/b/file", 0755));
  ::umask(before);
  CHECK(mode_of(folder / "a") == 0755);
  CHECK(mode_of(folder / "a/b") == 0755);
}

}  // namespace
}  // namespace futar::backup
