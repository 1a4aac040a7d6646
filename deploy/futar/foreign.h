// The files in which other servers keep their people: Dovecot's passwd-file, Postfix's virtual(5) and
// virtual_mailbox_maps, aliases(5). Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace futar::deploy {

enum class FileKind : uint8_t {
  ours,       ///< as `futar directory export` prints it, TOML or JSON
  passwd,     ///< Dovecot's passwd-file
  virtual_,   ///< Postfix's virtual_alias_maps
  mailboxes,  ///< Postfix's virtual_mailbox_maps
  aliases,    ///< aliases(5) of sendmail and Postfix
};

/// By its first line that says something.
FileKind guess_kind(std::string_view text);
/// "ours", "dovecot", "virtual", "mailboxes", "aliases"; usage errors are permanent.
Result<FileKind> parse_kind(std::string_view word);

struct ForeignEntry {
  size_t line = 0;
  std::string name;           ///< of an account, alias or domain, as written: perhaps without a domain
  std::string password = {};  ///< of an account, with its {SCHEME}; "" = none
  std::optional<uint64_t> quota = {};
  std::vector<std::string> targets = {};  ///< of an alias, as written
};

struct ForeignFile {
  std::vector<ForeignEntry> domains, accounts, aliases;
  std::vector<std::string> left;  ///< what is not taken, "line 7: ..." with the reason
};

/// `kind` is not `ours`. Whatever the text, it is read to its end: what cannot be taken stands in `left`.
ForeignFile parse_foreign(std::string_view text, FileKind kind);

}  // namespace futar::deploy
