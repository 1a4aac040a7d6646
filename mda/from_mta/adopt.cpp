#include "mda/from_mta/adopt.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>

#include "common/base/file.h"
#include "common/base/text.h"
#include "common/log/log.h"
#include "mda/ledger/ledger_store.h"

namespace futar::mda {
namespace {

namespace fs = std::filesystem;

constexpr int64_t slack_s = 3600;  // of the clocks, and of a user who moves mail
constexpr size_t enough = 8192;    // of a file: its first fields

/// The seconds that every Maildir name begins with, ours and Dovecot's; -1 for another name.
int64_t seconds_of(std::string_view name) {
  const auto seconds = parse_number(name.substr(0, name.find('.')));
  return seconds && *seconds < (uint64_t{1} << 40) ? static_cast<int64_t>(*seconds) : -1;
}

std::string first_octets(const fs::path& path) {
  const auto fd = open_file(path.string(), O_RDONLY | O_NOFOLLOW);
  if (!fd) return {};  // a user's own link, or it has just gone
  std::string octets(enough, '\0');
  const ssize_t got = ::read(fd->get(), octets.data(), octets.size());
  octets.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return octets;
}

/// "\nName: value" of LF lines, the value of the first.
std::string_view field(std::string_view text, std::string_view name) {
  for (std::string_view rest = text; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.empty()) break;
    if (starts_with_nocase(line, name)) return trim(line.substr(name.size()));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  }
  return {};
}

std::optional<MessageId> id_at(std::string_view text, size_t at) {
  if (at == std::string_view::npos || text.size() - at < MessageId::text_size) return std::nullopt;
  const auto id = MessageId::parse(text.substr(at, MessageId::text_size));
  return id ? std::optional(*id) : std::nullopt;
}

/// Of our file names (path.h), else of the topmost Received: Dovecot gives a new name to what a user moves.
std::optional<MessageId> id_of(std::string_view name, std::string_view text) {
  if (const size_t mark = name.find('I'); mark != std::string_view::npos)
    if (const auto id = id_at(name, mark + 1)) return id;
  const size_t received = text.find("\nReceived:");
  const size_t mark = received == std::string_view::npos ? received : text.find(" id ", received);
  return mark == std::string_view::npos ? std::nullopt : id_at(text, mark + 4);
}

class Adoption {
 public:
  Adoption(store::Database& database, const store::Restored& restored)
      : database_(database), restored_(restored) {}

  Result<void> begin() {
    const Sender sender{fmt::format("backup of {}", restored_.taken_ms), 1};
    sender_ = TRY(ledger::sender_key(database_, sender));
    return ledger::confirm(database_, sender_, INT64_MAX);  // kept for trace.keep, then forgotten
  }

  Result<void> look_at(const fs::path& file, const std::string& account, const std::string& folder) {
    const std::string name = file.filename();
    if (seconds_of(name) < restored_.taken_ms / 1000 - slack_s) return {};
    const std::string text = first_octets(file);
    const std::string recipient(field(text, "Delivered-To:"));
    const auto id = id_of(name, text);
    if (!id || recipient.empty()) return {};
    for (const Record& known : TRY(ledger::of_message(database_, *id)))
      if (known.recipient == recipient) return {};
    Record record;
    record.sender = sender_;
    record.row = ++rows_;
    record.id = *id;
    record.recipient = recipient;
    record.wall_ms = restored_.put_back_ms;
    record.account = account;
    record.folder = folder;
    record.file = name.substr(0, name.find(':'));
    return ledger::insert(database_, record);
  }

  int64_t rows() const { return rows_; }

 private:
  store::Database& database_;
  const store::Restored& restored_;
  int64_t sender_ = 0, rows_ = 0;
};

std::vector<fs::path> folders_in(const fs::path& path) {
  std::vector<fs::path> folders;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error))
    if (at->is_directory(error) && !at->is_symlink(error)) folders.push_back(at->path());
  return folders;
}

Result<void> look_into(Adoption& adoption, const fs::path& maildir, const std::string& account,
                       const std::string& folder) {
  for (const char* part : {"new", "cur"}) {
    std::error_code error;
    for (fs::directory_iterator at(maildir / part, error), end; !error && at != end; at.increment(error))
      TRY(adoption.look_at(at->path(), account, folder));
  }
  return {};
}

}  // namespace

Result<void> adopt_delivered(store::Database& database, const std::string& mailboxes,
                             const store::Restored& restored) {
  Adoption adoption(database, restored);
  TRY(adoption.begin());
  for (const fs::path& domain : folders_in(mailboxes)) {
    if (domain.filename().string().starts_with('.')) continue;  // .staging
    for (const fs::path& user : folders_in(domain)) {
      const std::string account = user.filename().string() + "@" + domain.filename().string();
      TRY(look_into(adoption, user, account, "INBOX"));
      for (const fs::path& folder : folders_in(user))
        if (const std::string name = folder.filename(); name.starts_with('.'))
          TRY(look_into(adoption, folder, account, name.substr(1)));
    }
  }
  log::warning("mda.db is from a backup; {} messages lie in mailboxes that it did not know", adoption.rows());
  return {};
}

}  // namespace futar::mda
