#include "deploy/futar/tls_files.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <filesystem>

#include "common/base/file.h"
#include "common/crypto/digest.h"
#include "common/net/tls_context.h"

using namespace futar;
using namespace futar::deploy;

namespace {

struct Pair {
  std::string folder = [] {
    char name[] = "/tmp/futar_tls_XXXXXX";
    return std::string(mkdtemp(name));
  }();
  std::string certificate, key;

  explicit Pair(const std::string& host) {
    REQUIRE(net::make_self_signed(host, folder + "/a.crt", folder + "/a.key"));
    certificate = read_file(folder + "/a.crt").value();
    key = read_file(folder + "/a.key").value();
  }
  ~Pair() { std::filesystem::remove_all(folder); }
};

mode_t mode_of(const std::string& path) {
  struct stat status{};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

std::string why_not(const std::string& certificate, const std::string& key, int64_t now_s) {
  const auto checked = checked_pair(certificate, key, now_s);
  return checked ? "" : checked.error().text;
}

}  // namespace

TEST_CASE("a certificate is taken with its own key while it is in force") {
  const Pair pair("mail.example.org"), other("mail.example.org");
  const int64_t now = std::time(nullptr);
  const auto chain = checked_pair(pair.certificate, pair.key, now);
  REQUIRE(chain);
  CHECK(crypto::is_for(chain->front(), "Mail.Example.org"));
  CHECK_FALSE(crypto::is_for(chain->front(), "example.org"));
  CHECK(why_not(pair.certificate, other.key, now) == "the key belongs to another certificate");
  CHECK(why_not(pair.certificate, pair.key, chain->front().until_s) == "the certificate has expired");
  CHECK(why_not(pair.certificate, pair.key, chain->front().from_s - 1) ==
        "the certificate is not in force yet");
  CHECK(why_not(pair.certificate, pair.certificate, now) ==
        "no private key in PEM, or one with a pass phrase");
  CHECK(why_not(pair.key, pair.key, now) == "no certificate in PEM");
}

TEST_CASE("a chain is named by DANE-EE of its first certificate or DANE-TA of any") {
  const Pair own("mail.example.org"), authority("authority.example");
  const auto chain = crypto::certificates_in(own.certificate + authority.certificate).value();
  REQUIRE(chain.size() == 2);
  const auto record = [](uint8_t usage, const crypto::Certificate& of) {
    return dns::Tlsa{usage, 1, 1, crypto::sha256(of.key)};
  };
  CHECK(is_pinned_right({}, chain));
  CHECK(is_pinned_right({record(3, chain[0])}, chain));
  CHECK_FALSE(is_pinned_right({record(3, chain[1])}, chain));
  CHECK(is_pinned_right({record(2, chain[1])}, chain));
  CHECK(is_pinned_right({record(3, chain[1]), record(3, chain[0])}, chain));
  CHECK_FALSE(is_pinned_right({record(1, chain[0])}, chain));
  CHECK(is_pinned_right({dns::Tlsa{3, 0, 0, chain[0].octets}}, chain));
  CHECK_FALSE(is_pinned_right({dns::Tlsa{3, 0, 2, chain[0].octets}}, chain));
}

TEST_CASE("a file that is replaced keeps its mode; a key is opened to the group of a set-group-id folder") {
  const Pair pair("mail.example.org");
  const std::string key = pair.folder + "/a.key";
  REQUIRE(::chmod(key.c_str(), 0640) == 0);
  REQUIRE(replace_keeping(key, "new", 0600));
  CHECK(mode_of(key) == 0640);
  CHECK(read_file(key).value() == "new");
  const std::string fresh = pair.folder + "/b.key";
  REQUIRE(replace_keeping(fresh, "new", 0600));
  CHECK(mode_of(fresh) == 0600);
  REQUIRE(open_key(fresh));
  CHECK(mode_of(fresh) == 0600);
  REQUIRE(::chmod(pair.folder.c_str(), 02755) == 0);
  REQUIRE(open_key(fresh));
  CHECK(mode_of(fresh) == 0640);
}

TEST_CASE("a wildcard stands for one label") {
  crypto::Certificate certificate;
  certificate.names = {"*.example.org"};
  CHECK(crypto::is_for(certificate, "mail.example.org"));
  CHECK_FALSE(crypto::is_for(certificate, "a.mail.example.org"));
  CHECK_FALSE(crypto::is_for(certificate, "example.org"));
}
