#include "common/dkim/signature.h"

#include "common/base/text.h"
#include "common/dkim/tags.h"

namespace futar::dkim {
namespace {

constexpr size_t most_names = 256;       // oversigned mail names some 60
constexpr size_t most_signature = 1024;  // octets; RSA of 8192 bits

bool is_field_name(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) { return c > ' ' && c < 0x7F && c != ':'; });
}

std::optional<int64_t> parse_time(std::string_view text) {
  if (text.size() > 12) return std::nullopt;
  const auto number = parse_number(text);
  return number ? std::optional(static_cast<int64_t>(*number)) : std::nullopt;
}

// Each takes one tag into the signature and says what is wrong with it.
class Reader {
 public:
  Reader(const TagList& tags, SignatureKind kind, Signature& to) : tags_(tags), kind_(kind), to_(to) {}

  std::string read() {
    // Who signed is worth knowing even when the rest makes no sense.
    for (const auto step : {&Reader::domain, &Reader::selector, &Reader::algorithm, &Reader::version,
                            &Reader::canons, &Reader::names, &Reader::hashes, &Reader::identity,
                            &Reader::length, &Reader::times, &Reader::query})
      if (std::string error = (this->*step)(); !error.empty() && error_.empty()) error_ = std::move(error);
    return error_;
  }

 private:
  std::string domain() {
    const auto value = tags_.get("d");
    if (!value) return "d= is missing";
    if (!is_domain(*value)) return "d= is no domain in ASCII";
    to_.domain = ascii_lower(*value);
    return "";
  }
  std::string selector() {
    const auto value = tags_.get("s");
    if (!value) return "s= is missing";
    if (!is_domain(*value)) return "s= is no selector in ASCII";
    to_.selector = ascii_lower(*value);
    return to_.key_name().size() > 253 ? "the name of its key is too long" : "";
  }
  std::string algorithm() {
    const std::string value = ascii_lower(tags_.get("a").value_or(""));
    if (value.empty()) return "a= is missing";
    if (value != "rsa-sha256" && value != "ed25519-sha256" && value != "rsa-sha1")
      return "a= is no algorithm that we know";
    to_.algorithm = value;
    return "";
  }
  std::string version() { return kind_ != SignatureKind::dkim || tags_.get("v") == "1" ? "" : "v= is not 1"; }
  std::string canons() {
    if (is_seal()) return "";
    const auto value = tags_.get("c");
    if (!value) return "";
    const auto canons = Canons::parse(ascii_lower(*value));
    if (!canons) return "c= is no canonicalization that we know";
    to_.canons = *canons;
    return "";
  }
  std::string names() {
    const auto value = tags_.get("h");
    if (is_seal()) return value ? "h= has no place in a seal" : "";
    if (!value) return "h= is missing";
    auto names = colon_list(*value);
    // The published cases of ARC take "to::date", which names no field, for good.
    if (kind_ == SignatureKind::arc_message)
      std::erase_if(names, [](std::string_view name) { return name.empty(); });
    if (names.size() > most_names) return "h= names too many fields";
    if (!std::ranges::all_of(names, is_field_name)) return "h= names what is no field";
    to_.names.assign(names.begin(), names.end());
    return to_.names_field("From") ? "" : "h= does not name From";
  }
  std::string hashes() {
    const auto body = tags_.get("bh"), signature = tags_.get("b");
    if (!body && !is_seal()) return "bh= is missing";
    if (!signature) return "b= is missing";
    const auto body_hash = decode_folded(body.value_or("")), octets = decode_folded(*signature);
    if (!is_seal() && (!body_hash || body_hash->empty())) return "bh= is not base64";
    if (!octets || octets->empty() || octets->size() > most_signature) return "b= is not base64";
    if (!is_seal()) to_.body_hash = *body_hash;
    to_.signature = *octets;
    to_.start = without_space(*signature).substr(0, 8);
    return "";
  }
  std::string identity() {
    const auto value = tags_.get("i");
    if (!value || kind_ != SignatureKind::dkim) return "";
    to_.identity = without_space(*value);
    const size_t at = to_.identity.rfind('@');
    if (at == std::string::npos || !is_within(std::string_view(to_.identity).substr(at + 1), to_.domain))
      return "i= does not lie within d=";
    return "";
  }
  std::string length() {
    const auto value = tags_.get("l");
    if (!value || is_seal()) return "";
    to_.length = parse_number(*value);
    return to_.length ? "" : "l= is no number";
  }
  std::string times() {
    const auto time = tags_.get("t"), expires = tags_.get("x");
    if (time && !(to_.time_s = parse_time(*time))) return "t= is no time";
    if (expires && !(to_.expires_s = parse_time(*expires))) return "x= is no time";
    return time && expires && *to_.expires_s <= *to_.time_s ? "x= is not after t=" : "";
  }
  std::string query() {
    const auto value = tags_.get("q");
    if (!value) return "";
    const auto ways = colon_list(*value);
    return std::ranges::find(ways, "dns/txt") != ways.end() ? "" : "q= does not allow the DNS";
  }
  bool is_seal() const { return kind_ == SignatureKind::arc_seal; }

  const TagList& tags_;
  SignatureKind kind_;
  Signature& to_;
  std::string error_;
};

}  // namespace

bool Signature::names_field(std::string_view name) const {
  return std::ranges::any_of(names, [&](const std::string& own) { return equal_nocase(own, name); });
}

bool is_domain(std::string_view text) {
  if (text.empty() || text.size() > 253) return false;
  return std::ranges::all_of(split(text, '.'), [](std::string_view label) {
    return !label.empty() && label.size() <= 63 && std::ranges::all_of(label, [](char c) {
      return (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
             c == '_';
    });
  });
}

bool is_within(std::string_view domain, std::string_view parent) {
  if (equal_nocase(domain, parent)) return true;
  return !parent.empty() && is_domain(domain) && domain.size() > parent.size() &&
         domain[domain.size() - parent.size() - 1] == '.' &&
         equal_nocase(domain.substr(domain.size() - parent.size()), parent);
}

ParsedSignature parse_signature(std::string_view value, SignatureKind kind) {
  ParsedSignature parsed;
  const auto tags = TagList::parse(value);
  parsed.error = tags ? Reader(*tags, kind, parsed.signature).read() : tags.error().text;
  return parsed;
}

}  // namespace futar::dkim
