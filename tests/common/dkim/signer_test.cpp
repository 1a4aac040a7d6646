#include "common/dkim/signer.h"

#include <doctest/doctest.h>

#include "tests/common/dkim/signed_mail.h"
#include "tests/common/dkim/whole_opendkim.h"

using namespace futar;
using namespace futar::dkim;

namespace {

const Mail plain = {
    "Received: from x by y\r\n"
    "From: =?utf-8?q?Alice?= <alice@example.org>\r\nTo: bob@example.net,\r\n\t eve@example.net\r\nCc: "
    "c@example.net\r\n"
    "Subject: a\r\n  folded \t one\r\nDate: Tue, 24 Nov 2026 14:02:07 +0100\r\nReply-To: "
    "alice@example.org\r\n"
    "Message-ID: <1@example.org>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\nContent-Disposition: inline\r\nList-Id: <l.example.org>\r\n"
    "In-Reply-To: <0@example.org>\r\nX-Own: 1\r\n",
    "Gr\xc3\xbc\xc3\x9f"
    "e \t \r\n\r\n a  b\t\r\n.\r\n\r\n\r\n"};

const Signer& both() {
  static const Signer signer("Example.ORG", {{"r1", rsa_key()}, {"e1", ed_key()}}, 86'400);
  return signer;
}

Mail sign(const Signer& signer, Mail mail, size_t piece = 5, int64_t now = now_ms) {
  Signing signing = signer.begin(mail.header + "\r\n", now);
  for (size_t at = 0; at < mail.body.size(); at += piece)
    signing.body(std::string_view(mail.body).substr(at, piece));
  mail.header = signing.finish() + mail.header;
  return mail;
}

std::vector<Verdict> check(const Mail& mail, int64_t now = now_ms) {
  Verifier verifier(mail.header, now);
  verifier.give_key("r1._domainkey.example.org", txt({key_record(rsa_key().public_key())}));
  verifier.give_key("e1._domainkey.example.org", txt({key_record(ed_key().public_key())}));
  verifier.body(mail.body);
  return verifier.finish();
}

std::string outcomes(const std::vector<Verdict>& verdicts) {
  std::string words;
  for (const Verdict& verdict : verdicts) words += std::string(name(verdict.result)) + " ";
  return words;
}

}  // namespace

TEST_CASE("a message is signed by both keys, and both signatures verify") {
  const Mail mail = sign(both(), plain);
  const auto verdicts = check(mail);
  CHECK(outcomes(verdicts) == "pass pass ");
  CHECK(verdicts[0].algorithm == "rsa-sha256");
  CHECK(verdicts[1].algorithm == "ed25519-sha256");
  CHECK(verdicts[1].domain == "example.org");
}

TEST_CASE("libopendkim verifies both by itself, header and body, in whatever pieces the body came") {
  for (size_t piece : {1, 3, 1000}) {
    const Mail mail = sign(both(), plain, piece, system_clock().wall_ms());  // it reads that clock
    CHECK(whole_opendkim(mail, "r1", key_record(rsa_key().public_key())));
    CHECK(whole_opendkim(mail, "e1", key_record(ed_key().public_key())));
    Mail other = mail;
    other.body.insert(0, "x");
    CHECK_FALSE(whole_opendkim(other, "r1", key_record(rsa_key().public_key())));
    CHECK_FALSE(whole_opendkim(other, "e1", key_record(ed_key().public_key())));
  }
}

TEST_CASE("bodies at the edge: empty, blank, without a last line end") {
  for (const char* body : {"", "\r\n", "\r\n\r\n", " \r\n", "x", "x ", "x\r\n \r\n"}) {
    CAPTURE(body);
    const Mail mail = sign(both(), {plain.header, body}, 1, system_clock().wall_ms());
    CHECK(outcomes(check(mail, system_clock().wall_ms())) == "pass pass ");
    if (std::string_view(body).empty() || std::string_view(body).ends_with("\r\n"))
      CHECK(whole_opendkim(mail, "e1", key_record(ed_key().public_key())));
  }
}

TEST_CASE("no signed field can be changed, taken out or added") {
  const Mail mail = sign(both(), plain);
  const auto fields = message::split_header(plain.header);
  size_t signed_fields = 0;
  for (const message::Field& field : fields) {
    CAPTURE(field.name);
    const bool is_signed = !field.is("Received") && !field.is("X-Own");
    const bool may_be_added = !is_signed || field.is("List-Id") || field.is("In-Reply-To");
    const std::string text(field.text), good = "pass pass ", bad = "fail fail ";
    const size_t at = mail.header.find(text);
    Mail other = mail;
    other.header.replace(at, text.size(), text.substr(0, text.size() - 2) + "x\r\n");
    CHECK(outcomes(check(other)) == (is_signed ? bad : good));
    other.header = mail.header;
    other.header.erase(at, text.size());
    if (!field.is("From")) CHECK(outcomes(check(other)) == (is_signed ? bad : good));
    const std::string more = std::string(field.name) + ": other\r\n";
    for (const std::string& header : {more + mail.header, mail.header + more}) {
      other.header = header;
      CHECK(outcomes(check(other)) == (may_be_added && header.starts_with(more) ? good
                                       : is_signed                              ? bad
                                                                                : good));
    }
    signed_fields += is_signed;
  }
  CHECK(signed_fields == 13);
}

TEST_CASE("fields that were not there cannot be added") {
  const Mail bare = {"From: a@example.org\r\n", "x\r\n"};
  const Mail mail = sign(both(), bare);
  CHECK(outcomes(check(mail)) == "pass pass ");
  for (const char* name :
       {"Subject", "Date", "To", "Cc", "Reply-To", "Message-ID", "MIME-Version", "Content-Type",
        "Content-Transfer-Encoding", "Content-Disposition", "from", "SUBJECT "}) {
    CAPTURE(name);
    for (const bool on_top : {true, false}) {
      Mail other = mail;
      const std::string field = std::string(name) + ": x\r\n";
      other.header = on_top ? field + mail.header : mail.header + field;
      CHECK(outcomes(check(other)) == "fail fail ");
    }
  }
}

TEST_CASE("no octet of the signature's own field can be changed but for white space") {
  const Mail mail = sign(Signer("example.org", {{"e1", ed_key()}}), {"From: a@example.org\r\n", "x\r\n"});
  const size_t end = mail.header.find("From: a@");
  for (size_t at = std::string_view("DKIM-Signature:").size(); at < end; ++at) {
    if (is_space(mail.header[at])) continue;
    CAPTURE(at);
    Mail other = mail;
    other.header[at] = other.header[at] == 'A' ? 'B' : 'A';
    const auto verdicts = check(other);
    CHECK((verdicts.empty() || verdicts[0].result != Outcome::pass));
  }
}

TEST_CASE("the body cannot be changed, made shorter or longer, but for white space that does not show") {
  const Mail mail = sign(both(), plain);
  for (size_t at = 0; at < plain.body.size() - 8; ++at) {
    Mail other = mail;
    if (is_space(other.body[at])) continue;
    other.body[at] ^= 1;
    CHECK(outcomes(check(other)) == "fail fail ");
  }
  for (const std::string& body : {plain.body + "x\r\n", plain.body.substr(4), std::string()})
    CHECK(outcomes(check({mail.header, body})) == "fail fail ");
  CHECK(outcomes(check({mail.header, plain.body + "\r\n"})) == "pass pass ");
}

TEST_CASE("signatures expire, have no l=, and their lines are short") {
  const Mail mail = sign(both(), plain);
  CHECK(outcomes(check(mail, now_ms + 86'400'000)) == "pass pass ");
  CHECK(outcomes(check(mail, now_ms + 87'000'000)) == "fail fail ");
  for (const message::Field& field : message::split_header(mail.header))
    if (field.is("DKIM-Signature")) {
      CHECK_FALSE(parse_signature(field.value).signature.length);
      for (const auto line : split(field.text, '\n')) CHECK(trim(line).size() <= 78);
      CHECK_FALSE(field.text.ends_with(" \r\n"));
    }
}

TEST_CASE("what was signed before is signed again, and both hold") {
  const Mail once = sign(Signer("other.example", {{"s", ed_key()}}), plain);
  const Mail twice = sign(both(), once);
  Verifier verifier(twice.header, now_ms);
  for (const std::string& name : verifier.wanted_keys())
    verifier.give_key(name, txt({key_record((name.starts_with("r1") ? rsa_key() : ed_key()).public_key())}));
  verifier.body(twice.body);
  CHECK(outcomes(verifier.finish()) == "pass pass pass ");
}
