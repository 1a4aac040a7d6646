#include "common/directory/directory.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "common/base/file.h"
#include "common/directory/credentials.h"
#include "common/directory/directory_store.h"
#include "common/directory/publisher.h"

using namespace futar;
using namespace futar::directory;

namespace {

struct Folder {
  std::string path;
  Folder() {
    char name[] = "/tmp/futar_directory_XXXXXX";
    path = mkdtemp(name);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

Records some_records() {
  Records records;
  records.generation = 3;
  for (auto domain : {"example.org", "catch.example", "empty.example", "named.example"})
    REQUIRE(add_domain(records, domain));
  REQUIRE(add_account(records, "bob@example.org", {.verifier = "v1", .quota = 1000, .limit_day = 7}));
  REQUIRE(add_account(records, "eva@example.org", {.verifier = "v2", .suspended = true}));
  REQUIRE(add_account(records, "plus+sign@example.org", {}));
  REQUIRE(add_account(records, "all@catch.example", {}));
  REQUIRE(add_alias(records, "team@example.org", {"bob@example.org", "ext@elsewhere.example"}));
  REQUIRE(add_alias(records, "nested@example.org", {"team@example.org", "eva+x@example.org"}));
  REQUIRE(add_alias(records, "@catch.example", {"all@catch.example"}));
  REQUIRE(add_alias(records, "postmaster@named.example", {"eva@example.org"}));
  REQUIRE(add_alias(records, "abuse@example.org", {"eva@example.org"}));
  return records;
}

smtp::Address address(std::string_view text) {
  if (text.find('@') == std::string_view::npos) return {std::string(text), ""};
  return smtp::parse_address(text).value();
}

// A resolution as text, so that a table can hold it.
std::string words(const Resolution& resolution) {
  struct {
    std::string operator()(const NotLocal&) { return "not local"; }
    std::string operator()(const Unknown&) { return "unknown"; }
    std::string operator()(const Account& a) {
      return a.address + (a.detail.empty() ? "" : " detail " + a.detail);
    }
    std::string operator()(const Alias& a) {
      std::string out = a.address + " ->";
      for (const auto& target : a.targets) out += " " + target;
      return out;
    }
    std::string operator()(const CatchAll& c) { return "catch-all " + c.account.address; }
  } visitor;
  return std::visit(visitor, resolution);
}

std::unique_ptr<Directory> published(const Folder& folder, const Records& records,
                                     std::string separators = "+") {
  REQUIRE(publish(records, {.folder = folder.path}));
  return Directory::open(folder.path, std::move(separators)).value();
}

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("an address resolves to what lives there") {
  const Folder folder;
  const auto directory = published(folder, some_records());
  const std::pair<std::string_view, std::string_view> rows[] = {
      {"bob@example.org", "bob@example.org"},
      {"BOB@Example.ORG", "bob@example.org"},
      {"bob+Lists@example.org", "bob@example.org detail Lists"},
      {"bob+a+b@example.org", "bob@example.org detail a+b"},
      {"plus+sign@example.org", "plus+sign@example.org"},
      {"plus+sign+x@example.org", "unknown"},
      {"team@example.org", "team@example.org -> bob@example.org ext@elsewhere.example"},
      {"team+x@example.org", "team@example.org -> bob@example.org ext@elsewhere.example"},
      {"nobody@example.org", "unknown"},
      {"nobody+x@example.org", "unknown"},
      {"\"+bob\"@example.org", "unknown"},
      {"bob@elsewhere.example", "not local"},
      {"bob@[192.0.2.1]", "not local"},
      {"anything@catch.example", "catch-all all@catch.example"},
      {"all+x@catch.example", "all@catch.example detail x"},
      {"postmaster@example.org", "bob@example.org"},
      {"Postmaster", "bob@example.org"},
      {"mailer-daemon@example.org", "bob@example.org"},
      {"abuse@example.org", "abuse@example.org -> eva@example.org"},
      {"abuse@named.example", "postmaster@named.example -> eva@example.org"},
      {"postmaster@named.example", "postmaster@named.example -> eva@example.org"},
      {"postmaster@catch.example", "all@catch.example"},
      {"postmaster@empty.example", "unknown"},
      {"bob@böse.example", "not local"},
  };
  for (const auto& [text, expected] : rows) {
    CAPTURE(text);
    CHECK(words(directory->resolve(address(text))) == expected);
  }
}

TEST_CASE("what is known of an account comes with it") {
  const Folder folder;
  const auto directory = published(folder, some_records());
  const auto bob = std::get<Account>(directory->resolve(address("bob@example.org")));
  CHECK(bob.quota == 1000);
  CHECK(bob.limit_day == 7);
  CHECK_FALSE(bob.suspended);
  CHECK(std::get<Account>(directory->resolve(address("eva@example.org"))).suspended);
}

TEST_CASE("the account that init named stands for postmaster of every domain") {
  const Folder folder;
  Records records = some_records();
  records.postmaster = "all@catch.example";
  const auto directory = published(folder, records);
  CHECK(words(directory->resolve(address("postmaster@empty.example"))) == "all@catch.example");
  CHECK(words(directory->resolve(address("postmaster@example.org"))) == "all@catch.example");
  CHECK(words(directory->resolve(address("postmaster@named.example"))) ==
        "postmaster@named.example -> eva@example.org");
}

TEST_CASE("without separators, or with others, details are split accordingly") {
  const Folder folder;
  CHECK(words(published(folder, some_records(), "")->resolve(address("bob+x@example.org"))) == "unknown");
  const auto dash = published(folder, some_records(), "-=");
  CHECK(words(dash->resolve(address("bob-x@example.org"))) == "bob@example.org detail x");
  CHECK(words(dash->resolve(address("bob=y-z@example.org"))) == "bob@example.org detail y-z");
  CHECK(words(dash->resolve(address("bob+x@example.org"))) == "unknown");
}

TEST_CASE("a login may send as itself, with details, and as aliases that list it") {
  const Folder folder;
  const auto directory = published(folder, some_records());
  const std::tuple<std::string_view, std::string_view, bool> rows[] = {
      {"bob@example.org", "bob@example.org", true},
      {"bob@example.org", "Bob+x@Example.org", true},
      {"bob@example.org", "team@example.org", true},
      {"eva@example.org", "nested@example.org", true},
      {"bob@example.org", "nested@example.org", false},
      {"bob@example.org", "eva@example.org", false},
      {"bob@example.org", "abuse@example.org", false},
      {"eva@example.org", "abuse@example.org", true},
      {"all@catch.example", "x@catch.example", false},
      {"bob@example.org", "postmaster@example.org", false},
      {"bob@example.org", "bob@elsewhere.example", false},
      {"bob@example.org", "ext@elsewhere.example", false},
      {"", "nobody@example.org", false},
  };
  for (const auto& [login, sender, may] : rows) {
    CAPTURE(login);
    CAPTURE(sender);
    CHECK(directory->may_send_as(login, address(sender)) == may);
  }
}

TEST_CASE("lists come in a stable order, the first domain is the oldest") {
  const Folder folder;
  const auto directory = published(folder, some_records());
  CHECK(directory->first_domain() == "example.org");
  CHECK(directory->domains() ==
        std::vector<std::string>{"catch.example", "empty.example", "example.org", "named.example"});
  CHECK(directory->accounts().size() == 4);
  CHECK(directory->is_local_domain("EXAMPLE.org"));
  CHECK_FALSE(directory->is_local_domain("elsewhere.example"));
  CHECK(directory->generation() == 3);
}

TEST_CASE("before anything was published nothing is local") {
  const Folder folder;
  const auto directory = Directory::open(folder.path, "+").value();
  CHECK(words(directory->resolve(address("bob@example.org"))) == "not local");
  CHECK(words(directory->resolve(address("postmaster"))) == "not local");
  CHECK(directory->generation() == 0);
  CHECK_FALSE(directory->first_domain().has_value());
  CHECK_FALSE(Credentials::open(folder.path).value()->find("bob@example.org").has_value());
}

TEST_CASE("an open directory keeps its generation while the next is published") {
  const Folder folder;
  Records records = some_records();
  const auto old = published(folder, records);
  REQUIRE(add_account(records, "new@example.org", {}));
  ++records.generation;
  const auto fresh = published(folder, records);
  CHECK(words(old->resolve(address("new@example.org"))) == "unknown");
  CHECK(words(fresh->resolve(address("new@example.org"))) == "new@example.org");
  CHECK(fresh->generation() == 4);
}

TEST_CASE("verifiers are found by account, and nobody else may read their files") {
  const Folder folder;
  published(folder, some_records());
  const auto credentials = Credentials::open(folder.path).value();
  CHECK(credentials->find("bob@example.org")->verifier == "v1");
  CHECK_FALSE(credentials->find("bob@example.org")->suspended);
  CHECK(credentials->find("eva@example.org")->suspended);
  CHECK_FALSE(credentials->find("team@example.org").has_value());
  CHECK(mode_of(folder.path + "/credentials.db") == 0600);
  CHECK(mode_of(folder.path + "/dovecot.passwd") == 0600);
  CHECK(mode_of(folder.path + "/addresses.db") == 0644);
}

TEST_CASE("a group that may read the verifiers gets them, and no other file") {
  const Folder folder;
  REQUIRE(publish(some_records(), {.folder = folder.path, .credentials_group = getegid()}));
  CHECK(mode_of(folder.path + "/credentials.db") == 0640);
  CHECK(mode_of(folder.path + "/dovecot.passwd") == 0600);
}

TEST_CASE("two publications within a second differ in the whole seconds that Dovecot looks at") {
  const Folder folder;
  struct stat first{};
  struct stat second{};
  REQUIRE(publish(some_records(), {.folder = folder.path}));
  REQUIRE(::stat((folder.path + "/dovecot.passwd").c_str(), &first) == 0);
  REQUIRE(publish(some_records(), {.folder = folder.path}));
  REQUIRE(::stat((folder.path + "/dovecot.passwd").c_str(), &second) == 0);
  CHECK(second.st_mtime > first.st_mtime);
}

TEST_CASE("no verifier stands in the file that all agents read") {
  const Folder folder;
  Records records = some_records();
  records.accounts["bob@example.org"].verifier = "{SCRAM-SHA-256}MARKER";
  published(folder, records);
  CHECK(read_file(folder.path + "/addresses.db")->find("MARKER") == std::string::npos);
  CHECK(read_file(folder.path + "/credentials.db")->find("MARKER") != std::string::npos);
}

TEST_CASE("what a killed run left behind does not stop the next") {
  const Folder folder;
  std::ofstream(folder.path + "/addresses.db.new") << "half a file";
  std::ofstream(folder.path + "/credentials.db.new") << "";
  CHECK(words(published(folder, some_records())->resolve(address("bob@example.org"))) == "bob@example.org");
  CHECK_FALSE(std::filesystem::exists(folder.path + "/addresses.db.new"));
}

TEST_CASE("the private directory keeps what was saved, and counts its generations") {
  const Folder folder;
  Records records = some_records();
  {
    auto store = DirectoryStore::open(folder.path).value();
    CHECK(store->read().value() == Records{});
    REQUIRE(store->save(records));
    CHECK(records.generation == 1);
    REQUIRE(store->set_setting("dovecot_group", "dovecot"));
  }
  {
    auto store = DirectoryStore::open(folder.path).value();
    Records again = store->read().value();
    CHECK(again == records);
    CHECK(store->setting("dovecot_group").value() == "dovecot");
    REQUIRE(remove_account(again, "eva@example.org"));
    REQUIRE(remove_alias(again, "team@example.org", {"bob@example.org"}));
    again.accounts["bob@example.org"].suspended = true;
    REQUIRE(add_domain(again, "third.example"));
    again.postmaster = "bob@example.org";
    REQUIRE(store->save(again));
    records = again;
  }
  auto store = DirectoryStore::open(folder.path).value();
  CHECK(store->read().value() == records);
  CHECK(records.generation == 2);
  CHECK(mode_of(folder.path + "/directory.db") == 0600);
}

TEST_CASE("an address is resolved in microseconds") {
  const Folder folder;
  Records records = some_records();
  for (int i = 0; i < 5000; ++i)
    REQUIRE(add_account(records, "user" + std::to_string(i) + "@example.org", {}));
  const auto directory = published(folder, records);
  const auto asked = address("user2500+detail@example.org");
  constexpr int rounds = 2000;
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) CHECK(std::holds_alternative<Account>(directory->resolve(asked)));
  const auto us =
      std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count() / rounds;
  MESSAGE("resolve with a detail: " << us << " us");
  CHECK(us < 200);  // sanitizers and a busy machine; the figure above is what counts
}
