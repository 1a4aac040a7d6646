#include "common/dkim/key_record.h"

#include <fcntl.h>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/crypto/digest.h"
#include "common/dkim/tags.h"
#include "common/dns/rdata.h"

namespace futar::dkim {
namespace {

constexpr size_t most_record = 4096;
constexpr int most_rsa_bits = 4096;  // RFC 8301 §3.2 asks for no more, and larger ones cost

bool lists(std::optional<std::string_view> value, std::string_view word, std::string_view all = "") {
  if (!value) return true;
  const auto words = colon_list(*value);
  return std::ranges::any_of(words,
                             [&](std::string_view own) { return equal_nocase(own, word) || own == all; });
}

bool has_flag(const TagList& tags, std::string_view flag) {
  return tags.get("t") && lists(tags.get("t"), flag);
}

// Other TXT records may stand at the same name.
bool looks_like_key(std::string_view text) {
  const auto tags = TagList::parse(text);
  return tags ? tags->get("p").has_value() : starts_with_nocase(trim(text), "v=DKIM1");
}

}  // namespace

Result<KeyRecord> parse_key_record(std::string_view text) {
  const auto bad = [](std::string why) { return fail(Error::permanent("its key record " + std::move(why))); };
  if (text.size() > most_record) return bad("is too long");
  const auto tags = TagList::parse(text);
  if (!tags) return bad("is malformed: " + tags.error().text);
  if (tags->get("v").value_or("DKIM1") != "DKIM1") return bad("is of a version that we do not know");
  if (!lists(tags->get("s"), "email", "*")) return bad("is not for mail");
  if (!lists(tags->get("h"), "sha256")) return bad("does not allow sha256");
  const std::string kind = ascii_lower(tags->get("k").value_or("rsa"));
  if (kind != "rsa" && kind != "ed25519") return bad("holds a kind of key that we do not know");
  const auto value = tags->get("p");
  if (!value) return bad("holds no key");
  if (value->empty()) return bad("says that the key is revoked");
  const auto octets = decode_folded(*value);
  if (!octets) return bad("holds a key that is not base64");
  const auto type = kind == "rsa" ? crypto::KeyType::rsa : crypto::KeyType::ed25519;
  auto key = crypto::PublicKey::parse(type, *octets);
  if (!key) return bad("holds " + key.error().text);
  return KeyRecord{*std::move(key), has_flag(*tags, "y"), has_flag(*tags, "s")};
}

Result<KeyRecord> read_key(const dns::Answer& answer) {
  if (answer.is_temporary())
    return fail(Error::temporary("the DNS gives no answer about its key: " + printable(answer.why, 100)));
  std::vector<std::string> records;
  for (const std::string& rdata : answer.rdata)
    if (auto text = dns::parse_txt(rdata)) records.push_back(*std::move(text));
  if (records.size() > 1)
    std::erase_if(records, [](const std::string& text) { return !looks_like_key(text); });
  if (records.empty()) return fail(Error::permanent("its key is not in the DNS"));
  if (records.size() > 1) return fail(Error::permanent("its name has several keys in the DNS"));
  return parse_key_record(records[0]);
}

std::string unfit(const KeyRecord& record, const Signature& signature, int min_rsa_bits) {
  const int bits = record.key.bits();
  if (record.key.type() != signature.key_type()) return "its key is of another kind than a= says";
  if (record.key.type() == crypto::KeyType::rsa && (bits < min_rsa_bits || bits > most_rsa_bits))
    return fmt::format("its RSA key has {} bits", bits);
  if (record.strict && !signature.identity.empty() &&
      !equal_nocase(signature.identity.substr(signature.identity.rfind('@') + 1), signature.domain))
    return "its key allows i= in d= itself only";
  return "";
}

std::string key_record(const crypto::PublicKey& key) {
  return fmt::format("v=DKIM1; k={}; p={}", name(key.type()), base64_encode(key.octets()));
}

std::vector<std::string> txt_strings(std::string_view text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at == 0 || at < text.size(); at += 255) parts.emplace_back(text.substr(at, 255));
  return parts;
}

std::string zone_line(std::string_view domain, std::string_view selector, const crypto::PublicKey& key) {
  std::string line = fmt::format("{}._domainkey.{}. IN TXT (", selector, domain);
  for (const std::string& part : txt_strings(key_record(key))) line += " \"" + part + '"';
  return line += " )";
}

Result<crypto::PrivateKey> make_key_file(const std::string& path, crypto::KeyType type) {
  const Fd fd = TRY(open_file(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600));
  auto key = crypto::PrivateKey::make(type);
  std::string pem = key.pem();
  const auto written = write_all(fd, pem, path);
  crypto::wipe(pem);
  TRY(written);
  TRY(sync_file(fd, path));
  const size_t slash = path.rfind('/');
  TRY(sync_folder(slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1))));
  return key;
}

Result<crypto::PrivateKey> read_key_file(const std::string& path) {
  std::string pem = TRY(read_file(path, 64 << 10));
  auto key = crypto::PrivateKey::parse(pem);
  crypto::wipe(pem);
  if (!key) return fail(Error::permanent(path + ": " + key.error().text));
  return key;
}

}  // namespace futar::dkim
