#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "common/log/log.h"
#include "common/spool/body.h"
#include "common/spool/body_writer.h"
#include "common/spool/folder_state.h"

namespace futar::spool {
namespace {

constexpr size_t piece_size = 64 * 1024;

bool is_name(std::string_view name) {
  if (name.empty() || name.size() > 128 || name.front() == '.') return false;
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return name.find_first_not_of(allowed) == std::string_view::npos;
}

}  // namespace

Result<Fd> open_in(const FolderState& state, const std::string& name, int flags) {
  if (!is_name(name)) return fail(Error::permanent("not the name of a body file: " + name));
  const int fd = ::openat(state.folder.get(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return fail(errno_error(errno, "open " + state.path_of(name)));
  return Fd(fd);
}

Result<void> unlink_in(const FolderState& state, const std::string& name) {
  if (!is_name(name)) return fail(Error::permanent("not the name of a body file: " + name));
  if (::unlinkat(state.folder.get(), name.c_str(), 0) == 0 || errno == ENOENT) return {};
  return fail(errno_error(errno, "unlink " + state.path_of(name)));
}

struct Folder::Impl {
  std::shared_ptr<FolderState> state;
};

Folder::Folder() : impl_(std::make_unique<Impl>()) {}
Folder::~Folder() = default;

Result<std::unique_ptr<Folder>> Folder::open(std::string path, net::Loop&, net::Workers& workers) {
  TRY(make_folders(path, 0700));
  Fd fd = TRY(open_file(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW));
  std::unique_ptr<Folder> folder(new Folder);
  folder->impl_->state = std::make_shared<FolderState>(std::move(path), std::move(fd), workers);
  return folder;
}

BodyWriter Folder::begin(std::string name) {
  return BodyWriter(std::make_unique<BodyWriter::Impl>(impl_->state, std::move(name)));
}

Result<std::string> Folder::read(const Body& body, uint64_t offset, size_t limit) const {
  if (offset >= body.size) return std::string();
  const size_t wanted = static_cast<size_t>(std::min<uint64_t>(limit, body.size - offset));
  if (body.bytes) return body.bytes->substr(static_cast<size_t>(offset), wanted);
  if (!body.is_file()) return fail(Error::permanent("the body was not loaded, or is cleared"));
  const Fd fd = TRY(open_body(body.file));
  std::string piece(wanted, '\0');
  size_t got = 0;
  while (got < wanted) {
    const ssize_t n = ::pread(fd.get(), piece.data() + got, wanted - got, static_cast<off_t>(offset + got));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(errno_error(errno, "read " + impl_->state->path_of(body.file)));
    if (n == 0)
      return fail(Error::permanent(impl_->state->path_of(body.file) + " is shorter than its row says"));
    got += static_cast<size_t>(n);
  }
  return piece;
}

Task<Result<std::string>> Folder::fetch(Body body, uint64_t offset, size_t limit) const {
  if (!body.is_file()) co_return read(body, offset, limit);
  Result<std::string> piece;
  co_await impl_->state->workers.run([&] { piece = read(body, offset, limit); });
  co_return piece;
}

Result<void> Folder::read_all(const Body& body, const Sink& sink) const {
  if (body.bytes) {
    sink(*body.bytes);
    return {};
  }
  for (uint64_t offset = 0; offset < body.size;) {
    const std::string octets = TRY(read(body, offset, piece_size));
    sink(octets);
    offset += octets.size();
  }
  return {};
}

Task<Result<void>> Folder::fetch_all(Body body, Sink sink) const {
  if (!body.is_file()) co_return read_all(body, sink);
  for (uint64_t offset = 0; offset < body.size;) {
    const std::string octets = CO_TRY(co_await fetch(body, offset, piece_size));
    sink(octets);
    offset += octets.size();
  }
  co_return Result<void>();
}

Result<Fd> Folder::open_body(const std::string& name) const { return open_in(*impl_->state, name, O_RDONLY); }

void Folder::remove(const std::string& name) {
  {
    std::lock_guard lock(impl_->state->mutex);
    if (impl_->state->keeps) return impl_->state->gone.push_back(name);
  }
  const auto work = [state = impl_->state, name] {
    if (const auto gone = unlink_in(*state, name); !gone) log::error("spool: {}", gone.error().text);
  };
  impl_->state->workers.submit(work, [] {});
}

void Folder::freeze() { impl_->state->frozen = true; }

Result<std::vector<BodyFileSeen>> Folder::list() const {
  std::vector<BodyFileSeen> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(path(), error), end; !error && at != end; at.increment(error)) {
    struct stat status{};
    const std::string name = at->path().filename();
    if (!is_name(name) ||
        ::fstatat(impl_->state->folder.get(), name.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0)
      continue;
    if (S_ISREG(status.st_mode)) files.push_back({name, int64_t{status.st_mtime} * 1000});
  }
  if (error) return fail(errno_error(error.value(), "list " + path()));
  return files;
}

void Folder::keep_removed(bool keep) {
  std::vector<std::string> names;
  {
    std::lock_guard lock(impl_->state->mutex);
    impl_->state->keeps = keep;
    if (!keep) names.swap(impl_->state->gone);
  }
  for (const std::string& name : names) remove(name);
}

Result<void> Folder::link(const std::string& name, const std::string& path) const {
  if (!is_name(name)) return fail(Error::permanent("not the name of a body file: " + name));
  if (::linkat(impl_->state->folder.get(), name.c_str(), AT_FDCWD, path.c_str(), 0) == 0) return {};
  return fail(errno_error(errno, "link " + impl_->state->path_of(name)));
}

Result<size_t> Folder::sweep(const std::function<bool(std::string_view name)>& known) {
  std::error_code error;
  std::vector<std::string> strays;
  for (std::filesystem::directory_iterator at(path(), error), end; !error && at != end; at.increment(error)) {
    std::string name = at->path().filename();
    if (is_name(name) && !at->is_directory(error) && !known(name)) strays.push_back(std::move(name));
  }
  if (error) return fail(errno_error(error.value(), "list " + path()));
  for (const std::string& name : strays) TRY(unlink_in(*impl_->state, name));
  return strays.size();
}

const std::string& Folder::path() const { return impl_->state->path; }
MemoryShare Folder::share() const { return MemoryShare(FolderState::memory_of(impl_->state)); }
size_t Folder::memory_in_use() const { return impl_->state->memory; }

}  // namespace futar::spool
