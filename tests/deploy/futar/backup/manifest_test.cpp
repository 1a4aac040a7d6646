#include "deploy/futar/backup/manifest.h"

#include <doctest/doctest.h>

#include "common/base/text.h"
#include "common/crypto/digest.h"
#include "deploy/futar/backup/places.h"

namespace futar::backup {
namespace {

Manifest some() {
  Manifest manifest{"0.1.0", "mail.example.org", 1764021785123, {{"msa", "futar-msa"}}, {}, {}};
  manifest.outside["tls.key"] = "/etc/ssl/my key.pem";
  manifest.entries.push_back({"mail/example.org/bob/new/17 line\nbreak%41", 12, std::string(64, 'a'), 0640});
  manifest.entries.push_back({"mta/mta.db", 4096, std::string(64, '0'), 0600});
  manifest.entries.push_back({"tls/link/mta.secret", 41, std::string(64, '1'), 0640, "futar mta", 0755});
  return manifest;
}

/// As encode() would seal it.
std::string sealed(const std::string& lines) { return lines + "end " + hex(crypto::sha256(lines)) + "\n"; }

TEST_CASE("a manifest says the same when it is read again, whatever stands in a name") {
  const Manifest before = some();
  const auto read = decode(encode(before));
  REQUIRE(read);
  CHECK(read->hostname == before.hostname);
  CHECK(read->taken_ms == before.taken_ms);
  CHECK(read->owners == before.owners);
  CHECK(read->outside == before.outside);
  REQUIRE(read->entries.size() == 3);
  CHECK(read->entries[0].path == before.entries[0].path);
  CHECK(read->entries[0].size == 12);
  CHECK(read->entries[0].mode == 0640);
  CHECK(read->entries[0].group.empty());
  CHECK(read->entries[1].sha256 == before.entries[1].sha256);
  CHECK(read->entries[2].group == "futar mta");
  CHECK(read->entries[0].folder_mode == 0700);
  CHECK(read->entries[2].folder_mode == 0755);
}

TEST_CASE("a manifest that lost a part, or in which an octet is another, is told") {
  const std::string text = encode(some());
  for (size_t size = 0; size + 1 < text.size(); size += 7) CHECK_FALSE(decode(text.substr(0, size)));
  for (size_t at = 0; at + 1 < text.size(); at += 5) {
    std::string other = text;
    other[at] = other[at] == 'x' ? 'y' : 'x';
    CHECK_FALSE(decode(other));
  }
}

TEST_CASE("a path that leads out of the backup is refused") {
  for (const char* path : {"../x", "a/../../x", "/etc/passwd", "a//b", ".", "a/%2e%2e/b"})
    CHECK_FALSE(decode(sealed("futar-backup 1\nfile " + std::string(64, 'a') + " 1 600 " + path + "\n")));
  CHECK(decode(sealed("futar-backup 1\nfile " + std::string(64, 'a') + " 1 600 a/b\n")));
}

TEST_CASE("lines of a later version are passed over") {
  CHECK(decode(sealed("futar-backup 1\nfuture word\n")));
}

TEST_CASE("a message has one name in its mailbox, whichever folder and flags it has") {
  CHECK(message_in("example.org/bob/new/17.M1.host,S=1") == "example.org/bob 17.M1.host,S=1");
  CHECK(message_in("example.org/bob/.Trash/cur/17.M1.host,S=1:2,S") == "example.org/bob 17.M1.host,S=1");
  CHECK(message_in("example.org/bob/dovecot-uidlist").empty());
  CHECK(message_in("new/17").empty());
}

TEST_CASE("half-written files, locks and caches are no part of a backup") {
  CHECK(is_passing("example.org/bob/tmp/17.M1"));
  CHECK(is_passing("example.org/bob/dovecot.index.cache"));
  CHECK(is_passing("example.org/bob/dovecot-uidlist.lock"));
  CHECK_FALSE(is_passing("example.org/bob/dovecot-uidlist"));
  CHECK_FALSE(is_passing("example.org/bob/new/17.M1"));
  CHECK_FALSE(is_passing("example.org/tmp/new/17.M1"));
}

}  // namespace
}  // namespace futar::backup
