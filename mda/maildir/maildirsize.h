// The quota file of Maildir++, shared with Dovecot: MAILBOX/maildirsize. Its first line is the quota
// ("2147483648S"), each further line a change "OCTETS MESSAGES"; the sum is what the mailbox holds. Whoever
// adds or removes mail appends a line. It drifts, so it is counted anew when it has grown over 5120 octets,
// was damaged, names another quota, or says "over quota" and is not fresh.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "common/base/file.h"
#include "common/base/result.h"

namespace futar::mda {

constexpr size_t maildirsize_limit = 5120;
constexpr int64_t maildirsize_fresh_ms = 15 * 60 * 1000;

struct Usage {
  int64_t octets = 0, messages = 0;
  bool operator==(const Usage&) const = default;
};

/// maildirsize as a value.
struct SizeFile {
  uint64_t quota = 0;  ///< octets; 0 = none
  Usage sum;
  int changes = 0;  ///< lines behind the first
};
/// A last line without LF is being written by somebody and does not count. None: damaged, count anew.
std::optional<SizeFile> parse_maildirsize(std::string_view text);
std::string print_maildirsize(uint64_t quota, const Usage& usage);

/// May the sum be believed, for somebody who wants to add `wanted` octets? `age_ms`: since the file was
/// written.
bool is_trusted(const SizeFile& file, uint64_t quota, uint64_t wanted, int64_t age_ms);

/// What the mailbox holds, `mailbox` being its open folder: by maildirsize, or counted anew (then maildirsize
/// is written).
Result<Usage> mailbox_usage(const Fd& mailbox, uint64_t quota, uint64_t wanted, int64_t wall_ms);
/// Appends a change. Without a maildirsize there is no quota and nothing to do.
Result<void> add_usage(const Fd& mailbox, const Usage& change);

/// The quota was lifted: Dovecot must not go on reading the old one from maildirsize.
Result<void> drop_quota(const Fd& mailbox);

/// Adds up all messages of the Maildir and its folders, by ,S= in their names.
Result<Usage> count_mailbox(const Fd& mailbox);

}  // namespace futar::mda
