// Inside of BodyWriter, for Folder::begin alone.
#pragma once
#include "common/spool/body.h"
#include "common/spool/folder_state.h"
#include "common/spool/memory_share.h"

namespace futar::spool {

/// A body file while it is written; used by one worker thread at a time, and kept alive by each job.
class BodyFile {
 public:
  BodyFile(std::shared_ptr<FolderState> state, std::string name)
      : state_(std::move(state)), name_(std::move(name)) {}
  Result<void> write(std::string_view octets);  ///< makes the file the first time
  Result<void> sync();                          ///< file, then folder
  void remove();                                ///< if it was made

 private:
  std::shared_ptr<FolderState> state_;
  std::string name_;
  Fd fd_;
  bool made_ = false;
};

struct BodyWriter::Impl {
  std::shared_ptr<FolderState> state;
  std::string name;
  std::string buffer;  ///< the whole body, or what the file does not have yet
  uint64_t size = 0;
  MemoryShare share;
  std::shared_ptr<BodyFile> file;  ///< set once the body is too large for memory
  std::optional<Error> failed;  ///< after a write that failed the body has a hole: every later call fails too

  Impl(std::shared_ptr<FolderState> s, std::string n)
      : state(std::move(s)), name(std::move(n)), share(FolderState::memory_of(state)) {}
  ~Impl();
  bool fits() const;
  Task<Result<void>> write_out(bool last);
};

}  // namespace futar::spool
