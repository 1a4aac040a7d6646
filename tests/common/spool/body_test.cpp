#include "common/spool/body.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/common/store/temp_folder.h"

using namespace futar;
using spool::blob_limit;
using spool::Body;
using spool::BodyWriter;
using spool::Folder;

namespace {

struct Spool {
  TempFolder temp;
  net::Loop loop;
  net::Workers workers{loop, 4, "spool"};
  std::string path = temp / "spool";
  std::unique_ptr<Folder> folder = std::move(Folder::open(path, loop, workers).value());

  /// Runs a test as a coroutine on the loop.
  void run(Task<> (*test)(Spool&)) { run_task(loop, test(*this)); }
  size_t files() const {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(path), {}));
  }
  /// Waits until the workers have done what is queued.
  Task<> quiet() {
    for (int i = 0; i < 200 && files() > 0; ++i) co_await loop.sleep(5);
  }
};

Task<Result<Body>> write(BodyWriter& writer, std::string_view octets, size_t piece) {
  for (; !octets.empty(); octets.remove_prefix(std::min(piece, octets.size())))
    CO_TRY(co_await writer.append(octets.substr(0, piece)));
  co_return co_await writer.finish();
}

std::string pattern(size_t size) {
  std::string octets(size, '\0');
  for (size_t i = 0; i < size; ++i) octets[i] = static_cast<char>(i * 7 + i / 251);
  return octets;
}

std::string read_all(const Folder& folder, const Body& body) {
  std::string octets;
  while (true) {
    const std::string piece = folder.read(body, octets.size(), 10'000).value();
    if (piece.empty()) return octets;
    octets += piece;
  }
}

}  // namespace

TEST_CASE("a body up to the limit stays in memory, one octet more makes it a file") {
  Spool().run([](Spool& spool) -> Task<> {
    for (const size_t size : {size_t{0}, size_t{1}, blob_limit, blob_limit + 1, size_t{1} << 20}) {
      BodyWriter writer = spool.folder->begin("m" + std::to_string(size));
      const auto body = co_await write(writer, pattern(size), 4096);
      REQUIRE(body);
      CHECK(body->size == size);
      CHECK(writer.size() == size);
      CHECK(body->is_file() == (size > blob_limit));
      CHECK(read_all(*spool.folder, *body) == pattern(size));
      writer.keep();
    }
    CHECK(spool.files() == 2);
  });
}

TEST_CASE("a body file is private, and dropped with a writer that was not told to keep it") {
  Spool().run([](Spool& spool) -> Task<> {
    {
      BodyWriter writer = spool.folder->begin("dropped");
      CHECK(co_await write(writer, pattern(200'000), 70'000));
      struct stat status{};
      CHECK(::stat((spool.path + "/dropped").c_str(), &status) == 0);
      CHECK((status.st_mode & 0777) == 0600);
      CHECK(status.st_size == 200'000);
    }
    co_await spool.quiet();
    CHECK(spool.files() == 0);
  });
}

TEST_CASE("a name that is taken, also by a link, is never written through") {
  Spool().run([](Spool& spool) -> Task<> {
    const std::string precious = spool.temp / "precious";
    std::ofstream(precious) << "mine";
    std::filesystem::create_symlink(precious, spool.path + "/link");
    {
      BodyWriter writer = spool.folder->begin("link");
      const auto body = co_await write(writer, pattern(100'000), 100'000);
      CHECK_FALSE(body);
      const auto later = co_await writer.append("x");
      CHECK_FALSE(later);  // the body has a hole: it must not be finished as if well
      const auto finished = co_await writer.finish();
      CHECK_FALSE(finished);
    }
    CHECK_FALSE(spool.folder->open_body("link"));
    CHECK(std::filesystem::file_size(precious) == 4);
    CHECK(std::filesystem::is_symlink(spool.path + "/link"));
  });
}

TEST_CASE("names that lead elsewhere are refused") {
  Spool().run([](Spool& spool) -> Task<> {
    for (const std::string name : {"", ".", "..", "../x", "a/b", ".hidden", "a\nb"}) {
      CAPTURE(name);
      CHECK(spool.folder->open_body(name).error().kind == Error::Kind::permanent);
      BodyWriter writer = spool.folder->begin(name);
      const auto body = co_await write(writer, pattern(100'000), 100'000);
      CHECK_FALSE(body);
    }
  });
}

TEST_CASE("beyond the memory of all bodies together small ones go to files too") {
  Spool().run([](Spool& spool) -> Task<> {
    std::vector<Body> held;
    while (spool.folder->memory_in_use() + blob_limit <= spool::memory_budget) {
      BodyWriter writer = spool.folder->begin("never");
      held.push_back(std::move((co_await write(writer, std::string(blob_limit, 'x'), blob_limit)).value()));
    }
    CHECK(held.size() == spool::memory_budget / blob_limit);
    {
      BodyWriter writer = spool.folder->begin("early");
      const auto body = co_await write(writer, "small", 5);
      CHECK(body.value().is_file());
      CHECK(read_all(*spool.folder, *body) == "small");
    }
    held.clear();
    CHECK(spool.folder->memory_in_use() == 0);
    BodyWriter writer = spool.folder->begin("again");
    const auto body = co_await write(writer, "small", 5);
    CHECK_FALSE(body.value().is_file());
    CHECK(spool.folder->memory_in_use() == 5);
  });
}

TEST_CASE("a session fetches pieces of a body, whether it is in memory or a file") {
  Spool().run([](Spool& s) -> Task<> {
    for (const size_t size : {blob_limit, blob_limit + 1}) {
      BodyWriter writer = s.folder->begin("m");
      const std::string octets = pattern(size);
      const Body body = (co_await write(writer, octets, 10'000)).value();
      CHECK(body.is_file() == (size > blob_limit));
      CHECK((co_await s.folder->fetch(body, 100, 50)).value() == octets.substr(100, 50));
      CHECK((co_await s.folder->fetch(body, size - 1, 50)).value() == octets.substr(size - 1));
      CHECK((co_await s.folder->fetch(body, size, 50)).value().empty());
      std::string read, fetched;
      CHECK(s.folder->read_all(body, [&](std::string_view piece) { read += piece; }));
      CHECK(co_await s.folder->fetch_all(body, [&](std::string_view piece) { fetched += piece; }));
      CHECK(read == octets);
      CHECK(fetched == octets);
    }
  });
}

TEST_CASE("a file that was cut is an error, not a shorter body") {
  Spool().run([](Spool& spool) -> Task<> {
    BodyWriter writer = spool.folder->begin("cut");
    const auto body = co_await write(writer, pattern(100'000), 100'000);
    REQUIRE(body);
    writer.keep();
    CHECK(::truncate((spool.path + "/cut").c_str(), 50'000) == 0);
    CHECK(spool.folder->read(*body, 0, 50'000));
    CHECK(spool.folder->read(*body, 40'000, 20'000).error().kind == Error::Kind::permanent);
    const auto ignore = [](std::string_view) {};
    CHECK(spool.folder->read_all(*body, ignore).error().kind == Error::Kind::permanent);
    CHECK((co_await spool.folder->fetch_all(*body, ignore)).error().kind == Error::Kind::permanent);
    CHECK(spool.folder->read(Body{7, nullptr, "gone"}, 0, 7).error().kind == Error::Kind::permanent);
    CHECK(spool.folder->read(Body{7, nullptr, ""}, 0, 7).error().kind == Error::Kind::permanent);
  });
}

TEST_CASE("a removed body goes, also twice") {
  Spool().run([](Spool& spool) -> Task<> {
    BodyWriter writer = spool.folder->begin("old");
    CHECK(co_await write(writer, pattern(100'000), 100'000));
    writer.keep();
    spool.folder->remove("old");
    spool.folder->remove("old");
    co_await spool.quiet();
    CHECK(spool.files() == 0);
  });
}

TEST_CASE("the sweep at start removes what no row names and nothing else") {
  Spool spool;
  for (const char* name : {"known", "stray", "other"}) std::ofstream(spool.path + "/" + name) << "x";
  std::filesystem::create_directory(spool.path + "/folder");
  CHECK(spool.folder->sweep([](std::string_view name) { return name == "known"; }).value() == 2);
  CHECK(std::filesystem::exists(spool.path + "/known"));
  CHECK(std::filesystem::exists(spool.path + "/folder"));
  CHECK(spool.files() == 2);
}

TEST_CASE("the folder is never reached through a link") {
  TempFolder temp;
  net::Loop loop;
  net::Workers workers(loop, 1, "spool");
  std::filesystem::create_directory(temp / "elsewhere");
  std::filesystem::create_symlink(temp / "elsewhere", temp / "spool");
  CHECK_FALSE(Folder::open(temp / "spool", loop, workers));
}
