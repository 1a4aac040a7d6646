#include "common/smtp_client/mechanism.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/crypto/digest.h"
#include "common/smtp_client/scram.h"

namespace futar::smtp_client {
namespace {

constexpr size_t nonce_size = 18;

/// RFC 4616.
class Plain final : public Mechanism {
 public:
  explicit Plain(Login login) : login_(std::move(login)) {}
  std::string_view name() const override { return "PLAIN"; }
  std::optional<std::string> initial() override {
    return std::string(1, '\0') + login_.user + '\0' + login_.secret;
  }
  Result<std::string> answer(std::string_view) override {
    return fail(Error::permanent("PLAIN has no second challenge"));
  }

 private:
  Login login_;
};

/// No standard; two challenges, whose words differ from server to server: the first is for the name.
class LoginMechanism final : public Mechanism {
 public:
  explicit LoginMechanism(Login login) : login_(std::move(login)) {}
  std::string_view name() const override { return "LOGIN"; }
  std::optional<std::string> initial() override { return std::nullopt; }
  Result<std::string> answer(std::string_view) override {
    switch (challenges_++) {
      case 0:
        return login_.user;
      case 1:
        return login_.secret;
      default:
        return fail(Error::permanent("LOGIN has no third challenge"));
    }
  }

 private:
  Login login_;
  int challenges_ = 0;
};

/// Google's and Microsoft's. A refusal comes as a challenge with its reason; an empty answer brings the 535.
class Xoauth2 final : public Mechanism {
 public:
  explicit Xoauth2(Login login) : login_(std::move(login)) {}
  std::string_view name() const override { return "XOAUTH2"; }
  std::optional<std::string> initial() override {
    return fmt::format(
        "user={}\x01"
        "auth=Bearer {}\x01\x01",
        login_.user, login_.secret);
  }
  Result<std::string> answer(std::string_view) override { return std::string(); }

 private:
  Login login_;
};

}  // namespace

std::unique_ptr<Mechanism> choose_mechanism(const std::vector<std::string>& offered, Login login,
                                            std::string channel_binding) {
  const auto offers = [&](std::string_view name) {
    return std::ranges::find(offered, name) != offered.end();
  };
  if (login.oauth) return offers("XOAUTH2") ? std::make_unique<Xoauth2>(std::move(login)) : nullptr;
  const bool plus = offers("SCRAM-SHA-256-PLUS") && !channel_binding.empty();
  if (plus || offers("SCRAM-SHA-256"))
    return std::make_unique<Scram>(std::move(login), plus, std::move(channel_binding),
                                   base64_encode(crypto::random_bytes(nonce_size)));
  if (offers("PLAIN")) return std::make_unique<Plain>(std::move(login));
  if (offers("LOGIN")) return std::make_unique<LoginMechanism>(std::move(login));
  return nullptr;
}

}  // namespace futar::smtp_client
