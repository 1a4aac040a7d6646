#include "common/directory/publisher.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "common/base/file.h"
#include "common/base/point.h"
#include "common/directory/addresses_store.h"
#include "common/directory/credentials_store.h"
#include "common/directory/dovecot.h"

namespace futar::directory {
namespace {

constexpr mode_t everyone = 0644;

struct File {
  std::string name;
  std::string path;
  std::string fresh;
};

File file(const Publication& publication, const char* name) {
  const std::string path = publication.folder + "/" + name;
  return {name, path, path + ".new"};
}

// Left by a run that was killed; the directory's lock keeps others away.
Result<void> clear(const File& file) {
  if (::unlink(file.fresh.c_str()) != 0 && errno != ENOENT)
    return fail(errno_error(errno, "unlink " + file.fresh));
  return {};
}

Result<void> finish(const File& file, mode_t mode, std::optional<gid_t> group) {
  const Fd fd = TRY(open_file(file.fresh, O_RDONLY | O_NOFOLLOW));
  if (group && ::fchown(fd.get(), static_cast<uid_t>(-1), *group) != 0)
    return fail(errno_error(errno, fmt::format("give {} to group {}", file.fresh, *group)));
  if (::fchmod(fd.get(), mode) != 0) return fail(errno_error(errno, "chmod " + file.fresh));
  if (::fsync(fd.get()) != 0) return fail(errno_error(errno, "fsync " + file.fresh));
  return {};
}

Result<void> write_text(const File& file, std::string_view text) {
  const Fd fd = TRY(open_file(file.fresh, O_WRONLY | O_CREAT | O_EXCL, 0600));
  return write_all(fd, text, file.fresh);
}

// Dovecot reads the file anew when its size or its time in whole seconds is another (db-passwd-file.c), so a
// second change within a second would stay unseen: each file is at least a second younger than the one
// before.
Result<void> make_younger(const File& file) {
  struct stat before{};
  struct stat now{};
  if (::stat(file.path.c_str(), &before) != 0) return {};  // there is none
  if (::stat(file.fresh.c_str(), &now) != 0) return fail(errno_error(errno, "stat " + file.fresh));
  if (now.st_mtime > before.st_mtime) return {};
  const std::array<timespec, 2> times{{{0, UTIME_OMIT}, {before.st_mtime + 1, 0}}};
  if (::utimensat(AT_FDCWD, file.fresh.c_str(), times.data(), AT_SYMLINK_NOFOLLOW) != 0)
    return fail(errno_error(errno, "set the time of " + file.fresh));
  return {};
}

mode_t secret(const std::optional<gid_t>& group) { return group ? 0640 : 0600; }

}  // namespace

Result<void> publish(const Records& records, const Publication& publication) {
  TRY(make_folders(publication.folder, 0755));
  const File addresses = file(publication, addresses_file);
  const File credentials = file(publication, credentials_file);
  const File dovecot = file(publication, dovecot_file);
  for (const File* one : {&addresses, &credentials, &dovecot}) TRY(clear(*one));

  TRY(write_credentials(credentials.fresh, records));
  TRY(finish(credentials, secret(publication.credentials_group), publication.credentials_group));
  TRY(write_text(dovecot, dovecot_passwd(records, publication.default_quota)));
  TRY(make_younger(dovecot));
  TRY(finish(dovecot, secret(publication.dovecot_group), publication.dovecot_group));
  TRY(write_addresses(addresses.fresh, records));
  TRY(finish(addresses, everyone, std::nullopt));

  point("futar.publish");
  // An account must be able to log in by the time it gets mail, so its address comes last.
  for (const File* one : {&credentials, &dovecot, &addresses})
    if (::rename(one->fresh.c_str(), one->path.c_str()) != 0)
      return fail(errno_error(errno, "rename " + one->fresh));
  return sync_folder(publication.folder);
}

}  // namespace futar::directory
