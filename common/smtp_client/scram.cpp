#include "common/smtp_client/scram.h"

#include "common/base/text.h"
#include "common/crypto/digest.h"

namespace futar::smtp_client {
namespace {

constexpr uint64_t least_iterations =
    4096;  // RFC 7677 §4; fewer would help whoever wants to guess the password
constexpr uint64_t most_iterations = 1'000'000;

/// RFC 5802 §5.1: "=" and "," are escaped in names.
std::string escaped(std::string_view name) {
  std::string text;
  for (const char c : name) {
    if (c == '=')
      text += "=3D";
    else if (c == ',')
      text += "=2C";
    else
      text += c;
  }
  return text;
}

std::string exclusive_or(std::string a, std::string_view b) {
  for (size_t i = 0; i < a.size(); ++i) a[i] = static_cast<char>(a[i] ^ b[i]);
  return a;
}

std::string gs2_header(bool plus, bool could_bind) {
  if (plus) return "p=tls-exporter,,";
  return could_bind ? "y,," : "n,,";
}

struct ServerFirst {
  std::string_view nonce;
  std::string salt;
  uint32_t iterations = 0;
};

/// "r=nonce,s=salt,i=iterations", perhaps with extensions behind; "m=" in front is one that we would have to
/// know.
Result<ServerFirst> parse_first(std::string_view text) {
  const auto fields = split(text, ',');
  if (fields.size() < 3 || !fields[0].starts_with("r=") || !fields[1].starts_with("s=") ||
      !fields[2].starts_with("i="))
    return fail(Error::permanent("no first message of SCRAM"));
  const auto salt = base64_decode(fields[1].substr(2));
  const auto iterations = parse_number(fields[2].substr(2));
  if (!salt || salt->empty()) return fail(Error::permanent("a bad salt"));
  if (!iterations || *iterations < least_iterations || *iterations > most_iterations)
    return fail(Error::permanent("it asks for too few or too many iterations"));
  return ServerFirst{fields[0].substr(2), *salt, static_cast<uint32_t>(*iterations)};
}

}  // namespace

Scram::Scram(Login login, bool plus, std::string channel_binding, std::string nonce)
    : login_(std::move(login)),
      plus_(plus),
      gs2_header_(gs2_header(plus, !channel_binding.empty())),
      binding_(plus ? std::move(channel_binding) : ""),
      nonce_(std::move(nonce)),
      first_bare_("n=" + escaped(login_.user) + ",r=" + nonce_) {}

std::optional<std::string> Scram::initial() { return gs2_header_ + first_bare_; }

Result<std::string> Scram::answer(std::string_view challenge) {
  switch (step_) {
    case Step::begun:
      return prove(challenge);
    case Step::proof_sent:
      return check_server(challenge);
    case Step::proven:
      break;
  }
  return fail(Error::permanent("SCRAM has no third challenge"));
}

Result<std::string> Scram::prove(std::string_view server_first) {
  const ServerFirst first = TRY(parse_first(server_first));
  if (!first.nonce.starts_with(nonce_) || first.nonce.size() == nonce_.size())
    return fail(Error::permanent("its nonce does not continue ours"));
  const std::string salted = crypto::pbkdf2_sha256(login_.secret, first.salt, first.iterations);
  const std::string client_key = crypto::hmac_sha256(salted, "Client Key");
  const std::string final_without_proof =
      fmt::format("c={},r={}", base64_encode(gs2_header_ + binding_), first.nonce);
  const std::string auth_message = fmt::format("{},{},{}", first_bare_, server_first, final_without_proof);
  const std::string signature = crypto::hmac_sha256(crypto::sha256(client_key), auth_message);
  server_signature_ = crypto::hmac_sha256(crypto::hmac_sha256(salted, "Server Key"), auth_message);
  step_ = Step::proof_sent;
  return final_without_proof + ",p=" + base64_encode(exclusive_or(client_key, signature));
}

Result<std::string> Scram::check_server(std::string_view server_final) {
  if (server_final.starts_with("e="))
    return fail(Error::permanent("it says " + printable(server_final.substr(2), 80)));
  const std::string_view verifier = split(server_final, ',')[0];
  const auto signature = verifier.starts_with("v=") ? base64_decode(verifier.substr(2)) : std::nullopt;
  if (!signature || !crypto::equal_constant_time(*signature, server_signature_))
    return fail(Error::permanent("it does not know the password itself"));
  step_ = Step::proven;
  return std::string();
}

}  // namespace futar::smtp_client
