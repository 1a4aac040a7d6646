// The keys of our domains while mta runs: made, watched for in the DNS, signing, and given up.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "common/base/clock.h"
#include "common/directory/directory.h"
#include "common/dkim/signer.h"
#include "common/net/gate.h"
#include "common/net/workers.h"
#include "common/store/writer.h"
#include "mta/sign/selector.h"

namespace futar::mta {

struct KeyringOptions {
  std::string folder;                ///< DOMAIN/SELECTOR.pem, 0600; made when the first key is
  bool make_missing = true;          ///< a pair for each domain of ours that never had one
  bool look = true;                  ///< false: there is no DNS to ask, so no new key ever signs
  int64_t lifetime_s = 14 * 86'400;  ///< x= of signatures; must outlast the time in queues
};

class Keyring {
 public:
  using DirectoryNow = std::function<const directory::Directory&()>;
  using Look = std::function<Task<Sighting>(Selector)>;

  Keyring(net::Loop& loop, net::Workers& workers, store::Writer& writer, const Clock& clock,
          DirectoryNow directory, Look look, KeyringOptions options);

  /// Before the loop runs: what mta.db knows, and reads the private keys that sign. A key file that cannot be
  /// read is logged; its selector does not sign.
  void load(std::vector<Selector> selectors);
  void start();  ///< the coroutine that makes keys and looks for them in the DNS
  void stop();

  /// Who signs for the domain (lower case); null: the DNS shows none of its keys.
  std::shared_ptr<const dkim::Signer> signer(const std::string& domain) const;
  /// All that are not retired, by domain and the older first.
  std::vector<Selector> selectors() const;

  /// A pair, RSA and Ed25519, for a domain of ours that has none, or one beside those that it has. Refused
  /// (permanent) otherwise, and while a new one waits for the DNS.
  enum class Make : uint8_t { first, next };
  Task<Result<void>> make(std::string domain, Make which);
  /// Whether its domain was removed: nothing is signed with it any more, nor asked, until the domain is back.
  bool is_orphan(const Selector& selector) const;
  /// `carried`: messages that wait and carry it. Refused when there are some, and for a selector that signs,
  /// but for `force`. Its private key is removed.
  Task<Result<void>> retire(std::string domain, std::string selector, uint64_t carried, bool force);
  /// Asks the DNS now about all that are new, and makes keys for new domains.
  void look_now() { wake(Round::fresh); }
  /// The same about those that sign too, and waits for the answers; false: not within that time.
  Task<bool> looked(int64_t limit_ms);

 private:
  /// Whom a round asks about beside those whose time has come.
  enum class Round : uint8_t { due, fresh, all };
  void wake(Round next);
  Task<> run();
  Task<> make_missing();
  Task<> look_round();
  Task<> look_at(Selector selector);
  Task<> settle(Selector looked, Sighting sighting);
  Task<Result<void>> make_pair(std::string domain);
  Task<Result<void>> save(std::vector<Selector> changed);
  Task<bool> open_key(Selector selector);
  bool has_key(const Selector& selector) const { return keys_.contains(selector.dns_name()); }
  bool is_known(const std::string& domain, Standing last) const;
  Selector* find(const std::string& domain, const std::string& selector);
  std::vector<Selector> of_domain(const std::string& domain) const;
  std::string folder_of(const std::string& domain) const { return options_.folder + "/" + domain; }
  std::string path_of(const Selector& s) const { return folder_of(s.domain) + "/" + s.selector + ".pem"; }
  void renew_signer(const std::string& domain);

  net::Loop& loop_;
  net::Workers& workers_;
  store::Writer& writer_;
  const Clock& clock_;
  DirectoryNow directory_;
  Look look_;
  KeyringOptions options_;
  std::vector<Selector> selectors_;
  std::map<std::string, crypto::PrivateKey> keys_;  ///< of those that sign, by their name in the DNS
  std::map<std::string, std::shared_ptr<const dkim::Signer>> signers_;
  bool stopping_ = false, making_ = false;
  Round next_ = Round::due;
  size_t looks_ = 0;  ///< that wait for the DNS
  uint64_t rounds_begun_ = 0, rounds_ended_ = 0;
  net::Gate wake_;
};

}  // namespace futar::mta
