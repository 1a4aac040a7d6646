#include "msa/login/sasl.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "common/base/text.h"

namespace futar::msa {
namespace {

constexpr size_t max_name = 320;  // 64@255
constexpr size_t max_password = 1024;
constexpr size_t max_nonce = 256;

std::unexpected<Error> refused(std::string_view words) { return fail(Error::permanent(std::string(words))); }

// RFC 5802 §5.1: in a saslname "=2C" is a comma and "=3D" an equals sign; no other "=" may stand there.
std::optional<std::string> decode_saslname(std::string_view text) {
  std::string name;
  while (!text.empty()) {
    if (text.front() != '=') {
      name += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (!text.starts_with("=2C") && !text.starts_with("=3D")) return std::nullopt;
    name += text[1] == '2' ? ',' : '=';
    text.remove_prefix(3);
  }
  return name;
}

// The value of "X=value" when the text is that attribute.
std::optional<std::string_view> attribute(std::string_view text, char letter) {
  if (text.size() < 2 || text[0] != letter || text[1] != '=') return std::nullopt;
  return text.substr(2);
}

bool is_nonce(std::string_view text) {
  return !text.empty() && text.size() <= max_nonce &&
         std::ranges::all_of(text, [](char c) { return c > 0x20 && c < 0x7F && c != ','; });
}

}  // namespace

Result<NamedPassword> parse_plain(std::string_view octets) {
  const auto parts = split(octets, '\0');
  if (parts.size() != 3 || parts[1].empty() || parts[2].empty()) return refused("PLAIN: not three parts");
  if (parts[1].size() > max_name || parts[2].size() > max_password) return refused("PLAIN: too long");
  if (!is_utf8(octets)) return refused("PLAIN: not UTF-8");
  if (!parts[0].empty() && !equal_nocase(parts[0], parts[1]))
    return refused("PLAIN: asks to act for somebody else");
  return NamedPassword{std::string(parts[1]), std::string(parts[2])};
}

ScramServer::ScramServer(Binding binding, std::string exporter, std::string nonce)
    : binding_(binding), exporter_(std::move(exporter)), nonce_(std::move(nonce)) {}

// RFC 5802 §7: gs2-header = gs2-cbind-flag "," [ "a=" saslname ] ",". Returns client-first-message-bare.
Result<std::string_view> ScramServer::take_gs2_header(std::string_view message) {
  const auto first = message.find(',');
  const auto second = first == std::string_view::npos ? first : message.find(',', first + 1);
  if (second == std::string_view::npos) return refused("SCRAM: no GS2 header");
  const auto flag = message.substr(0, first);
  const auto authzid = message.substr(first + 1, second - first - 1);
  gs2_header_ = message.substr(0, second + 1);

  if (binding_ == Binding::tls_exporter) {
    if (flag != "p=tls-exporter") return refused("SCRAM-PLUS: the client does not bind by tls-exporter");
    if (exporter_.empty()) return refused("SCRAM-PLUS: no TLS 1.3");
  } else {
    if (flag != "n" && flag != "y") return refused("SCRAM: a channel binding without -PLUS");
    // RFC 5802 §6: "y" says that the client saw no -PLUS in our list. If we offered it, somebody took it out.
    if (flag == "y" && !exporter_.empty())
      return refused("SCRAM: -PLUS was removed from our list on the way");
  }
  if (!authzid.empty()) {
    const auto name = attribute(authzid, 'a');
    const auto decoded = name ? decode_saslname(*name) : std::nullopt;
    // Differs: a saslname is never empty, but gsasl sends "a=" when it is asked to act for nobody.
    if (!decoded) return refused("SCRAM: bad authzid");
    authzid_ = *decoded;
  }
  return message.substr(second + 1);
}

// client-first-message-bare = [reserved-mext ","] username "," nonce ["," extensions]
Result<std::string> ScramServer::client_first(std::string_view message) {
  if (!is_utf8(message)) return refused("SCRAM: not UTF-8");
  const auto bare = TRY(take_gs2_header(message));
  const auto parts = split(bare, ',');
  if (attribute(parts[0], 'm')) return refused("SCRAM: an extension that we do not know");
  const auto name = attribute(parts[0], 'n');
  const auto nonce = parts.size() > 1 ? attribute(parts[1], 'r') : std::nullopt;
  if (!name || !nonce || !is_nonce(*nonce)) return refused("SCRAM: bad first message");
  const auto decoded = decode_saslname(*name);
  if (!decoded || decoded->empty() || decoded->size() > max_name) return refused("SCRAM: bad user name");
  if (!authzid_.empty() && !equal_nocase(authzid_, *decoded))
    return refused("SCRAM: asks to act for somebody else");
  client_first_bare_ = bare;
  nonce_ = std::string(*nonce) + nonce_;
  return *decoded;
}

std::string ScramServer::server_first(const crypto::ScramKeys& keys) {
  server_first_ = fmt::format("r={},s={},i={}", nonce_, base64_encode(keys.salt), keys.iterations);
  return server_first_;
}

// client-final-message = channel-binding "," nonce ["," extensions] "," proof
Result<std::string> ScramServer::client_final(std::string_view message, const crypto::ScramKeys& keys) const {
  const auto at = message.rfind(",p=");
  if (at == std::string_view::npos) return refused("SCRAM: no proof");
  const auto without_proof = message.substr(0, at);
  const auto proof = base64_decode(message.substr(at + 3));
  const auto parts = split(without_proof, ',');
  const auto binding = attribute(parts[0], 'c');
  const auto nonce = parts.size() > 1 ? attribute(parts[1], 'r') : std::nullopt;
  if (!binding || !nonce || !proof) return refused("SCRAM: bad final message");
  const std::string bound = gs2_header_ + (binding_ == Binding::tls_exporter ? exporter_ : "");
  if (base64_decode(*binding) != bound)
    return refused("SCRAM: the channel binding differs: somebody sits between");
  if (*nonce != nonce_) return refused("SCRAM: the nonce differs");
  const std::string auth_message = fmt::format("{},{},{}", client_first_bare_, server_first_, without_proof);
  if (!crypto::proof_matches(keys, auth_message, *proof)) return refused("wrong password");
  return "v=" + base64_encode(crypto::server_signature(keys, auth_message));
}

}  // namespace futar::msa
