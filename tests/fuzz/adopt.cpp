// The files of other servers: whatever stands in them, each is read to its end, what is told can go to a
// terminal, and a second import does nothing.
#include "deploy/futar/adopt.h"

#include <cstdlib>

#include "common/base/text.h"

using namespace futar;
using namespace futar::deploy;

namespace {

void check_words(const std::vector<std::string>& lines) {
  for (const std::string& line : lines)
    if (printable(line, line.size()) != line) std::abort();
}

directory::Records some_records() {
  directory::Records records;
  if (!directory::add_domain(records, "example.org")) std::abort();
  if (!directory::add_account(records, "bob@example.org", {})) std::abort();
  return records;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  static_cast<void>(guess_kind(text));
  for (const FileKind kind : {FileKind::passwd, FileKind::virtual_, FileKind::mailboxes, FileKind::aliases}) {
    ForeignFile file = parse_foreign(text, kind);
    for (ForeignEntry& account : file.accounts)
      if (account.password.starts_with('{')) account.password = "$6$salt$hash";  // {PLAIN} costs 20 ms each
    directory::Records records = some_records();
    const Adoption first = adopt(records, file, "example.org", false);
    check_words(first.left);
    check_words(first.done);
    const directory::Records before = records;
    if (!adopt(records, file, "example.org", false).done.empty() || records != before) std::abort();
    adopt(records, file, "example.org", true);
  }
  return 0;
}
