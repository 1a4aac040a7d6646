#include "mda/maildir/mail_store.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "tests/mda/temp_folder.h"

using namespace futar;
using namespace futar::mda;

namespace {

struct Mailboxes {
  TempFolder root;
  std::unique_ptr<MailStore> store = *MailStore::open(root / "mail");
  std::string bob = root / "mail/example.org/bob";

  Mailboxes() { CHECK(*store->make_mailbox("bob@example.org")); }
  Fd open_new(const std::string& folder = "INBOX") {
    return std::move(**store->open_new("bob@example.org", folder));
  }
  FileSizes stage(const std::string& name, const std::string& text = "Subject: x\n\nbody\n") {
    const auto staged = store->stage(name, {"Top: 1\n", std::make_shared<const std::string>(text)});
    REQUIRE(staged);
    return staged->sizes;
  }
};

mode_t mode_of(const std::string& path) {
  struct stat status{};
  CHECK(::lstat(path.c_str(), &status) == 0);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("a new mailbox is a Maildir++ with the special-use folders, for its owner alone") {
  Mailboxes mailboxes;
  CHECK(names_in(mailboxes.bob) == std::vector<std::string>{".Drafts", ".Junk", ".Sent", ".Trash", "cur",
                                                            "new", "subscriptions", "tmp"});
  CHECK(names_in(mailboxes.bob + "/.Junk") == std::vector<std::string>{"cur", "maildirfolder", "new", "tmp"});
  CHECK(slurp(mailboxes.bob + "/subscriptions") == "Sent\nDrafts\nJunk\nTrash\n");
  for (const char* folder : {"", "/new", "/.Junk/new"}) CHECK(mode_of(mailboxes.bob + folder) == 0700);
  CHECK(mode_of(mailboxes.bob + "/subscriptions") == 0600);
}

TEST_CASE("a mailbox is made once; what its user changed stays") {
  Mailboxes mailboxes;
  std::filesystem::remove_all(mailboxes.bob + "/.Junk");
  CHECK_FALSE(*mailboxes.store->make_mailbox("bob@example.org"));
  CHECK_FALSE(std::filesystem::exists(mailboxes.bob + "/.Junk"));
}

TEST_CASE("a folder that is missing is made and subscribed to, whole, once") {
  Mailboxes mailboxes;
  std::filesystem::remove_all(mailboxes.bob + "/.Junk");
  for (const char* folder : {"Junk", "Spam box"}) {
    CHECK(*mailboxes.store->make_folder("bob@example.org", folder));
    CHECK_FALSE(*mailboxes.store->make_folder("bob@example.org", folder));
    CHECK(names_in(mailboxes.bob + "/." + folder) ==
          std::vector<std::string>{"cur", "maildirfolder", "new", "tmp"});
  }
  CHECK(slurp(mailboxes.bob + "/subscriptions") == "Sent\nDrafts\nJunk\nTrash\nSpam box\n");
  CHECK(names_in(mailboxes.bob + "/tmp").empty());
  std::filesystem::remove_all(mailboxes.bob + "/.Junk/new");  // as a crash could leave it
  CHECK(*mailboxes.store->make_folder("bob@example.org", "Junk"));
  CHECK(mailboxes.store->open_new("bob@example.org", "Junk")->has_value());
}

TEST_CASE("subscriptions as Dovecot writes them, without a last line end, or gone, get the new name") {
  const std::pair<const char*, const char*> rows[] = {
      {"V\t2\n\nLists\tA\n", "V\t2\n\nLists\tA\nSpam\n"}, {"Sent", "Sent\nSpam\n"}, {"", "Spam\n"}};
  for (const auto& [before, after] : rows) {
    Mailboxes mailboxes;
    spit(mailboxes.bob + "/subscriptions", before);
    CHECK(*mailboxes.store->make_folder("bob@example.org", "Spam"));
    CHECK(slurp(mailboxes.bob + "/subscriptions") == after);
  }
  Mailboxes mailboxes;
  std::filesystem::remove(mailboxes.bob + "/subscriptions");
  CHECK(*mailboxes.store->make_folder("bob@example.org", "Spam"));
  CHECK(slurp(mailboxes.bob + "/subscriptions") == "Spam\n");
}

TEST_CASE("a mailbox that was made by half is completed") {
  Mailboxes mailboxes;
  std::filesystem::remove_all(mailboxes.bob + "/new");
  std::filesystem::remove_all(mailboxes.bob + "/.Trash/new");
  CHECK(*mailboxes.store->make_mailbox("bob@example.org"));
  CHECK(std::filesystem::exists(mailboxes.bob + "/.Trash/new"));
}

TEST_CASE("a staged message is its trace fields, then the text, 0600, with its sizes") {
  Mailboxes mailboxes;
  const FileSizes sizes = mailboxes.stage("1.2");
  CHECK(slurp(mailboxes.root / "mail/.staging/1.2") == "Top: 1\nSubject: x\n\nbody\n");
  CHECK(sizes.physical == 24);
  CHECK(sizes.virtual_ == 28);
  CHECK(mode_of(mailboxes.root / "mail/.staging/1.2") == 0600);
  CHECK(mailboxes.store->is_staged("1.2"));
  CHECK(*mailboxes.store->staged() == std::vector<std::string>{"1.2"});
  CHECK(mailboxes.store->unstage("1.2"));
  CHECK(mailboxes.store->unstage("1.2"));
  CHECK_FALSE(mailboxes.store->is_staged("1.2"));
}

TEST_CASE("a leftover of a failed attempt is replaced") {
  Mailboxes mailboxes;
  mailboxes.stage("1.2", "a much longer text that must not shine through\n");
  mailboxes.stage("1.2", "short\n");
  CHECK(slurp(mailboxes.root / "mail/.staging/1.2") == "Top: 1\nshort\n");
}

TEST_CASE("a big body is converted from its spool file, for many recipients at once") {
  Mailboxes mailboxes;
  std::string crlf, lf;
  for (int i = 0; i < 40'000; ++i) {
    const std::string line(static_cast<size_t>(i % 13), 'x');
    crlf += line + "\r\n";
    lf += line + "\n";
  }
  spit(mailboxes.root / "body", crlf);
  const Fd body = *open_file(mailboxes.root / "body", O_RDONLY);
  const MailFile file{"Top: 1\n", std::make_shared<const std::string>("S: y\n\n"), &body};
  for (const char* name : {"1.1", "1.2"}) {
    const FileSizes sizes = mailboxes.store->stage(name, file)->sizes;
    CHECK(slurp(mailboxes.root / "mail/.staging/" + name) == "Top: 1\nS: y\n\n" + lf);
    CHECK(sizes.physical == 13 + lf.size());
    CHECK(sizes.virtual_ == 16 + crlf.size());
  }
}

TEST_CASE("a message moves into the folder as one step") {
  Mailboxes mailboxes;
  mailboxes.stage("1.2");
  CHECK(*mailboxes.store->move("1.2", mailboxes.open_new(), "final") == Moved::yes);
  CHECK(names_in(mailboxes.bob + "/new") == std::vector<std::string>{"final"});
  CHECK(names_in(mailboxes.root / "mail/.staging").empty());
  CHECK(*mailboxes.store->move("1.2", mailboxes.open_new(), "final") == Moved::staging_gone);
}

TEST_CASE("a move replaces nothing") {
  Mailboxes mailboxes;
  mailboxes.stage("1.2");
  spit(mailboxes.bob + "/new/final", "another message");
  CHECK(*mailboxes.store->move("1.2", mailboxes.open_new(), "final") == Moved::name_taken);
  CHECK(slurp(mailboxes.bob + "/new/final") == "another message");
  CHECK(mailboxes.store->is_staged("1.2"));
}

TEST_CASE("a rename that a power cut left half done is completed") {
  Mailboxes mailboxes;
  mailboxes.stage("1.2");
  std::filesystem::create_hard_link(mailboxes.root / "mail/.staging/1.2", mailboxes.bob + "/new/final");
  CHECK(*mailboxes.store->move("1.2", mailboxes.open_new(), "final") == Moved::yes);
  CHECK_FALSE(mailboxes.store->is_staged("1.2"));
  CHECK(names_in(mailboxes.bob + "/new").size() == 1);
}

TEST_CASE("a folder that went away is told, before and after it was opened") {
  Mailboxes mailboxes;
  mailboxes.stage("1.2");
  const Fd junk = mailboxes.open_new("Junk");
  std::filesystem::remove_all(mailboxes.bob + "/.Junk");
  CHECK(*mailboxes.store->move("1.2", junk, "final") == Moved::folder_gone);
  CHECK_FALSE(mailboxes.store->open_new("bob@example.org", "Junk")->has_value());
  CHECK_FALSE(mailboxes.store->open_new("eva@example.org", "INBOX")->has_value());
}

TEST_CASE("a symbolic link in the place of a domain, user, folder or new/ is not followed") {
  Mailboxes mailboxes;
  const std::string victim = mailboxes.root / "victim";
  std::filesystem::create_directories(victim + "/new");
  std::filesystem::create_directories(victim + "/bob/new");
  const auto link = [&](const std::string& path) {
    std::filesystem::remove_all(path);
    std::filesystem::create_symlink(victim, path);
  };
  link(mailboxes.bob + "/.Junk");
  CHECK_FALSE(mailboxes.store->open_new("bob@example.org", "Junk"));
  link(mailboxes.bob + "/new");
  CHECK_FALSE(mailboxes.store->open_new("bob@example.org", "INBOX"));
  CHECK_FALSE(mailboxes.store->make_mailbox("bob@example.org"));
  link(mailboxes.bob);
  CHECK_FALSE(mailboxes.store->open_new("bob@example.org", "INBOX"));
  link(mailboxes.root / "mail/example.org");
  CHECK_FALSE(mailboxes.store->open_new("bob@example.org", "INBOX"));
  CHECK_FALSE(mailboxes.store->make_mailbox("bob@example.org"));
  CHECK(names_in(victim) == std::vector<std::string>{"bob", "new"});
}

TEST_CASE("hostile accounts stay inside the mailboxes' folder") {
  Mailboxes mailboxes;
  for (const std::string account :
       {"../../evil@example.org", "..@..", "a/b@example.org", ".staging@.staging"}) {
    CHECK(*mailboxes.store->make_mailbox(account));
    CHECK(mailboxes.store->open_new(account, "INBOX")->has_value());
  }
  CHECK(names_in(mailboxes.root.path()) == std::vector<std::string>{"mail"});
  CHECK(names_in(mailboxes.root / "mail") ==
        std::vector<std::string>{"%2e.", "%2estaging", ".staging", "example.org"});
}

TEST_CASE("an address cannot add header fields") {
  CHECK(trace_fields("", "bob@example.org") == "Return-Path: <>\nDelivered-To: bob@example.org\n");
  const std::string fields = trace_fields("a\r\nX: y@b", "c\nd@e");
  CHECK(std::ranges::count(fields, '\n') == 2);
  CHECK(fields.find('\r') == std::string::npos);
}
