// Mail signed by hand, with any tags; and a verifier that is told the keys. For tests and for the fuzzer.
#pragma once
#include <string>
#include <vector>

#include "common/base/text.h"
#include "common/crypto/key.h"
#include "common/dkim/field_writer.h"
#include "common/dkim/key_record.h"
#include "common/dkim/tags.h"
#include "common/dkim/verifier.h"

namespace futar::dkim {

constexpr int64_t now_ms = 1'764'000'000'000;

inline const crypto::PrivateKey& rsa_key() {
  static const auto key = crypto::PrivateKey::make(crypto::KeyType::rsa);
  return key;
}
inline const crypto::PrivateKey& ed_key() {
  static const auto key = crypto::PrivateKey::make(crypto::KeyType::ed25519);
  return key;
}

/// An answer with these TXT records.
inline dns::Answer txt(const std::vector<std::string>& records) {
  dns::Answer answer;
  answer.status = dns::Answer::Status::ok;
  for (const std::string& record : records) {
    std::string& rdata = answer.rdata.emplace_back();
    for (const std::string& part : txt_strings(record)) rdata += static_cast<char>(part.size()) + part;
  }
  return answer;
}

struct Mail {
  std::string header =
      "From: Alice <alice@example.org>\r\nTo: bob@example.net\r\nSubject: a\r\n folded  one\r\n"
      "Date: Tue, 24 Nov 2026 14:02:07 +0100\r\n";
  std::string body = "Hello,\r\n\r\n two  words \r\n\r\n\r\n";

  std::string text() const { return header + "\r\n" + body; }
};

/// A signature put together from tags; what is "" is left out.
struct HandSigned {
  std::string version = "1", algorithm = "", canons = "relaxed/relaxed", domain = "example.org",
              selector = "s1";
  std::string names = "From:To:Subject:Date", more = "";  ///< `more`: "x=1; l=2;"
  const crypto::PrivateKey* key = &ed_key();

  std::string field(const Mail& mail) const {
    const auto parsed = Canons::parse(canons);
    const Canons forms = parsed.value_or(Canons{});
    std::optional<uint64_t> length;
    if (const size_t at = more.find("l="); at != std::string::npos) length = std::stoull(more.substr(at + 2));
    BodyHash body(forms.body, length);
    body.add(mail.body);
    const std::string a = algorithm.empty() ? std::string(name(key->type())) + "-sha256" : algorithm;
    std::string text = "DKIM-Signature: v=" + version + "; a=" + a + ";";
    if (!canons.empty()) text += " c=" + canons + ";";
    text += " d=" + domain + "; s=" + selector + ";\r\n h=" + names + "; " + more +
            "\r\n bh=" + base64_encode(body.finish()) + ";\r\n b=";
    const auto fields = message::split_header(mail.header);
    std::vector<std::string> list;
    for (const auto word : split(names, ':')) list.emplace_back(trim(word));
    HeaderHash hash(forms.header);
    hash.add(select_fields(fields, list));
    return text + base64_encode(key->sign(hash.finish(text + "\r\n"))) + "\r\n";
  }
  Mail sign(Mail mail = {}) const {
    mail.header = field(mail) + mail.header;
    return mail;
  }
};

/// Each key that is wanted is there: the test's own two by the kind of the signature, or `record`.
inline std::vector<Verdict> verify(const Mail& mail,
                                   const std::string& record = key_record(ed_key().public_key()),
                                   size_t piece = 7, VerifierLimits limits = {}) {
  Verifier verifier(mail.header + "\r\n", now_ms, limits);
  for (const std::string& name : verifier.wanted_keys()) verifier.give_key(name, txt({record}));
  for (size_t at = 0; at < mail.body.size(); at += piece)
    verifier.body(std::string_view(mail.body).substr(at, piece));
  return verifier.finish();
}

}  // namespace futar::dkim
