#include "deploy/futar/backup/checking.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <set>

#include "common/base/text.h"
#include "common/spool/summary_store.h"
#include "common/store/database.h"

namespace futar::backup {
namespace {

constexpr size_t largest_manifest = size_t{4} << 30;
constexpr int64_t no_haste_ms = 24LL * 3600 * 1000;
constexpr size_t most_faults = 1000;

// A copy has no journal beside it and nobody writes it.
Result<std::unique_ptr<store::Database>> open_copy(const Tree& backup, const std::string& path) {
  return store::Database::open(backup.path() + "/" + path, store::Database::Mode::immutable);
}

void check_database(const Tree& backup, const std::string& path, std::vector<std::string>& faults) {
  auto database = open_copy(backup, path);
  const auto sound =
      database ? store::check(**database, no_haste_ms) : Result<bool>(fail(std::move(database).error()));
  if (!sound) faults.push_back(fmt::format("{} is damaged: {}", path, printable(sound.error().text)));
}

void check_bodies(const Tree& backup, const std::string& agent, const std::set<std::string>& present,
                  std::vector<std::string>& faults) {
  auto database = open_copy(backup, fmt::format("{0}/{0}.db", agent));
  const auto files = database ? spool::named_files(**database)
                              : Result<std::vector<spool::NamedFile>>(fail(std::move(database).error()));
  if (!files) return;  // check_database() has told
  for (const spool::NamedFile& file : *files)
    if (!present.contains(agent + "/spool/" + file.name))
      faults.push_back(
          fmt::format("{}.db names the body file {}, which is not there", agent, printable(file.name)));
}

}  // namespace

Result<Manifest> read_manifest(const Tree& backup) {
  const std::string path = backup.path() + "/" + manifest_file;
  if (::access(path.c_str(), F_OK) != 0)
    return fail(Error::permanent(backup.path() + " is no whole backup: it has no manifest"));
  return decode(TRY(read_file(path, largest_manifest)));
}

Result<std::vector<std::string>> find_faults(const Tree& backup, const Manifest& manifest) {
  std::vector<std::string> faults;
  std::set<std::string> present, listed;
  for (const Entry& entry : manifest.entries) {
    const auto found = digest_file(backup, entry.path);
    const std::string path = printable(entry.path);
    if (!found)
      faults.push_back(path + " cannot be read: " + printable(found.error().text));
    else if (found->size != entry.size)
      faults.push_back(fmt::format("{} has {} octets, not {}", path, found->size, entry.size));
    else if (found->sha256 != entry.sha256)
      faults.push_back(path + " is not what was saved: its digest is another");
    listed.insert(entry.path);
    if (found) present.insert(entry.path);
  }
  for (const char* needed : {"msa/msa.db", "mta/mta.db", "mda/mda.db", "directory/directory.db"}) {
    if (!present.contains(needed))
      faults.push_back(fmt::format("{} is missing", needed));
    else
      check_database(backup, needed, faults);
  }
  for (const char* agent : {"msa", "mta"})
    if (present.contains(fmt::format("{0}/{0}.db", agent))) check_bodies(backup, agent, present, faults);
  TRY(backup.each_file("", [&](const std::string& path) -> Result<void> {
    if (path != manifest_file && !listed.contains(path) && faults.size() < most_faults)
      faults.push_back(printable(path) + " is not in the manifest");
    return {};
  }));
  return faults;
}

}  // namespace futar::backup
