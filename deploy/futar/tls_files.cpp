#include "deploy/futar/tls_files.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "common/base/file.h"

namespace futar::deploy {

using crypto::Certificate;

Result<std::vector<Certificate>> checked_pair(std::string_view certificate_pem, std::string_view key_pem,
                                              int64_t now_s) {
  auto chain = TRY(crypto::certificates_in(certificate_pem));
  const Certificate& own = chain.front();
  if (TRY(crypto::public_half(key_pem)) != own.key)
    return fail(Error::permanent("the key belongs to another certificate"));
  if (now_s >= own.until_s) return fail(Error::permanent("the certificate has expired"));
  if (now_s < own.from_s) return fail(Error::permanent("the certificate is not in force yet"));
  return chain;
}

bool is_pinned_right(const std::vector<dns::Tlsa>& records, const std::vector<Certificate>& chain) {
  constexpr int dane_ta = 2, dane_ee = 3;
  if (records.empty()) return true;
  return std::ranges::any_of(records, [&](const dns::Tlsa& record) {
    const auto named = [&](const Certificate& one) {
      return crypto::tlsa_matches(one, record.selector, record.matching, record.data);
    };
    if (record.usage == dane_ee) return named(chain.front());
    return record.usage == dane_ta && std::ranges::any_of(chain, named);
  });
}

Result<void> replace_keeping(const std::string& file, std::string_view text, unsigned mode) {
  struct stat before{};
  const bool was_there = ::stat(file.c_str(), &before) == 0;
  TRY(replace_file(file, text, was_there ? before.st_mode & 0777 : mode));
  if (was_there && (::chown(file.c_str(), before.st_uid, before.st_gid) != 0 ||
                    ::chmod(file.c_str(), before.st_mode & 0777) != 0))
    return fail(errno_error(errno, "owner of " + file));
  return {};
}

Result<void> open_key(const std::string& key) {
  struct stat status{};
  const std::string folder = key.substr(0, key.rfind('/'));
  if (::stat(folder.c_str(), &status) == 0 && (status.st_mode & S_ISGID) && ::chmod(key.c_str(), 0640) != 0)
    return fail(errno_error(errno, "chmod " + key));
  return {};
}

}  // namespace futar::deploy
