#include "mta/route/route.h"

#include <fmt/format.h>

namespace futar::mta {
namespace {

using directory::Directory;

Route capture(const Directory& directory, const smtp::Address& sender, const smtp::Address& recipient) {
  const std::string domain =
      directory.is_local_domain(sender.domain) ? sender.domain : directory.first_domain().value_or("");
  const smtp::Address box{"captured", domain};
  return {Route::Kind::mda, box, "", fmt::format("X-Original-To: {}\r\n", recipient.text()),
          fmt::format("captured (mta.remote = \"capture\"): into {}", box.text())};
}

Route to_account(const directory::Account& account, const smtp::Address& recipient) {
  const std::string mailbox =
      account.detail.empty() ? account.address : account.address + "+" + account.detail;
  return {Route::Kind::mda, recipient, mailbox, "", fmt::format("{} lives here", recipient.text())};
}

}  // namespace

Route route(const RouteRules& rules, const Directory& directory, const smtp::Address& sender,
            const smtp::Address& recipient) {
  const directory::Resolution found = directory.resolve(recipient);
  if (const auto* account = std::get_if<directory::Account>(&found)) return to_account(*account, recipient);
  if (const auto* all = std::get_if<directory::CatchAll>(&found)) {
    Route r = to_account(all->account, recipient);
    r.reason = fmt::format("{} goes to the catch-all {}", recipient.text(), all->account.address);
    return r;
  }
  if (const auto* alias = std::get_if<directory::Alias>(&found))
    return {Route::Kind::mda, recipient, "", "", fmt::format("{} is an alias here", alias->address)};
  if (std::holds_alternative<directory::Unknown>(found))
    return {Route::Kind::refused, recipient, "", "", fmt::format("{} is not known here", recipient.text())};
  switch (rules.remote) {
    case Remote::capture:
      return capture(directory, sender, recipient);
    case Remote::hold:
      return {Route::Kind::hold, recipient, "", "", "mta.remote = \"hold\""};
    case Remote::direct:
      break;
  }
  return {Route::Kind::hold, recipient, "", "", "this version does not send to other servers"};
}

}  // namespace futar::mta
