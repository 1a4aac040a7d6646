// What the folder, its writers and the jobs of both on worker threads share.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "common/base/file.h"
#include "common/net/workers.h"

namespace futar::spool {

struct FolderState {
  std::string path;
  Fd folder;  ///< every file is named relative to it
  net::Workers& workers;
  std::atomic<bool> frozen = false;  ///< the database is in doubt: no file goes any more
  std::atomic<size_t> memory = 0;    ///< octets of bodies in memory

  FolderState(std::string p, Fd f, net::Workers& w) : path(std::move(p)), folder(std::move(f)), workers(w) {}
  std::string path_of(const std::string& name) const { return path + "/" + name; }
};

Result<Fd> open_in(const FolderState& state, const std::string& name, int flags);
Result<void> unlink_in(const FolderState& state,
                       const std::string& name);  ///< no error when it is gone already

/// One body's part of the memory in use; given back when it ends.
class MemoryShare {
 public:
  explicit MemoryShare(std::shared_ptr<FolderState> state) : state_(std::move(state)) {}
  MemoryShare(MemoryShare&& other) noexcept
      : state_(std::move(other.state_)), octets_(std::exchange(other.octets_, 0)) {}
  ~MemoryShare() { set(0); }
  void set(size_t octets) {
    if (state_)
      state_->memory += octets - octets_;  // unsigned arithmetic: a decrease wraps around to the right sum
    octets_ = octets;
  }

 private:
  std::shared_ptr<FolderState> state_;
  size_t octets_ = 0;
};

}  // namespace futar::spool
