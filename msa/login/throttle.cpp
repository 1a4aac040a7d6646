#include "msa/login/throttle.h"

#include <algorithm>
#include <cmath>

namespace futar::msa {
namespace {

constexpr double fade_ms = 10 * 60 * 1000;  // one failure is forgiven in this time
constexpr double free_pair = 3, free_client = 10, free_account = 20;
constexpr int64_t longest_ms = 30'000;
constexpr int64_t longest_account_ms = 10'000;
constexpr int64_t longest_known_ms = 3'000;
constexpr int64_t known_ms = int64_t{30} * 24 * 3'600'000;
constexpr size_t most_entries = 20'000;  // of each map: names and addresses are chosen by strangers

// Nothing, then 1 s, 2 s, 4 s ... with each failure beyond those that are free.
int64_t doubled(double failures, double free, int64_t longest) {
  const double beyond = std::round(failures - free);
  if (beyond < 0) return 0;
  return std::min(longest, static_cast<int64_t>(1000 * std::exp2(std::min(beyond, 20.0))));
}

std::string network_of(const net::IpAddress& client) {
  return std::string(client.octets().substr(0, client.is_v4() ? 3 : 8));
}

std::string pair_of(const net::IpAddress& client, const std::string& account) {
  return network_of(client) + '\0' + account;
}

// Drops what is forgiven; when strangers still fill the map, half of it, so that the next insertions are
// cheap again.
template <class Map, class Forgiven>
void bound(Map& map, Forgiven forgiven) {
  if (map.size() < most_entries) return;
  std::erase_if(map, [&](const auto& entry) { return forgiven(entry.second); });
  if (map.size() > most_entries / 2) map.erase(std::next(map.begin(), most_entries / 2), map.end());
}

}  // namespace

Throttle::Count& Throttle::current(Counts& counts, const std::string& key, int64_t steady_ms) {
  bound(counts, [&](const Count& count) {
    return count.busy_until_ms < steady_ms &&
           count.failures <= static_cast<double>(steady_ms - count.at_ms) / fade_ms;
  });
  Count& count = counts[key];
  count.failures = std::max(0.0, count.failures - static_cast<double>(steady_ms - count.at_ms) / fade_ms);
  count.at_ms = steady_ms;
  return count;
}

std::optional<int64_t> Throttle::wait_ms(const net::IpAddress& client, const std::string& account,
                                         int64_t steady_ms) {
  const std::string key = pair_of(client, account);
  Count& pair = current(pairs_, key, steady_ms);
  int64_t delay = doubled(pair.failures, free_pair, longest_ms);
  const auto known = known_.find(key);
  if (known != known_.end() && steady_ms - known->second < known_ms) return std::min(delay, longest_known_ms);

  int64_t line = pair.busy_until_ms;
  Count* network = is_shared(client) ? nullptr : &current(clients_, network_of(client), steady_ms);
  if (network) {
    delay = std::max(delay, doubled(network->failures, free_client, longest_ms));
    line = std::max(line, network->busy_until_ms);
  }
  const int64_t ends = std::max(line, steady_ms) + delay;
  if (ends - steady_ms > longest_ms) return std::nullopt;
  if (delay > 0) {
    pair.busy_until_ms = ends;
    if (network) network->busy_until_ms = ends;
  }
  const double all = current(accounts_, account, steady_ms).failures;
  return std::max(delay > 0 ? ends - steady_ms : 0, doubled(all, free_account, longest_account_ms));
}

void Throttle::failed(const net::IpAddress& client, const std::string& account, int64_t steady_ms) {
  current(pairs_, pair_of(client, account), steady_ms).failures += 1;
  current(accounts_, account, steady_ms).failures += 1;
  if (!is_shared(client)) current(clients_, network_of(client), steady_ms).failures += 1;
}

void Throttle::succeeded(const net::IpAddress& client, const std::string& account, int64_t steady_ms) {
  const std::string key = pair_of(client, account);
  pairs_.erase(key);
  bound(known_, [&](int64_t at_ms) { return steady_ms - at_ms >= known_ms; });
  known_[key] = steady_ms;
}

}  // namespace futar::msa
