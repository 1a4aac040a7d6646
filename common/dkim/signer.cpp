#include "common/dkim/signer.h"

#include "common/base/text.h"
#include "common/dkim/field_writer.h"

namespace futar::dkim {
namespace {

constexpr const char* oversigned[] = {"From",
                                      "Subject",
                                      "Date",
                                      "To",
                                      "Cc",
                                      "Reply-To",
                                      "Message-ID",
                                      "MIME-Version",
                                      "Content-Type",
                                      "Content-Transfer-Encoding",
                                      "Content-Disposition"};
// Lists add these on their way (RFC 6376 §5.4.1 names them to be signed, RFC 8058 §4 wants
// List-Unsubscribe-Post signed).
constexpr const char* signed_when_there[] = {
    "Sender",         "In-Reply-To", "References", "List-Id",    "List-Unsubscribe", "List-Unsubscribe-Post",
    "List-Subscribe", "List-Post",   "List-Help",  "List-Owner", "List-Archive"};

}  // namespace

std::vector<std::string> names_to_sign(std::span<const message::Field> fields) {
  std::vector<std::string> names;
  for (const char* name : oversigned) names.insert(names.end(), message::count(fields, name) + 1, name);
  for (const char* name : signed_when_there) names.insert(names.end(), message::count(fields, name), name);
  return names;
}

Signer::Signer(std::string domain, std::vector<SigningKey> keys, int64_t lifetime_s)
    : domain_(ascii_lower(domain)), keys_(std::move(keys)), lifetime_s_(lifetime_s) {}

Signing::Signing(const Signer& signer, std::string_view header, int64_t now_ms)
    : signer_(signer), time_s_(now_ms / 1000) {
  const auto fields = message::split_header(header);
  names_ = names_to_sign(fields);
  header_.add(select_fields(fields, names_));
}

std::string Signing::finish() {
  const std::string body_hash = body_.finish();
  std::string signatures;
  for (const SigningKey& key : signer_.keys_) {
    FieldWriter field("DKIM-Signature");
    field.tag("v", "1")
        .tag("a", fmt::format("{}-sha256", name(key.key.type())))
        .tag("c", "relaxed/relaxed")
        .tag("d", signer_.domain_)
        .tag("s", key.selector)
        .tag("t", std::to_string(time_s_))
        .tag("x", std::to_string(time_s_ + signer_.lifetime_s_))
        .list("h", names_)
        .base64("bh", body_hash);
    HeaderHash header = header_;
    signatures += field.signed_text(key.key.sign(header.finish(field.unsigned_text())));
  }
  return signatures;
}

}  // namespace futar::dkim
