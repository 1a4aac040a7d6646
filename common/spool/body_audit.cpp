#include "common/spool/body_audit.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "common/spool/summary_store.h"
#include "common/store/ask.h"

namespace futar::spool {
namespace {

constexpr int64_t day_ms = 24LL * 3600 * 1000;

using Names = std::set<std::string>;

Result<Names> needed(store::Database& database) {
  Names names;
  for (NamedFile& file : TRY(named_files(database))) names.insert(std::move(file.name));
  return names;
}

Names missing_of(const Folder& folder, const Names& names) {
  Names missing;
  for (const std::string& name : names)
    if (const auto opened = folder.open_body(name); !opened && opened.error().kind == Error::Kind::permanent)
      missing.insert(name);
  return missing;
}

}  // namespace

std::vector<std::string> BodyFaults::words() const {
  std::vector<std::string> all;
  for (const std::string& name : missing) all.push_back(fmt::format("the body file {} is missing", name));
  for (const std::string& name : orphans)
    all.push_back(fmt::format("the body file {} belongs to no message", name));
  return all;
}

// A message may end between the look at its row and the look at its file; then its row names it no more.
Task<Result<BodyFaults>> find_body_faults(store::Reader& reader, const Folder& folder, int64_t now_ms) {
  BodyFaults faults;
  const Names names = CO_TRY(co_await store::ask<Names>(reader, needed));
  const Names suspects = CO_TRY(co_await store::ask<Names>(
      reader, [&folder, names](store::Database&) -> Result<Names> { return missing_of(folder, names); }));
  if (!suspects.empty()) {
    const Names still = CO_TRY(co_await store::ask<Names>(reader, needed));
    for (const std::string& name : suspects)
      if (still.contains(name)) faults.missing.push_back(name);
  }
  using Files = std::vector<BodyFileSeen>;
  const Files files =
      CO_TRY(co_await store::ask<Files>(reader, [&folder](store::Database&) { return folder.list(); }));
  for (const BodyFileSeen& file : files)
    if (now_ms - file.changed_ms > day_ms && !names.contains(file.name)) faults.orphans.push_back(file.name);
  co_return faults;
}

Task<Result<std::vector<std::string>>> set_apart(store::Reader& reader, const Folder& folder,
                                                 std::string state_folder, std::vector<std::string> names) {
  using Words = std::vector<std::string>;
  const std::string apart = std::move(state_folder) + "/lost+found";
  co_return co_await store::ask<Words>(reader, [=, &folder](store::Database&) -> Result<Words> {
    Words done;
    if (!names.empty()) TRY(make_folders(apart, 0700));
    for (const std::string& name : names) {
      TRY(folder.link(name, apart + "/" + name));
      if (::unlink((folder.path() + "/" + name).c_str()) != 0)
        return fail(errno_error(errno, "unlink the body file " + name));
      done.push_back(fmt::format("the body file {} was moved to {}", name, apart));
    }
    return done;
  });
}

}  // namespace futar::spool
