#include "mta/sign/keyring.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <tuple>

#include "common/base/file.h"
#include "common/dkim/key_record.h"
#include "common/log/log.h"
#include "mta/sign/selector_store.h"

namespace futar::mta {

using crypto::KeyType;
using store::Database;

namespace {

constexpr int64_t pause_ms = 30'000;
constexpr size_t most_looks = 16;  // at a time: name servers that are silent hold up few

// The file may be left from a start that ended before its row was stored: then it is taken.
Result<Selector> make_one(const std::string& folder, Selector selector) {
  TRY(make_folders(folder));
  const std::string path = folder + "/" + selector.selector + ".pem";
  const bool is_there = ::access(path.c_str(), F_OK) == 0;
  const auto key = TRY(is_there ? dkim::read_key_file(path) : dkim::make_key_file(path, selector.type));
  selector.record = dkim::key_record(key.public_key());
  return selector;
}

}  // namespace

Keyring::Keyring(net::Loop& loop, net::Workers& workers, store::Writer& writer, const Clock& clock,
                 DirectoryNow directory, Look look, KeyringOptions options)
    : loop_(loop),
      workers_(workers),
      writer_(writer),
      clock_(clock),
      directory_(std::move(directory)),
      look_(std::move(look)),
      options_(std::move(options)),
      wake_(loop) {}

void Keyring::load(std::vector<Selector> selectors) {
  selectors_ = std::move(selectors);
  for (const Selector& selector : selectors_) {
    if (selector.standing != Standing::active) continue;
    auto key = dkim::read_key_file(path_of(selector));
    if (key)
      keys_.emplace(selector.dns_name(), *std::move(key));
    else
      log::error("{} does not sign: {}", selector.dns_name(), key.error().text);
  }
  for (const Selector& selector : selectors_) renew_signer(selector.domain);
}

void Keyring::start() { loop_.spawn("keyring", run()); }

void Keyring::stop() {
  stopping_ = true;
  wake_.open();
}

std::shared_ptr<const dkim::Signer> Keyring::signer(const std::string& domain) const {
  const auto found = signers_.find(domain);
  return found == signers_.end() ? nullptr : found->second;
}

std::vector<Selector> Keyring::selectors() const {
  std::vector<Selector> all;
  std::ranges::copy_if(selectors_, std::back_inserter(all),
                       [](const Selector& s) { return s.standing != Standing::retired; });
  std::ranges::sort(all, {},
                    [](const Selector& s) { return std::tuple(s.domain, s.made_ms, s.type, s.selector); });
  return all;
}

Task<> Keyring::run() {
  while (!stopping_) {
    wake_.reset();
    if (options_.make_missing) co_await make_missing();
    if (options_.look) co_await look_round();
    co_await wake_.wait_for(pause_ms);
  }
}

Task<> Keyring::make_missing() {
  for (const std::string& domain : directory_().domains()) {
    if (stopping_) co_return;
    if (is_known(domain, Standing::retired) || making_) continue;
    if (auto made = co_await make_pair(domain); !made)
      log::warning("no DKIM keys for {}: {}", domain, made.error().text);
    else
      log::info("made DKIM keys for {}: they sign when the DNS shows them (futar dns {})", domain, domain);
  }
}

Task<> Keyring::look_round() {
  ++rounds_begun_;
  const Round round = std::exchange(next_, Round::due);
  const int64_t now = clock_.wall_ms();
  std::vector<Selector> due;
  for (const Selector& selector : selectors_) {
    if (is_orphan(selector)) continue;
    if (const int64_t at = next_look_ms(selector, now);
        at <= now || (round != Round::due && selector.standing == Standing::fresh) ||
        (round == Round::all && selector.standing == Standing::active))
      due.push_back(selector);
  }
  for (Selector& selector : due) {
    while (looks_ >= most_looks) co_await loop_.sleep(10);
    if (stopping_) break;
    ++looks_;
    loop_.spawn("keyring: look", look_at(std::move(selector)));
  }
  while (looks_ > 0) co_await loop_.sleep(10);
  ++rounds_ended_;
}

Task<> Keyring::look_at(Selector selector) {
  Sighting sighting = co_await look_(selector);
  co_await settle(std::move(selector), std::move(sighting));
  --looks_;
}

Task<> Keyring::settle(Selector looked, Sighting sighting) {
  if (sighting.state == Sighting::State::shown && !has_key(looked) && !co_await open_key(looked))
    sighting = {Sighting::State::unknown, "its private key cannot be read here"};
  const Selector* now_is = find(looked.domain, looked.selector);
  if (!now_is || now_is->standing != looked.standing) co_return;  // the operator was quicker
  const auto changes = after_sighting(*now_is, sighting, of_domain(looked.domain), clock_.wall_ms());
  for (const Selector& change : changes) {
    const Standing before = find(change.domain, change.selector)->standing;
    if (before != change.standing)
      log::line(change.standing == Standing::fresh ? log::Level::warning : log::Level::info,
                fmt::format("DKIM: {} was {}, is {}: {}", change.dns_name(), name(before),
                            name(change.standing), sighting.words));
  }
  auto saved = co_await save(changes);
  if (!saved) log::warning("what the DNS shows could not be stored: {}", saved.error().text);
}

// In memory first, so that nobody decides by what has changed meanwhile; the writer keeps the order.
Task<Result<void>> Keyring::save(std::vector<Selector> changed) {
  const std::string domain = changed.front().domain;
  for (const Selector& selector : changed) {
    if (Selector* known = find(selector.domain, selector.selector))
      *known = selector;
    else
      selectors_.push_back(selector);
  }
  renew_signer(domain);
  co_return co_await writer_.commit([changed](Database& database) -> Result<void> {
    for (const Selector& selector : changed) TRY(save_selector(database, selector));
    return {};
  });
}

Task<bool> Keyring::open_key(Selector selector) {
  auto key = std::make_shared<std::optional<Result<crypto::PrivateKey>>>();
  co_await workers_.run([key, path = path_of(selector)] { *key = dkim::read_key_file(path); });
  if (!**key) {
    log::error("{} cannot sign: {}", selector.dns_name(), (*key)->error().text);
    co_return false;
  }
  keys_.insert_or_assign(selector.dns_name(), **std::move(*key));
  co_return true;
}

Task<Result<void>> Keyring::make(std::string domain, Make which) {
  if (!directory_().is_local_domain(domain))
    co_return fail(Error::permanent(domain + " is no domain of ours"));
  const bool has_one = is_known(domain, Standing::old);
  if (which == Make::first && has_one)
    co_return fail(Error::permanent(domain + " has keys: `futar dkim rotate` makes the next"));
  if (which == Make::next && !has_one)
    co_return fail(Error::permanent(domain + " has no keys: `futar dkim add` makes them"));
  if (which == Make::next && is_known(domain, Standing::fresh))
    co_return fail(Error::permanent(domain + " has a new key already, which waits for the DNS"));
  co_return co_await make_pair(std::move(domain));
}

Task<Result<void>> Keyring::make_pair(std::string domain) {
  if (making_) co_return fail(Error::temporary("keys are being made already"));
  making_ = true;
  const int64_t now = clock_.wall_ms();
  std::vector<Selector> wanted;
  for (const KeyType type : {KeyType::rsa, KeyType::ed25519})
    wanted.push_back(
        {.domain = domain,
         .selector = selector_name(type, now, [&](const std::string& name) { return find(domain, name); }),
         .type = type,
         .record = {},
         .standing = Standing::fresh,
         .made_ms = now,
         .since_ms = now,
         .looked_ms = 0,
         .seen = {}});
  auto made = std::make_shared<std::optional<Result<std::vector<Selector>>>>();
  co_await workers_.run([made, wanted, folder = folder_of(domain)] {
    *made = [&]() -> Result<std::vector<Selector>> {
      std::vector<Selector> all;
      for (const Selector& selector : wanted) all.push_back(TRY(make_one(folder, selector)));
      return all;
    }();
  });
  making_ = false;
  auto saved = co_await save(CO_TRY(std::move(**made)));
  wake_.open();
  co_return saved;
}

Task<Result<void>> Keyring::retire(std::string domain, std::string selector, uint64_t carried, bool force) {
  Selector* found = find(domain, selector);
  if (!found || found->standing == Standing::retired)
    co_return fail(Error::permanent(fmt::format("{} has no selector {}", domain, selector)));
  if (found->standing == Standing::active && !is_orphan(*found) && !force)
    co_return fail(Error::permanent(selector + " signs: `futar dkim rotate` makes the next"));
  if (carried > 0 && !force)
    co_return fail(Error::permanent(fmt::format("{} queued messages still carry {}", carried, selector)));
  Selector given_up = *found;
  given_up.standing = Standing::retired;
  given_up.since_ms = clock_.wall_ms();
  keys_.erase(given_up.dns_name());
  CO_TRY(co_await save({given_up}));
  co_await workers_.run([path = path_of(given_up)] { ::unlink(path.c_str()); });
  co_return Result<void>();
}

bool Keyring::is_orphan(const Selector& selector) const {
  return !directory_().is_local_domain(selector.domain);
}

void Keyring::wake(Round next) {
  next_ = std::max(next_, next);
  wake_.open();
}

Task<bool> Keyring::looked(int64_t limit_ms) {
  if (!options_.look) co_return false;
  wake(Round::all);
  const uint64_t round = rounds_begun_ + 1;
  const int64_t end = clock_.steady_ms() + limit_ms;
  while (rounds_ended_ < round && clock_.steady_ms() < end) co_await loop_.sleep(20);
  co_return rounds_ended_ >= round;
}

bool Keyring::is_known(const std::string& domain, Standing last) const {
  return std::ranges::any_of(selectors_,
                             [&](const Selector& s) { return s.domain == domain && s.standing <= last; });
}

Selector* Keyring::find(const std::string& domain, const std::string& selector) {
  const auto found = std::ranges::find_if(
      selectors_, [&](const Selector& s) { return s.domain == domain && s.selector == selector; });
  return found == selectors_.end() ? nullptr : &*found;
}

std::vector<Selector> Keyring::of_domain(const std::string& domain) const {
  std::vector<Selector> all;
  std::ranges::copy_if(selectors_, std::back_inserter(all),
                       [&](const Selector& s) { return s.domain == domain; });
  return all;
}

// RSA first: verifiers that know nothing of Ed25519 read it before the other.
void Keyring::renew_signer(const std::string& domain) {
  std::vector<dkim::SigningKey> keys;
  for (const KeyType type : {KeyType::rsa, KeyType::ed25519})
    for (const Selector& selector : selectors_)
      if (selector.domain == domain && selector.type == type && selector.standing == Standing::active)
        if (const auto key = keys_.find(selector.dns_name()); key != keys_.end())
          keys.push_back({selector.selector, key->second});
  if (keys.empty())
    signers_.erase(domain);
  else
    signers_[domain] = std::make_shared<const dkim::Signer>(domain, std::move(keys), options_.lifetime_s);
}

}  // namespace futar::mta
