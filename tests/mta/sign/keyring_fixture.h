// Keys of two domains in a folder of the test, and a DNS that shows what the test publishes.
#pragma once
#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "common/directory/publisher.h"
#include "common/directory/records.h"
#include "mta/sign/keyring.h"
#include "mta/sign/look.h"
#include "mta/sign/selector_store.h"
#include "tests/fakes/clock.h"
#include "tests/fakes/resolver.h"
#include "tests/fakes/run.h"
#include "tests/fakes/temp_folder.h"

namespace futar::mta {

class KeyringFixture {
 public:
  explicit KeyringFixture(KeyringOptions options = {.folder = "", .make_missing = false, .look = true})
      : options_(std::move(options)) {
    serve({"example.org", "example.net"});
    dns.add("example.org NS ns.example.org").add("ns.example.org A 192.0.2.53");
    open();
  }
  ~KeyringFixture() { close(); }

  /// These are our domains from now on.
  void serve(const std::vector<const char*>& domains) {
    directory::Records records;
    for (const char* domain : domains) REQUIRE(directory::add_domain(records, domain).has_value());
    records.generation = directory ? directory->generation() + 1 : 1;
    REQUIRE(directory::publish(records, {folder.path()}).has_value());
    directory = *directory::Directory::open(folder.path(), "+");
  }

  void restart() {
    close();
    open();
  }
  Keyring::DirectoryNow directory_now() {
    return [this]() -> const directory::Directory& { return *directory; };
  }

  Result<void> make(std::string domain, Keyring::Make which) {
    return run([&] { return keyring->make(std::move(domain), which); });
  }
  Result<void> retire(std::string selector, uint64_t carried = 0, bool force = false) {
    return run([&] { return keyring->retire("example.org", std::move(selector), carried, force); });
  }
  void look() {
    bool ended = false;
    run_task(loop, [](Keyring& k, bool& out) -> Task<> { out = co_await k.looked(60'000); }(*keyring, ended));
    REQUIRE(ended);
  }
  /// What the operator is told to publish.
  void publish(const std::string& selector) {
    for (const Selector& s : keyring->selectors())
      if (s.selector == selector) dns.add(s.dns_name() + " TXT " + s.record);
  }
  void publish_all() {
    for (const Selector& s : keyring->selectors()) {
      dns.remove(s.dns_name());
      dns.add(s.dns_name() + " TXT " + s.record);
    }
  }
  /// "20261124r new, 20261124e active"
  std::string standings() const {
    std::string text;
    for (const Selector& s : keyring->selectors())
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", s.selector, name(s.standing));
    return text;
  }
  /// Who signs for example.org: "20261124r 20261124e".
  std::string signing() const {
    std::string text;
    if (const auto signer = keyring->signer("example.org"))
      for (const dkim::SigningKey& key : signer->keys()) text += (text.empty() ? "" : " ") + key.selector;
    return text;
  }

  TempFolder folder;
  FakeClock clock{1'795'521'600'000};  // 24 Nov 2026
  net::Loop loop;
  FakeResolver dns;
  DnsEyes eyes{dns, [this](std::string, std::string, std::string name, dns::Type type) {
                 return dns.ask(std::move(name), type);
               }};
  std::unique_ptr<directory::Directory> directory;
  std::unique_ptr<net::Workers> workers;
  std::unique_ptr<Keyring> keyring;

 private:
  template <class Ask>
  Result<void> run(Ask ask) {
    Result<void> result;
    run_task(loop, [](Task<Result<void>> task, Result<void>& out) -> Task<> {
      out = co_await std::move(task);
    }(ask(), result));
    return result;
  }

  void open() {
    options_.folder = folder / "dkim";
    workers = std::make_unique<net::Workers>(loop, 2, "test");
    auto database = store::Database::open(folder / "mta.db", store::Database::Mode::create);
    REQUIRE(database.has_value());
    REQUIRE(create_selector_tables(**database).has_value());
    auto selectors = load_selectors(**database);
    REQUIRE(selectors.has_value());
    writer_ =
        std::make_unique<store::Writer>(loop, *std::move(database), [](Error error) { FAIL(error.text); });
    keyring = std::make_unique<Keyring>(
        loop, *workers, *writer_, clock, directory_now(),
        [this](Selector selector) { return mta::look(eyes, std::move(selector)); }, options_);
    keyring->load(*std::move(selectors));
    keyring->start();
  }
  void close() {
    keyring->stop();
    run_until(loop, [this] { return loop.running() <= 1; });
    writer_.reset();
    poll_loop(loop);
    keyring.reset();
    workers.reset();
  }

  KeyringOptions options_;
  std::unique_ptr<store::Writer> writer_;
};

}  // namespace futar::mta
