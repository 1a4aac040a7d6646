#include "common/dkim/key_record.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "tests/common/dkim/signed_mail.h"
#include "tests/fakes/temp_folder.h"

using namespace futar;
using namespace futar::dkim;

namespace {

const std::string p = "p=" + base64_encode(ed_key().public_key().octets());

std::string why(const std::string& text) {
  const auto record = parse_key_record(text);
  return record ? "" : record.error().text;
}

}  // namespace

TEST_CASE("a key record is read with its flags") {
  const auto record = parse_key_record("v=DKIM1; k=ed25519; h=sha1:sha256; s=email; n=a note; t=y : s; " + p);
  REQUIRE(record);
  CHECK(record->testing);
  CHECK(record->strict);
  CHECK(record->key.type() == crypto::KeyType::ed25519);
  CHECK_FALSE(parse_key_record("k=ed25519;" + p)->testing);
  CHECK(parse_key_record("k=ed25519; s=*;" + p));
}

TEST_CASE("each reason why a key cannot be used has its words") {
  CHECK(why("v=DKIM1; p=") == "its key record says that the key is revoked");
  CHECK(why("v=DKIM1; k=rsa") == "its key record holds no key");
  CHECK(why("v=DKIM1; k=rsa; p=?") == "its key record holds a key that is not base64");
  CHECK(why("v=DKIM1; k=rsa; p=AAAA") == "its key record holds no rsa public key");
  CHECK(why("v=DKIM1;" + p) == "its key record holds no rsa public key");
  CHECK(why("v=DKIM2; k=ed25519;" + p) == "its key record is of a version that we do not know");
  CHECK(why("k=dsa;" + p) == "its key record holds a kind of key that we do not know");
  CHECK(why("k=ed25519; s=tlsrpt;" + p) == "its key record is not for mail");
  CHECK(why("k=ed25519; h=sha1;" + p) == "its key record does not allow sha256");
  CHECK(why("k=ed25519;" + p + ";" + p) == "its key record is malformed: tag p= twice");
  CHECK(why(std::string(5000, ' ')) == "its key record is too long");
  CHECK(why("v=spf1 -all") != "");
}

TEST_CASE("of several TXT records only one may be a key") {
  const std::string key = key_record(ed_key().public_key());
  CHECK(read_key(txt({"v=spf1 -all", key})));
  CHECK_FALSE(read_key(txt({key, key})));
  CHECK_FALSE(read_key(txt({})));
  dns::Answer failed;
  failed.why = "SERV\r\nFAIL";
  const auto none = read_key(failed);
  CHECK(none.error().kind == Error::Kind::temporary);
  CHECK(none.error().text == "the DNS gives no answer about its key: SERV??FAIL");
}

TEST_CASE("the line for the zone file is cut at 255 octets and reads as the key again") {
  const auto key = rsa_key().public_key();
  const auto parts = txt_strings(key_record(key));
  CHECK(parts.size() == 2);
  CHECK(parts[0].size() == 255);
  const std::string line = zone_line("example.org", "s1", key);
  CHECK(line == "s1._domainkey.example.org. IN TXT ( \"" + parts[0] + "\" \"" + parts[1] + "\" )");
  CHECK(read_key(txt({key_record(key)}))->key.octets() == key.octets());
  CHECK(zone_line("example.org", "s2", ed_key().public_key())
            .starts_with("s2._domainkey.example.org. IN TXT ( \"v=DKIM1; k=ed25519; p="));
}

TEST_CASE("a new key lies in a file that only its owner reads, and never replaces another") {
  const TempFolder folder;
  for (const auto type : {crypto::KeyType::rsa, crypto::KeyType::ed25519}) {
    const std::string path = folder / std::string(crypto::name(type));
    ::umask(0);
    const auto made = make_key_file(path, type);
    ::umask(022);
    REQUIRE(made);
    struct stat status{};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    const auto read = read_key_file(path);
    REQUIRE(read);
    CHECK(read->public_key().octets() == made->public_key().octets());
    CHECK(read->bits() == (type == crypto::KeyType::rsa ? 2048 : 256));
    CHECK_FALSE(make_key_file(path, type));
    CHECK(read_key_file(path)->public_key().octets() == made->public_key().octets());
  }
  REQUIRE(replace_file(folder / "x", "no key", 0600));
  CHECK_FALSE(read_key_file(folder / "x"));
}
