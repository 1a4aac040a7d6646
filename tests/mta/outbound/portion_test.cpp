#include "mta/outbound/portion.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace futar;
using namespace futar::mta;

namespace {

// "a@x b@y"
std::vector<RemoteRecipient> recipients_of(std::string_view text) {
  std::vector<RemoteRecipient> recipients;
  for (size_t at = 0; at < text.size(); at += 4) {
    recipients.emplace_back();
    recipients.back().address = {std::string(text.substr(at, 1)), std::string(text.substr(at + 2, 1))};
  }
  return recipients;
}

std::string words(const std::vector<RemoteRecipient>& recipients) {
  std::string words;
  for (const RemoteRecipient& r : recipients) words += (words.empty() ? "" : " ") + r.address.text();
  return words;
}

}  // namespace

TEST_CASE("an envelope is split as the server's LIMITS ask, and no recipient is lost") {
  const struct {
    const char* sentence;
    size_t most, domains;
    std::vector<std::string> transactions;
  } rows[] = {
      {"no limits", 100, SIZE_MAX, {"a@x b@y c@X d@z e@x"}},
      {"so many recipients", 2, SIZE_MAX, {"a@x b@y", "c@X d@z", "e@x"}},
      {"one domain at a time", 100, 1, {"a@x c@X e@x", "b@y", "d@z"}},
      {"two domains at a time", 100, 2, {"a@x b@y c@X e@x", "d@z"}},
      {"both", 2, 1, {"a@x c@X", "b@y", "d@z", "e@x"}},
  };
  for (const auto& row : rows) {
    CAPTURE(row.sentence);
    smtp_client::PeerOffer offer;
    offer.max_recipients = row.most;
    offer.max_domains = row.domains;
    std::vector<std::string> transactions;
    for (auto now = recipients_of("a@x b@y c@X d@z e@x"); !now.empty();) {
      auto rest = split_off(now, offer);
      transactions.push_back(words(now));
      now = std::move(rest);
    }
    CHECK(transactions == row.transactions);
  }
}
