#include "msa/login/login.h"

#include "common/base/text.h"
#include "common/crypto/digest.h"
#include "common/directory/records.h"
#include "common/smtp/replies.h"
#include "common/store/database.h"
#include "msa/login/remembered.h"
#include "msa/login/sasl.h"
#include "msa/login/throttle.h"
#include "msa/login/verifier.h"

namespace futar::msa {
namespace {

using smtp_server::AuthExchange;
using smtp_server::AuthResult;
using smtp_server::Client;

// Each costs a worker tens of milliseconds; with more waiting the machine is being flooded.
constexpr size_t most_waiting = 200;
constexpr size_t nonce_octets = 18;

AuthResult failed(std::string cause) { return {"", smtp::replies::auth_failed(), std::move(cause)}; }
AuthResult later() { return {"", smtp::replies::auth_temporary(), "too many login attempts are waiting"}; }
AuthResult cancelled() { return {"", smtp::replies::auth_cancelled(), "the client gave up"}; }

// Who answers to the name, as the directory writes it; what is no address stays as it is, and is unknown.
std::string account_of(const std::string& name) {
  auto account = directory::canonical_text(name);
  return account ? *account : name;
}

// A PLAIN message, or the same from LOGIN's two answers; none when the client gave up.
Task<std::optional<std::string>> ask_password(AuthExchange& exchange) {
  std::optional<std::string> first = exchange.initial();
  if (equal_nocase(exchange.mechanism(), "PLAIN")) {
    if (!first) first = co_await exchange.challenge("");
    co_return first;
  }
  if (!first) first = co_await exchange.challenge(std::string(login_ask_name));
  if (!first) co_return std::nullopt;
  const auto password = co_await exchange.challenge(std::string(login_ask_password));
  if (!password) co_return std::nullopt;
  const std::string nul(1, '\0');
  co_return nul + *first + nul + *password;
}

}  // namespace

Result<std::string> login_key(store::Database& database) {
  const auto known = TRY(store::get_meta(database, "login_key"));
  if (known && known->size() == crypto::sha256_size) return *known;
  const std::string made = crypto::random_bytes(crypto::sha256_size);
  TRY(store::set_meta(database, "login_key", made));
  return made;
}

struct Login::Impl {
  net::Loop& loop;
  net::Workers& workers;
  const Clock& clock;
  std::string key;
  std::shared_ptr<const directory::Credentials> credentials;
  Throttle throttle;
  Remembered remembered;
  std::shared_ptr<KeyMemory> made = std::make_shared<KeyMemory>();  ///< workers share it
  std::function<void(MadeKeys)> keep;

  Impl(net::Loop& l, net::Workers& w, const Clock& c, LoginOptions options)
      : loop(l),
        workers(w),
        clock(c),
        key(std::move(options.key)),
        throttle(std::move(options.shared)),
        keep(std::move(options.keep)) {}

  Task<AuthResult> by_password(Client client, AuthExchange& exchange);
  Task<AuthResult> by_scram(Client client, AuthExchange& exchange, ScramServer::Binding binding);
  Task<bool> wait_in_line(const Client& client, const std::string& account);
  Task<Verifier> look_up(std::string account, std::string password, bool* right);
  AuthResult conclude(const Client& client, const std::string& account, bool right, const Verifier& verifier);
};

// False: too many wait already.
Task<bool> Login::Impl::wait_in_line(const Client& client, const std::string& account) {
  const auto wait = throttle.wait_ms(client.peer.address, account, clock.steady_ms());
  if (!wait || workers.waiting() > most_waiting) co_return false;
  if (*wait > 0) co_await loop.sleep(*wait);
  co_return true;
}

// Reads the verifier on a worker, and checks the password there if one is given. What the worker touches is
// shared with it: a session that ends at shutdown must not pull it away.
Task<Verifier> Login::Impl::look_up(std::string account, std::string password, bool* right) {
  struct Found {
    Verifier verifier;
    bool right = false;
    std::optional<crypto::ScramKeys> keys = {};  ///< made from a right password that only crypt knew
  };
  const auto found = std::make_shared<Found>();
  const bool check = right != nullptr;
  co_await workers.run([found, check, source = credentials, made = made, account,
                        secret = std::move(password), key = key]() mutable {
    found->verifier = find_verifier(source.get(), *made, account, key);
    if (check) found->right = found->verifier.matches(secret);
    if (check && found->verifier.only_password) {  // a wrong password costs the same: salted SHA is quick
      auto keys = crypto::make_scram_keys(secret);
      if (found->right && found->verifier.obstacle.empty()) found->keys = std::move(keys);
    }
    crypto::wipe(secret);
  });
  if (check) *right = found->right;
  if (found->keys) {
    auto fresh = made->add(account, found->verifier.imported, *found->keys);
    if (fresh && keep) keep(std::move(*fresh));
  }
  co_return std::move(found->verifier);
}

AuthResult Login::Impl::conclude(const Client& client, const std::string& account, bool right,
                                 const Verifier& verifier) {
  if (right && verifier.obstacle.empty()) {
    throttle.succeeded(client.peer.address, account, clock.steady_ms());
    return {account, std::nullopt, ""};
  }
  throttle.failed(client.peer.address, account, clock.steady_ms());
  return failed((verifier.obstacle.empty() ? "wrong password" : verifier.obstacle) + ": " +
                printable(account, 80));
}

Task<AuthResult> Login::Impl::by_password(Client client, AuthExchange& exchange) {
  auto message = co_await ask_password(exchange);
  if (!message) co_return cancelled();
  auto given = parse_plain(*message);
  crypto::wipe(*message);
  if (!given) co_return failed(given.error().text);
  const std::string account = account_of(given->name);
  if (remembered.knows(account, given->password, clock.steady_ms())) {
    crypto::wipe(given->password);
    co_return AuthResult{account, std::nullopt, ""};
  }
  if (!co_await wait_in_line(client, account)) co_return later();

  const auto source = credentials;
  bool right = false;
  const Verifier verifier = co_await look_up(account, given->password, &right);
  AuthResult result = conclude(client, account, right, verifier);
  // A password that was changed while we checked the old one must not be remembered.
  if (!result.refusal && source == credentials) remembered.add(account, given->password, clock.steady_ms());
  crypto::wipe(given->password);
  co_return result;
}

Task<AuthResult> Login::Impl::by_scram(Client client, AuthExchange& exchange, ScramServer::Binding binding) {
  ScramServer scram(binding, exchange.channel_binding(), base64_encode(crypto::random_bytes(nonce_octets)));
  std::optional<std::string> first = exchange.initial();
  if (!first) first = co_await exchange.challenge("");
  if (!first) co_return cancelled();
  const auto name = scram.client_first(*first);
  if (!name) co_return failed(name.error().text);
  const std::string account = account_of(*name);

  const Verifier verifier = co_await look_up(account, "", nullptr);
  const auto final_message = co_await exchange.challenge(scram.server_first(verifier.keys));
  if (!final_message) co_return cancelled();
  if (!co_await wait_in_line(client, account)) co_return later();
  const auto signature = scram.client_final(*final_message, verifier.keys);
  AuthResult result = conclude(client, account, signature.has_value(), verifier);
  if (result.refusal) {
    if (verifier.only_password)
      result.cause =
          "an imported hash allows SCRAM only after a login by PLAIN or LOGIN: " + printable(account, 80);
    else if (verifier.obstacle.empty())
      result.cause = signature.error().text + ": " + printable(account, 80);
    co_return result;
  }
  // RFC 4954 §4: what the server has to say at success goes as a last challenge, answered by an empty line.
  if (!co_await exchange.challenge(*signature)) co_return cancelled();
  co_return result;
}

Login::Login(net::Loop& loop, net::Workers& workers, const Clock& clock, LoginOptions options)
    : impl_(std::make_unique<Impl>(loop, workers, clock, std::move(options))) {}
Login::~Login() = default;

void Login::set_credentials(std::shared_ptr<const directory::Credentials> credentials) {
  impl_->credentials = std::move(credentials);
  impl_->remembered.clear();
}

void Login::set_made_keys(std::vector<MadeKeys> known) { impl_->made->load(std::move(known)); }

std::vector<std::string> Login::mechanisms(const Client& client) {
  std::vector<std::string> offered{"SCRAM-SHA-256", "PLAIN", "LOGIN"};
  if (client.tls && client.tls->version == "TLSv1.3") offered.insert(offered.begin(), "SCRAM-SHA-256-PLUS");
  return offered;
}

Task<AuthResult> Login::authenticate(const Client& client, AuthExchange& exchange) {
  const std::string& mechanism = exchange.mechanism();
  if (equal_nocase(mechanism, "PLAIN") || equal_nocase(mechanism, "LOGIN"))
    co_return co_await impl_->by_password(client, exchange);
  if (equal_nocase(mechanism, "SCRAM-SHA-256"))
    co_return co_await impl_->by_scram(client, exchange, ScramServer::Binding::none);
  if (equal_nocase(mechanism, "SCRAM-SHA-256-PLUS"))
    co_return co_await impl_->by_scram(client, exchange, ScramServer::Binding::tls_exporter);
  co_return AuthResult{"", smtp::replies::auth_mechanism_unknown(), "unknown mechanism"};
}

}  // namespace futar::msa
