#include "mta/sign/mail_signer.h"

#include "common/dkim/verifier.h"
#include "tests/mta/sign/keyring_fixture.h"

using namespace futar;
using namespace futar::mta;
using event::Field;

namespace {

struct SignerFixture : KeyringFixture {
  SignerFixture() {
    REQUIRE(make("example.org", Keyring::Make::first).has_value());
    publish_all();
    look();
    spool = *spool::Folder::open(folder / "spool", loop, *workers);
    signer = std::make_unique<MailSigner>(*keyring, *workers, *spool, clock, directory_now());
  }
  ~SignerFixture() { spool.reset(); }

  spool::Message message(const std::string& from, std::string body = "hello\r\n") {
    spool::Message m;
    m.id = MessageId::make(clock);
    m.header = "Received: by x\r\nFrom: " + from + "\r\nSubject: one\r\n\r\n";
    m.body.size = body.size();
    m.body.bytes = std::make_shared<const std::string>(std::move(body));
    return m;
  }
  Result<std::vector<Signature>> sign(std::vector<const spool::Message*> messages,
                                      Author author = Author::user) {
    Result<std::vector<Signature>> result;
    run_task(loop,
             [](MailSigner& s, std::vector<const spool::Message*> m, Author a,
                Result<std::vector<Signature>>& out) -> Task<> {
               out = co_await s.sign(std::move(m), a);
             }(*signer, std::move(messages), author, result));
    return result;
  }
  Signature sign_one(const spool::Message& m, Author author = Author::user) {
    auto result = sign({&m}, author);
    REQUIRE(result.has_value());
    REQUIRE(result->size() == 1);
    return std::move(result->front());
  }
  /// "pass example.org, pass example.org": as whoever gets it judges by the DNS.
  std::string judged(const std::string& header, const std::string& body) {
    std::string text;
    run_task(loop, [](SignerFixture& f, std::string h, std::string b, std::string& out) -> Task<> {
      dkim::Verifier verifier(h, f.clock.wall_ms());
      verifier.body(b);
      co_await dkim::fetch_keys(verifier, f.dns, f.clock);
      for (const auto& verdict : verifier.finish())
        out += fmt::format("{}{} {}", out.empty() ? "" : ", ", name(verdict.result), verdict.domain);
    }(*this, header, body, text));
    return text;
  }

  std::unique_ptr<spool::Folder> spool;
  std::unique_ptr<MailSigner> signer;
};

}  // namespace

TEST_CASE("a message carries two signatures of From's domain, which the public keys prove") {
  SignerFixture f;
  const spool::Message m = f.message("Alice <alice@Example.org>");
  const Signature signature = f.sign_one(m);
  CHECK(f.judged(signature.fields + m.header, "hello\r\n") == "pass example.org, pass example.org");
  CHECK(f.judged(signature.fields + m.header, "hallo\r\n") == "fail example.org, fail example.org");
  CHECK(f.judged(signature.fields + "Subject: two\r\n" + m.header, "hello\r\n") ==
        "fail example.org, fail example.org");
  CHECK(signature.by == "example.org 20261124r 20261124e");
  CHECK(event::words(signature.event) == "signed for example.org with selectors 20261124r, 20261124e");
  CHECK(signature.fields.find("l=") == std::string::npos);
  CHECK(signature.fields.find("x=" + std::to_string(f.clock.wall_ms() / 1000 + 14 * 86'400)) !=
        std::string::npos);
}

TEST_CASE("what is not signed says why") {
  SignerFixture f;
  CHECK(event::words(f.sign_one(f.message("bob@example.net")).event) ==
        "not signed: example.net has no key that the DNS shows");
  CHECK(event::words(f.sign_one(f.message("eve@elsewhere.test")).event) ==
        "not signed: From names no domain of ours");
  const Signature two = f.sign_one(f.message("a@example.org\r\nFrom: b@example.org"));
  CHECK(two.fields.empty());
  CHECK(event::words(two.event).starts_with("not signed: "));
}

TEST_CASE("the nearest domain of ours above From's signs, so that it is aligned") {
  SignerFixture f;
  CHECK(f.sign_one(f.message("MAILER-DAEMON@mail.example.org")).by.starts_with("example.org "));
  CHECK(signing_domain(*f.directory, "a.b.example.net") == "example.net");
  CHECK(signing_domain(*f.directory, "notexample.org").empty());
  CHECK(signing_domain(*f.directory, "org").empty());
}

TEST_CASE("a notification of our own from a host elsewhere is signed by the first of our domains") {
  SignerFixture f;
  const spool::Message m = f.message("MAILER-DAEMON@vps.provider.test");
  CHECK(f.sign_one(m).fields.empty());
  CHECK(f.sign_one(m, Author::ourselves).by.starts_with(*f.directory->first_domain()) ==
        (*f.directory->first_domain() == "example.org"));
}

TEST_CASE("a batch is signed in its order, and a body in a file piece by piece") {
  SignerFixture f;
  std::string big;
  for (int line = 0; line < 4000; ++line)
    big += fmt::format("line {} of a body that goes to a file\r\n", line);
  spool::Message large = f.message("alice@example.org");
  run_task(f.loop, [](SignerFixture& fixture, const std::string& octets, spool::Body& out) -> Task<> {
    auto writer = fixture.spool->begin("large");
    REQUIRE((co_await writer.append(octets)).has_value());
    out = *(co_await writer.finish());
    writer.keep();
  }(f, big, large.body));
  REQUIRE(large.body.is_file());
  std::vector<spool::Message> messages;
  for (int i = 0; i < 20; ++i) messages.push_back(f.message("alice@example.org", fmt::format("{}\r\n", i)));
  std::vector<const spool::Message*> all;
  for (const spool::Message& m : messages) all.push_back(&m);
  all.push_back(&large);
  const auto signatures = f.sign(all);
  REQUIRE(signatures.has_value());
  REQUIRE(signatures->size() == 21);
  for (size_t i = 0; i < 20; ++i)
    CHECK(f.judged((*signatures)[i].fields + messages[i].header, fmt::format("{}\r\n", i)) ==
          "pass example.org, pass example.org");
  CHECK(f.judged((*signatures)[20].fields + large.header, big) == "pass example.org, pass example.org");
  f.spool->remove("large");
  CHECK_FALSE(f.sign({&large}).has_value());
}
