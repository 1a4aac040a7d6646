#include "common/directory/directory.h"

#include <algorithm>
#include <filesystem>

#include "common/base/text.h"
#include "common/directory/addresses_store.h"
#include "common/directory/records.h"

namespace futar::directory {
namespace {

// RFC 2142 §5, RFC 5321 §4.5.1, RFC 3464 §2.3: every domain answers for these.
bool is_role(std::string_view local) {
  return local == "postmaster" || local == "abuse" || local == "mailer-daemon";
}

std::string key(const smtp::Address& address) { return address.local + "@" + address.domain; }

}  // namespace

struct Directory::Impl {
  std::unique_ptr<AddressFile> file;  ///< none: nothing was published yet
  std::string separators;
  std::string first_domain;

  // An account or alias by its whole name, else by its name without the detail.
  Resolution find(const smtp::Address& address, std::string_view typed_local) const {
    if (auto whole = to_resolution(file->find(key(address)), "")) return std::move(*whole);
    const size_t at = address.local.find_first_of(separators);
    if (at == 0 || at == std::string::npos) return Unknown{};
    auto base = to_resolution(file->find(key({address.local.substr(0, at), address.domain})),
                              typed_local.substr(at + 1));
    return base ? std::move(*base) : Unknown{};
  }

  static std::optional<Resolution> to_resolution(Entry entry, std::string_view detail) {
    if (auto* account = std::get_if<Account>(&entry)) {
      account->detail = detail;
      return std::move(*account);
    }
    if (auto* alias = std::get_if<Alias>(&entry)) return std::move(*alias);
    return std::nullopt;
  }

  std::optional<Account> account(const std::string& address) const {
    if (address.empty()) return std::nullopt;
    Entry entry = file->find(address);
    if (auto* found = std::get_if<Account>(&entry)) return std::move(*found);
    return std::nullopt;
  }

  // Abuse and MAILER-DAEMON go where postmaster goes, unless somebody stands for them by name.
  Resolution role(const std::string& domain, const AddressFile::Domain& about) const {
    if (auto postmaster = to_resolution(file->find("postmaster@" + domain), ""))
      return std::move(*postmaster);
    if (auto chosen = account(about.role_account)) return std::move(*chosen);
    return Unknown{};
  }
};

Directory::Directory() : impl_(std::make_unique<Impl>()) {}
Directory::~Directory() = default;

Result<std::unique_ptr<Directory>> Directory::open(const std::string& published_folder,
                                                   std::string subaddress_separators) {
  std::unique_ptr<Directory> made(new Directory);
  made->impl_->separators = std::move(subaddress_separators);
  const std::string path = published_folder + "/" + addresses_file;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) return made;
  made->impl_->file = TRY(AddressFile::open(path));
  int64_t least = INT64_MAX;
  for (const auto& [name, domain] : made->impl_->file->domains())
    if (domain.number < least) {
      least = domain.number;
      made->impl_->first_domain = name;
    }
  return made;
}

Resolution Directory::resolve(const smtp::Address& address) const {
  if (!impl_->file) return NotLocal{};
  auto asked = canonical(address);
  if (!asked) return NotLocal{};  // no domain name, so none of ours
  if (asked->domain.empty() && asked->local == "postmaster") asked->domain = impl_->first_domain;
  const auto& domains = impl_->file->domains();
  const auto domain = domains.find(asked->domain);
  if (domain == domains.end()) return NotLocal{};
  Resolution found = impl_->find(*asked, address.local);
  if (!std::holds_alternative<Unknown>(found)) return found;
  if (is_role(asked->local)) return impl_->role(domain->first, domain->second);
  if (auto caught = impl_->account(domain->second.catch_all)) return CatchAll{std::move(*caught)};
  return Unknown{};
}

bool Directory::may_send_as(std::string_view login, const smtp::Address& sender) const {
  if (!impl_->file) return false;
  const auto asked = canonical(sender);
  if (!asked) return false;
  // Not resolve(): who catches the mail of a domain or stands in for postmaster does not speak for it.
  const Resolution found = impl_->find(*asked, sender.local);
  if (const auto* account = std::get_if<Account>(&found)) return account->address == login;
  const auto* alias = std::get_if<Alias>(&found);
  return alias && std::ranges::any_of(alias->targets, [&](const std::string& target) {
           const auto parsed = smtp::parse_address(target);
           if (!parsed) return false;
           const Resolution direct = impl_->find(*parsed, parsed->local);
           const auto* account = std::get_if<Account>(&direct);
           return account && account->address == login;
         });
}

bool Directory::is_local_domain(std::string_view domain) const {
  if (!impl_->file) return false;
  const auto name = canonical_domain(domain);
  return name && impl_->file->domains().contains(*name);
}

std::vector<std::string> Directory::domains() const {
  std::vector<std::string> out;
  if (impl_->file)
    for (const auto& [name, domain] : impl_->file->domains()) out.push_back(name);
  return out;
}

std::optional<std::string> Directory::first_domain() const {
  if (impl_->first_domain.empty()) return std::nullopt;
  return impl_->first_domain;
}

std::vector<std::string> Directory::accounts() const {
  return impl_->file ? impl_->file->accounts() : std::vector<std::string>{};
}

uint64_t Directory::generation() const { return impl_->file ? impl_->file->generation() : 0; }

}  // namespace futar::directory
