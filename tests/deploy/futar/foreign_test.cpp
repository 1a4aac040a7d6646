#include "deploy/futar/foreign.h"

#include <doctest/doctest.h>

using namespace futar;
using namespace futar::deploy;

TEST_CASE("a file tells by its first line what it is") {
  const std::pair<FileKind, const char*> rows[] = {
      {FileKind::ours, "{\"domains\": []}"},
      {FileKind::ours, "# ours\ndomains = [\"example.org\"]\n"},
      {FileKind::ours, "[[accounts]]\naddress = \"bob@example.org\"\n"},
      {FileKind::passwd, "bob@example.org:{SSHA}abc=:1000:1000::/home/bob::\n"},
      {FileKind::passwd, "bob@example.org:$6$salt$hash\n"},
      {FileKind::passwd, "bob::1000:1000::/home/bob::userdb_quota_rule=*:bytes=1G\n"},
      {FileKind::virtual_, "example.org   anything\nbob@example.org bob\n"},
      {FileKind::virtual_, "@example.org bob@example.org\n"},
      {FileKind::virtual_, "info@example.org bob@example.org, /dev/null\n"},
      {FileKind::mailboxes, "bob@example.org  example.org/bob/\n"},
      {FileKind::aliases, "# aliases(5)\npostmaster: root\n"},
      {FileKind::aliases, "root:bob\n"},
      {FileKind::aliases, "\"a name\": bob\n"},
      {FileKind::aliases, "list: :include:/etc/list\n"},
      {FileKind::aliases, ""},
  };
  for (const auto& [kind, text] : rows) {
    CAPTURE(text);
    CHECK(static_cast<int>(guess_kind(text)) == static_cast<int>(kind));
  }
  CHECK(parse_kind("dovecot").value() == FileKind::passwd);
  CHECK_FALSE(parse_kind("main.cf").has_value());
}

TEST_CASE("a passwd-file gives accounts, quotas, and says which fields it leaves") {
  const auto file = parse_foreign(
      "# people\n"
      "bob@example.org:{SSHA}abc=:1000:1000::/srv/bob::userdb_quota_rule=*:bytes=2G "
      "userdb_mail=maildir:/x:LAYOUT=fs\n"
      "eva:$6$a$b::::::userdb_quota_rule=*:storage=1024 allow_nets=10.0.0.0/8\n"
      "kim@example.org:$6$a$b::::::userdb_quota_rule=Trash:ignore\n"
      "no line\n",
      FileKind::passwd);
  REQUIRE(file.accounts.size() == 3);
  CHECK(file.accounts[0].name == "bob@example.org");
  CHECK(file.accounts[0].password == "{SSHA}abc=");
  CHECK(file.accounts[0].quota == 2u << 30);
  CHECK(file.accounts[1].quota == 1u << 20);
  CHECK_FALSE(file.accounts[2].quota.has_value());
  CHECK(file.left ==
        std::vector<std::string>{"line 3: eva: allow_nets=10.0.0.0/8 is not taken",
                                 "line 4: kim@example.org: userdb_quota_rule=Trash:ignore is not taken",
                                 "line 5: this is no user:password line"});
}

TEST_CASE("a virtual map gives domains and aliases; lines go on, patterns are left") {
  const auto file = parse_foreign(
      "example.org  a virtual domain\n"
      "# comment\n"
      "info@example.org  bob@example.org,\n"
      "   eva@example.org kim@elsewhere.example\n"
      "@example.org\tbob@example.org\n"
      "first.last  bob@example.org\n"
      "/^a.*@example.org$/ bob@example.org\n"
      "lonely@example.org\n",
      FileKind::virtual_);
  REQUIRE(file.domains.size() == 1);
  CHECK(file.domains[0].name == "example.org");
  REQUIRE(file.aliases.size() == 3);
  CHECK(file.aliases[0].targets ==
        std::vector<std::string>{"bob@example.org", "eva@example.org", "kim@elsewhere.example"});
  CHECK(file.aliases[0].line == 3);
  CHECK(file.aliases[1].name == "@example.org");
  CHECK(file.aliases[2].name == "first.last");
  CHECK(file.left ==
        std::vector<std::string>{"line 7: a pattern is not taken; write the addresses that it stands for",
                                 "line 8: lonely@example.org has no target"});
}

TEST_CASE("a map of mailboxes gives accounts without passwords") {
  const auto file = parse_foreign("example.org OK\nbob@example.org example.org/bob/\n@example.org all/\n",
                                  FileKind::mailboxes);
  CHECK(file.domains.size() == 1);
  REQUIRE(file.accounts.size() == 1);
  CHECK(file.accounts[0].password.empty());
  CHECK(file.left.size() == 1);
}

TEST_CASE("aliases(5): programs, files, lists and copies are left, each with its reason") {
  const auto file = parse_foreign(
      "postmaster: root\n"
      "root: bob, \"eva@example.org\",\n"
      "\tkim\n"
      "\"odd name\": bob\n"
      "robot: \"|/usr/bin/robot -x, y\"\n"
      "log: /var/log/mail.txt\n"
      "list: :include:/etc/list, bob\n"
      "bob: \\bob, eva\n"
      "no colon here\n",
      FileKind::aliases);
  REQUIRE(file.aliases.size() == 5);
  CHECK(file.aliases[1].targets == std::vector<std::string>{"bob", "eva@example.org", "kim"});
  CHECK(file.aliases[2].name == "odd name");
  CHECK(file.aliases[3].name == "list");
  CHECK(file.aliases[3].targets == std::vector<std::string>{"bob"});
  CHECK(file.aliases[4].targets == std::vector<std::string>{"eva"});
  CHECK(file.left ==
        std::vector<std::string>{
            "line 5: robot -> \"|/usr/bin/robot -x, y\": mail is not piped into programs",
            "line 6: log -> /var/log/mail.txt: mail is not written into files",
            "line 7: list -> :include:/etc/list: lists in files are not read; name the addresses as targets",
            "line 8: bob -> \\bob: a mailbox cannot keep a copy of what its alias passes on",
            "line 9: this is no `name: target` line"});
}
