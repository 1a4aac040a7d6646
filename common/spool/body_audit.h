// Body files against the rows that name them.
#pragma once
#include <string>
#include <vector>

#include "common/base/async.h"
#include "common/spool/body.h"
#include "common/store/writer.h"

namespace futar::spool {

struct BodyFaults {
  std::vector<std::string> orphans;  ///< files older than a day that no message names
  std::vector<std::string> missing;  ///< names of files that messages need and that are not there
  std::vector<std::string> words() const;
};
/// Mail goes on meanwhile: what looks wrong is looked at twice.
Task<Result<BodyFaults>> find_body_faults(store::Reader& reader, const Folder& folder, int64_t now_ms);

/// Moves these files to STATE/lost+found/, on the reader's thread. Returns what it did, each as a sentence.
Task<Result<std::vector<std::string>>> set_apart(store::Reader& reader, const Folder& folder,
                                                 std::string state_folder, std::vector<std::string> names);

/// What `futar audit --repair` did, each as a sentence.
struct Repaired {
  std::vector<std::string> done;
  std::vector<std::string> files;  ///< bodies that are not needed any more
};

}  // namespace futar::spool
