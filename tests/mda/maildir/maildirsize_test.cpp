#include "mda/maildir/maildirsize.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include "mda/maildir/mail_store.h"
#include "tests/mda/temp_folder.h"

using namespace futar;
using namespace futar::mda;

namespace {

constexpr int64_t minute = 60'000;

struct Mailbox {
  TempFolder root;
  std::unique_ptr<MailStore> store = *MailStore::open(root / "mail");
  Fd fd;
  std::string path = root / "mail/example.org/bob";
  Mailbox() {
    CHECK(*store->make_mailbox("bob@example.org"));
    fd = std::move(**store->open_mailbox("bob@example.org"));
  }
  std::string size_file() const { return slurp(path + "/maildirsize"); }
  int64_t now() const { return system_clock().wall_ms(); }
};

}  // namespace

TEST_CASE("the sum of maildirsize is what the mailbox holds") {
  const auto file = parse_maildirsize("1000S,5C\n300 2\n100 1\n-50 -1\n");
  REQUIRE(file);
  CHECK(file->quota == 1000);
  CHECK(file->sum == Usage{350, 2});
  CHECK(file->changes == 3);
  CHECK(parse_maildirsize(print_maildirsize(77, {5, 1}))->sum == Usage{5, 1});
  CHECK(parse_maildirsize("1000S\n   300    2\n")->sum == Usage{300, 2});  // as Courier pads
}

TEST_CASE("a line that is being written does not count yet") {
  CHECK(parse_maildirsize("1000S\n300 2\n100")->sum == Usage{300, 2});
}

TEST_CASE("a damaged maildirsize is not believed") {
  for (std::string_view text :
       {"", "1000S", "x\n", "1000S\nabc\n", "1000S\n1\n", "1000S\n1 2 3\n", "1000S\n\n1 1\n", "1000S\n-1 0\n",
        "1000S\n0 -1\n", "1000S\n9223372036854775807 1\n1 1\n"})
    CHECK_FALSE(parse_maildirsize(text));
}

TEST_CASE("a sum is believed unless it says over quota and may be stale") {
  const SizeFile file{1000, {900, 9}, 3};
  CHECK(is_trusted(file, 1000, 100, 0));
  CHECK_FALSE(is_trusted(file, 1000, 101, 0));  // changes since the count: it may have room
  CHECK(is_trusted({1000, {900, 9}, 1}, 1000, 101, 14 * minute));
  CHECK_FALSE(is_trusted({1000, {900, 9}, 1}, 1000, 101, 15 * minute));
  CHECK_FALSE(is_trusted({1000, {900, 9}, 1}, 1000, 101, -minute));  // from the future
  CHECK_FALSE(is_trusted(file, 2000, 1, 0));                         // another quota
}

TEST_CASE("a mailbox without maildirsize is counted, with all its folders") {
  Mailbox mailbox;
  spit(mailbox.path + "/new/1.a.host,S=1000,W=1001", "x");
  spit(mailbox.path + "/cur/2.a.host:2,S", "12345");
  spit(mailbox.path + "/.Junk/cur/3.a.host,S=10:2,", "");
  spit(mailbox.path + "/tmp/4.a.host,S=10", "");
  CHECK(*mailbox_usage(mailbox.fd, 5000, 0, mailbox.now()) == Usage{1015, 3});
  CHECK(mailbox.size_file() == "5000S\n1015 3\n");
}

TEST_CASE("changes are appended, and only where there is a maildirsize") {
  Mailbox mailbox;
  CHECK(add_usage(mailbox.fd, {10, 1}));
  CHECK(mailbox.size_file().empty());
  CHECK(mailbox_usage(mailbox.fd, 5000, 0, mailbox.now()));
  CHECK(add_usage(mailbox.fd, {10, 1}));
  CHECK(add_usage(mailbox.fd, {20, 2}));
  CHECK(mailbox.size_file() == "5000S\n0 0\n10 1\n20 2\n");
  CHECK(*mailbox_usage(mailbox.fd, 5000, 0, mailbox.now()) == Usage{30, 3});
}

TEST_CASE("a maildirsize over 5120 octets is counted anew") {
  Mailbox mailbox;
  CHECK(mailbox_usage(mailbox.fd, 5000, 0, mailbox.now()));
  while (mailbox.size_file().size() <= maildirsize_limit) CHECK(add_usage(mailbox.fd, {1, 1}));
  CHECK(*mailbox_usage(mailbox.fd, 5000, 0, mailbox.now()) == Usage{0, 0});
  CHECK(mailbox.size_file() == "5000S\n0 0\n");
}

TEST_CASE("over quota is believed for fifteen minutes after counting") {
  Mailbox mailbox;
  const std::string message = mailbox.path + "/cur/1.a.host,S=4990:2,S";
  spit(message, "");
  CHECK(mailbox_usage(mailbox.fd, 5000, 100, mailbox.now())->octets == 4990);
  std::filesystem::remove(message);  // by somebody who did not tell
  CHECK(mailbox_usage(mailbox.fd, 5000, 100, mailbox.now())->octets == 4990);
  CHECK(mailbox_usage(mailbox.fd, 5000, 100, mailbox.now() + 16 * minute)->octets == 0);
}

TEST_CASE("another quota is written down, a lifted one forgotten") {
  Mailbox mailbox;
  CHECK(mailbox_usage(mailbox.fd, 5000, 0, mailbox.now()));
  CHECK(mailbox_usage(mailbox.fd, 7000, 0, mailbox.now()));
  CHECK(mailbox.size_file() == "7000S\n0 0\n");
  CHECK(drop_quota(mailbox.fd));
  CHECK(drop_quota(mailbox.fd));
  CHECK_FALSE(std::filesystem::exists(mailbox.path + "/maildirsize"));
}

TEST_CASE("a maildirsize that is a link is not followed") {
  Mailbox mailbox;
  spit(mailbox.root / "victim", "5000S\n1 1\n");
  std::filesystem::create_symlink(mailbox.root / "victim", mailbox.path + "/maildirsize");
  CHECK_FALSE(add_usage(mailbox.fd, {10, 1}));
  CHECK(mailbox_usage(mailbox.fd, 5000, 0, mailbox.now()));
  CHECK(slurp(mailbox.root / "victim") == "5000S\n1 1\n");
}
