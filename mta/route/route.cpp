#include "mta/route/route.h"

#include <fmt/format.h>

#include "common/directory/records.h"
#include "mta/srs/srs.h"

namespace futar::mta {
namespace {

using directory::Directory;

Route refused(const smtp::Address& recipient, std::string status, std::string reason) {
  return {.kind = Route::Kind::refused,
          .address = recipient,
          .mailbox = "",
          .prefix = "",
          .reason = std::move(reason),
          .status = std::move(status)};
}

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

// The domain as the DNS and the tables know it; none when it can be no domain (IDNA 2008). A literal stays.
std::optional<std::string> lookup_domain(const std::string& domain) {
  if (domain.starts_with('[')) return domain;
  auto name = directory::canonical_domain(domain);
  return name ? std::optional(*std::move(name)) : std::nullopt;
}

struct Found {
  const HostUrl* host = nullptr;
  std::string_view key;
};

Found find(const RouteTable& table, std::string_view key) {
  const auto entry = table.find(std::string(key));
  return entry == table.end() ? Found{} : Found{&entry->second, entry->first};
}

// The nearest entry: the domain itself, then the suffixes from the longest to the shortest, then "*".
Found find_domain(const RouteTable& table, std::string_view domain) {
  if (table.empty()) return {};
  if (const Found exact = find(table, domain); exact.host) return exact;
  const size_t end = domain.starts_with('[') ? 0 : domain.size();
  for (size_t dot = domain.find('.'); dot < end; dot = domain.find('.', dot + 1)) {
    const std::string suffix(domain.substr(dot));
    if (const Found below = find(table, "*" + suffix); below.host) return below;
    if (const Found below = find(table, suffix); below.host) return below;
  }
  return find(table, "*");
}

Found find_sender(const RouteTable& table, const smtp::Address& sender) {
  if (table.empty() || sender.is_null()) return {};
  const auto canonical = directory::canonical(sender);
  if (!canonical) return {};
  if (const Found whole = find(table, canonical->text()); whole.host) return whole;
  return find_domain(table, canonical->domain);
}

Route through(const HostUrl& host, const smtp::Address& recipient, std::string_view setting) {
  return {.kind = Route::Kind::remote,
          .address = recipient,
          .mailbox = "",
          .prefix = "",
          .reason = fmt::format("through {} ({})", host.text(), setting),
          .destination = host.text()};
}

Route to_remote(const RouteRules& rules, const smtp::Address& sender, smtp::Address recipient) {
  const auto domain = lookup_domain(recipient.domain);
  if (!domain)
    return refused(recipient, "5.1.2", fmt::format("{} can be no domain in the DNS", recipient.domain));
  recipient.domain = *domain;
  if (const Found to = find_domain(rules.routes, *domain); to.host)
    return through(*to.host, recipient, fmt::format("mta.routes, \"{}\"", to.key));
  if (const Found by = find_sender(rules.sender_routes, sender); by.host)
    return through(*by.host, recipient, fmt::format("mta.sender_routes, \"{}\"", by.key));
  if (rules.smart_host) return through(*rules.smart_host, recipient, "mta.smart_host");
  const bool literal = domain->starts_with('[');
  return {.kind = Route::Kind::remote,
          .address = recipient,
          .mailbox = "",
          .prefix = "",
          .reason = fmt::format("{}: {}", *domain, literal ? "the address itself" : "by its MX"),
          .destination = *domain};
}

Route ordinary(const RouteRules& rules, const Directory& directory, const smtp::Address& sender,
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
    return refused(recipient, "5.1.1", fmt::format("{} is not known here", recipient.text()));
  if (rules.remote == Remote::capture) return capture(directory, sender, recipient);
  Route way = to_remote(rules, sender, recipient);
  if (rules.remote == Remote::hold && way.kind == Route::Kind::remote) {
    way.kind = Route::Kind::hold;
    way.reason = "mta.remote = \"hold\"";
  }
  return way;
}

// A bounce to an address that we put on a forwarded message goes on to the one who sent it first. It is for
// bounces alone: with a sender it would be a relay for whoever has seen the address.
Route back_to_sender(const RouteRules& rules, const Directory& directory, const smtp::Address& sender,
                     const smtp::Address& recipient) {
  if (!sender.is_null())
    return refused(recipient, "5.7.1", "the return address of a forwarded message takes bounces only");
  const auto target = rules.open_return_path(recipient);
  if (!target) return refused(recipient, "5.7.1", target.error().text);
  Route way = ordinary(rules, directory, sender, *target);
  way.reason = fmt::format("a bounce back to {}, whose mail was forwarded: {}", target->text(), way.reason);
  return way;
}

}  // namespace

Result<RouteTable> parse_routes(const std::map<std::string, std::string>& table) {
  RouteTable routes;
  for (const auto& [key, value] : table) {
    const auto wrong = [&](const Error& error) {
      return fail(Error::permanent(fmt::format("\"{}\": {}", key, error.text)));
    };
    auto url = parse_host_url(value);
    if (!url) return wrong(url.error());
    const std::string_view mark = key.starts_with("*.") ? "*." : key.starts_with('.') ? "." : "";
    const std::string_view rest = std::string_view(key).substr(mark.size());
    const bool as_it_is = rest == "*" || rest.starts_with('[');
    auto name = as_it_is             ? Result<std::string>(std::string(rest))
                : rest.contains('@') ? directory::canonical_text(rest)
                                     : directory::canonical_domain(rest);
    if (!name) return wrong(name.error());
    routes.insert_or_assign(std::string(mark) + *name, *std::move(url));
  }
  return routes;
}

Route route(const RouteRules& rules, const Directory& directory, const smtp::Address& sender,
            const smtp::Address& recipient) {
  if (rules.open_return_path && srs::is_return_path(recipient) && directory.is_local_domain(recipient.domain))
    return back_to_sender(rules, directory, sender, recipient);
  return ordinary(rules, directory, sender, recipient);
}

}  // namespace futar::mta
