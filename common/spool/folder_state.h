// What the folder, its writers and the jobs of both on worker threads share.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "common/base/file.h"
#include "common/net/workers.h"

namespace futar::spool {

struct FolderState {
  std::string path;
  Fd folder;  ///< every file is named relative to it
  net::Workers& workers;
  std::atomic<bool> frozen = false;  ///< the database is in doubt: no file goes any more
  std::atomic<size_t> memory = 0;    ///< octets of messages in memory

  std::mutex mutex;
  bool keeps = false;             ///< a copy is being made; guarded by mutex
  std::vector<std::string> gone;  ///< to be unlinked when it is made; guarded by mutex

  FolderState(std::string p, Fd f, net::Workers& w) : path(std::move(p)), folder(std::move(f)), workers(w) {}
  static std::shared_ptr<std::atomic<size_t>> memory_of(const std::shared_ptr<FolderState>& state) {
    return {state, &state->memory};
  }
  std::string path_of(const std::string& name) const { return path + "/" + name; }
};

Result<Fd> open_in(const FolderState& state, const std::string& name, int flags);
Result<void> unlink_in(const FolderState& state,
                       const std::string& name);  ///< no error when it is gone already

}  // namespace futar::spool
