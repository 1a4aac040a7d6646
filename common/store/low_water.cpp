#include "common/store/low_water.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/base/file.h"
#include "common/log/log.h"

namespace futar::store {

LowWater::LowWater(std::string folder, uint64_t least, const Clock& clock)
    : folder_(std::move(folder)), least_(least), clock_(clock) {}

bool LowWater::reached() {
  const int64_t now = clock_.steady_ms();
  if (asked_ && now - asked_ms_ < 1000) return reached_;
  const auto free = free_space(folder_);
  const bool reached = !free || *free < least_;
  if (reached && !reached_)
    log::warning("{}: {}; new mail is answered 452", folder_,
                 free ? fmt::format("only {} octets free", *free) : free.error().text);
  if (!reached && reached_) log::info("{}: there is room again; mail is accepted", folder_);
  asked_ = true;
  asked_ms_ = now;
  return reached_ = reached;
}

Ballast::Ballast(std::string path, uint64_t octets) : path_(std::move(path)), octets_(octets) {}

Result<void> Ballast::fill() {
  struct stat status{};
  if (::lstat(path_.c_str(), &status) == 0 && static_cast<uint64_t>(status.st_size) == octets_) return {};
  const Fd fd = TRY(open_file(path_, O_WRONLY | O_CREAT | O_NOFOLLOW));
  const int code = ::posix_fallocate(fd.get(), 0, static_cast<off_t>(octets_));
  if (code == 0) return sync_file(fd, path_);
  ::unlink(path_.c_str());
  return fail(errno_error(code, "allocate " + path_));
}

bool Ballast::release() const {
  if (::unlink(path_.c_str()) != 0) return false;
  log::warning("the disk is full: released {} octets of ballast ({})", octets_, path_);
  return true;
}

}  // namespace futar::store
