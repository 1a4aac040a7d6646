#include "mta/srs/srs.h"

#include <doctest/doctest.h>

#include <sys/stat.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "mta/srs/keys.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::mta;
using smtp::Address;

namespace {

constexpr int64_t now = 1'764'000'000'000;
constexpr int64_t day = 86'400'000;
const srs::Keys keys{"the secret of our server"};
const std::string ours = "our.example";

Address rewritten(const Address& address) { return srs::rewrite(address, ours, keys, now); }

}  // namespace

TEST_CASE("a reverse-path becomes one of ours and is opened again") {
  const Address addresses[] = {{"bob", "remote.example"},
                               {"bob=home+x", "remote.example"},
                               {"two words", "remote.example"},
                               {"srs0", "remote.example"},
                               {"bob", "[192.0.2.1]"},
                               {"j\xC3\xB6rg",
                                "b\xC3\xBC"
                                "cher.example"}};
  for (const Address& address : addresses) {
    CAPTURE(address.text());
    const Address made = rewritten(address);
    CHECK(made.domain == ours);
    CHECK(made.local.starts_with("SRS0="));
    CHECK(made.local.ends_with("=" + address.domain + "=" + address.local));
    CHECK(srs::is_return_path(made));
    CHECK(srs::open(made, keys, now).value() == address);
    // As the other server will write it.
    CHECK(srs::open(*smtp::parse_address(made.text()), keys, now).value() == address);
  }
}

TEST_CASE("the address of another forwarder is wrapped once, however many there are") {
  const Address theirs{"SRS0=ab1=XY=remote.example=bob", "first.example"};
  const Address made = rewritten(theirs);
  CHECK(made.local.starts_with("SRS1="));
  CHECK(made.local.ends_with("=first.example==ab1=XY=remote.example=bob"));
  CHECK(srs::open(made, keys, now).value() == theirs);

  const srs::Keys other{"the secret of a third one"};
  const Address third = srs::rewrite(made, "third.example", other, now);
  CHECK(third.local.size() == made.local.size());
  CHECK(srs::open(third, other, now).value() == theirs);
}

TEST_CASE("what stays as it is: no sender, our own, and what would become too long") {
  for (const Address& address :
       {Address{}, Address{"bob", ours}, Address{std::string(40, 'b'), "remote.example"},
        Address{"SRS1=broken", "first.example"}}) {
    CAPTURE(address.text());
    CHECK(rewritten(address) == address);
  }
}

TEST_CASE("a rewritten local part is never over 64 octets") {
  for (size_t size = 1; size < 64; ++size) {
    const Address made = rewritten({std::string(size, 'b'), "remote.example"});
    CHECK(made.local.size() <= 64);
    CHECK(smtp::parse_address(made.text()).has_value());
  }
}

TEST_CASE("servers on the way may change the case") {
  const Address made = rewritten({"Bob", "remote.example"});
  CHECK(srs::open({ascii_lower(made.local), ours}, keys, now).value() == Address{"bob", "remote.example"});
  const Address second = rewritten({"SRS0=ab1=XY=remote.example=bob", "first.example"});
  CHECK(srs::open({ascii_lower(second.local), ours}, keys, now).has_value());
}

TEST_CASE("any other character makes it a forgery") {
  const Address first = rewritten({"bob", "remote.example"});
  const Address second = rewritten({"SRS0=ab1=XY=remote.example=bob", "first.example"});
  for (const Address& good : {first, second})
    for (size_t i = 5; i < good.local.size(); ++i) {
      Address forged = good;
      forged.local[i] = forged.local[i] == '8' ? '9' : '8';
      CAPTURE(forged.local);
      CHECK_FALSE(srs::open(forged, keys, now).has_value());
    }
  for (const char* local : {"SRS0=", "SRS0==", "SRS0===", "SRS0=a", "SRS0=a=b=c", "SRS0=aaaaaa=aa=x=bob",
                            "SRS1=a", "SRS1=a=b", "SRS1===", "SRS0", "bob", ""})
    CHECK_FALSE(srs::open({local, ours}, keys, now).has_value());
}

TEST_CASE("it holds for 21 days, over the turn of the stamp too, and a little before its time") {
  const int64_t turn = 1024 * 20 * day;
  for (int64_t made_ms : {now, turn - day, turn, turn + day}) {
    const Address made = srs::rewrite({"bob", "remote.example"}, ours, keys, made_ms);
    CHECK(srs::open(made, keys, made_ms + 21 * day).has_value());
    CHECK_FALSE(srs::open(made, keys, made_ms + 22 * day).has_value());
    CHECK(srs::open(made, keys, made_ms - day).has_value());
    CHECK_FALSE(srs::open(made, keys, made_ms - 2 * day).has_value());
  }
}

TEST_CASE("after a change of the secret the old one still opens, until it is taken away") {
  const Address made = rewritten({"bob", "remote.example"});
  const srs::Keys both{"a secret that is quite new", keys.front()};
  CHECK(srs::open(made, both, now).has_value());
  CHECK_FALSE(srs::open(made, {both.front()}, now).has_value());
  CHECK(srs::rewrite({"bob", "remote.example"}, ours, both, now) != made);
}

TEST_CASE("the secret is made once, for us alone, and read again") {
  TempFolder folder;
  const std::string path = folder / "srs.key";
  const auto made = srs::load_keys(path);
  REQUIRE(made.has_value());
  CHECK(made->front().size() == 64);
  struct stat found{};
  REQUIRE(::stat(path.c_str(), &found) == 0);
  CHECK((found.st_mode & 0777) == 0600);
  CHECK(srs::load_keys(path).value() == *made);

  REQUIRE(replace_file(path, "# new\n0123456789abcdef\n\n" + made->front() + "\n", 0600).has_value());
  CHECK(srs::load_keys(path).value() == srs::Keys{"0123456789abcdef", made->front()});
  REQUIRE(replace_file(path, "short\n", 0600).has_value());
  CHECK_FALSE(srs::load_keys(path).has_value());
  REQUIRE(replace_file(path, "\n", 0600).has_value());
  CHECK_FALSE(srs::load_keys(path).has_value());
}
