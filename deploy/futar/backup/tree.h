// Files below a folder, read and written without following a symbolic link: who owns the folder may not be
// who runs `futar`. Blocking.
#pragma once
#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

#include "common/base/file.h"
#include "deploy/futar/backup/manifest.h"

namespace futar::backup {

class Tree {
 public:
  /// `path` itself may be a symbolic link: the operator chose it.
  static Result<Tree> open(const std::string& path);

  /// Regular files below `folder` ("" = all), as paths of this tree. What goes meanwhile is passed over.
  Result<void> each_file(const std::string& folder,
                         const std::function<Result<void>(const std::string& path)>& seen) const;
  Result<Fd> open_file(const std::string& path, int flags, mode_t mode = 0600) const;
  /// None: it is not there, or a symbolic link.
  Result<std::optional<Fd>> find(const std::string& path, int flags) const;
  /// Makes the folders above `path`; new ones get the owner and group of the one that they are made in.
  Result<void> make_parents(const std::string& path, mode_t mode = 0700) const;
  Result<void> rename(const std::string& from, const std::string& to) const;
  Result<void> sync() const;  ///< the whole file system
  const std::string& path() const { return path_; }

 private:
  Tree(std::string path, Fd root) : path_(std::move(path)), root_(std::move(root)) {}
  std::string path_;
  Fd root_;
};

/// Copies one file with its time; the copy has `mode`, and the owner and group of its folder. The entry's
/// path is `to_path`. None: it is gone, or no regular file.
Result<std::optional<Entry>> copy_file(const Tree& from, const std::string& from_path, const Tree& to,
                                       const std::string& to_path, mode_t mode);
/// The digest (hexadecimal) and size of a file.
Result<Entry> digest_file(const Tree& tree, const std::string& path);

}  // namespace futar::backup
