// The body of a message: immutable, up to 64 KiB in memory (a blob in the database), beyond that a file of
// the spool.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/async.h"
#include "common/base/file.h"
#include "common/base/result.h"
#include "common/net/workers.h"
#include "common/spool/memory_share.h"

namespace futar::spool {

constexpr size_t blob_limit = 64 * 1024;
constexpr size_t header_limit = 256 * 1024;
constexpr size_t memory_budget = 64u << 20;  ///< of all messages in memory in one agent

/// One shared immutable object from session to store to link. CRLF line ends, dots not stuffed.
struct Body {
  uint64_t size = 0;
  std::shared_ptr<const std::string> bytes;  ///< set when in memory
  std::string file;                          ///< name in the spool folder; "" = in memory or blob
  bool is_file() const { return !file.empty(); }
  uint64_t in_memory() const { return is_file() ? 0 : size; }  ///< octets
};

class Folder;

struct BodyFileSeen {
  std::string name;
  int64_t changed_ms = 0;  ///< wall clock
};

/// Receives a body piece by piece. Stays in memory up to blob_limit, and while the global budget lasts; then
/// goes to a file. Dropped without keep(), its file is unlinked. One append() or finish() at a time; io
/// thread.
class BodyWriter {
 public:
  BodyWriter(BodyWriter&&) noexcept;
  BodyWriter& operator=(BodyWriter&&) noexcept;
  ~BodyWriter();
  /// Takes a copy before it waits. It waits only for a write of the file: that is the back-pressure.
  Task<Result<void>> append(std::string_view octets);
  /// Durable when it returns: file fsync, folder fsync (bodies in memory become durable with the row's
  /// commit).
  Task<Result<Body>> finish();
  /// After the commit: the file now belongs to the row.
  void keep();
  uint64_t size() const;

 private:
  friend class Folder;
  struct Impl;
  explicit BodyWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

/// The folder of body files of one agent: STATE/spool/ID, mode 0600, opened O_NOFOLLOW. A name holds letters,
/// digits,
/// '-', '_' and inner dots; any other is refused, so a damaged row leads nowhere else.
class Folder {
 public:
  static Result<std::unique_ptr<Folder>> open(std::string path, net::Loop& loop, net::Workers& workers);
  ~Folder();
  BodyWriter begin(std::string name);
  /// A piece of a body, from memory or file; "" at the end. Blocking for files: call from a worker or reader
  /// thread. A file shorter than the body's size is a permanent error.
  Result<std::string> read(const Body& body, uint64_t offset, size_t limit) const;
  /// The same from the io thread: a file is read by a worker.
  Task<Result<std::string>> fetch(Body body, uint64_t offset, size_t limit) const;
  using Sink = std::function<void(std::string_view octets)>;
  /// The whole body, a file in pieces of 64 KiB. Blocking like read(); an error is one of our disk.
  Result<void> read_all(const Body& body, const Sink& sink) const;
  /// The same from the io thread.
  Task<Result<void>> fetch_all(Body body, Sink sink) const;
  Result<Fd> open_body(const std::string& name) const;
  void remove(const std::string& name);  ///< after the row's commit; on a worker thread, errors logged
  Result<std::vector<BodyFileSeen>> list() const;
  /// At start: unlinks each file for which `known` says no. Returns their number.
  Result<size_t> sweep(const std::function<bool(std::string_view name)>& known);
  /// The database broke (store::Writer's `broken`): nobody knows which rows were committed, so no file is
  /// removed any more; the next start's sweep will know.
  void freeze();
  /// Until the copy is made what is removed stays: a row of the copy may name it. Any thread.
  void keep_removed(bool keep);
  /// A second name for a body file, at `path` on the same file system. Blocking.
  Result<void> link(const std::string& name, const std::string& path) const;
  const std::string& path() const;
  /// Counts what a session keeps of a message beside its body, against the same budget.
  MemoryShare share() const;
  size_t memory_in_use() const;  ///< octets of messages in memory
  bool is_memory_short() const { return memory_in_use() > memory_budget; }

 private:
  Folder();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace futar::spool
