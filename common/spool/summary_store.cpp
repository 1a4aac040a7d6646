#include "common/spool/summary_store.h"

#include "common/spool/message_store.h"

namespace futar::spool {
namespace {

using store::Database;
using store::Statement;

constexpr char select_summary[] =
    "SELECT key, id, envelope, size + header_size, accepted_ms, login, header IS NULL, proven FROM message";

Result<Summary> take_summary(const Statement& row) {
  Summary summary;
  summary.key = row.integer(0);
  summary.id = TRY(MessageId::from_blob(row.blob(1)));
  summary.envelope = TRY(decode_envelope(row.blob(2)));
  summary.size = static_cast<uint64_t>(row.integer(3));
  summary.accepted_ms = row.integer(4);
  summary.login = row.text(5);
  summary.content_gone = row.integer(6) != 0;
  summary.proven_sender = row.integer(7) != 0;
  return summary;
}

}  // namespace

Result<std::optional<Summary>> load_summary(Database& database, int64_t key) {
  static const std::string sql = fmt::format("{} WHERE key = ?1", select_summary);
  Statement& select = *TRY(database.statement(sql.c_str()));
  if (!TRY(select.bind(1, key).step())) return std::nullopt;
  auto summary = take_summary(select);
  select.reset();
  return TRY(std::move(summary));
}

Result<std::vector<Summary>> find_summaries(Database& database, int64_t after, int64_t since_ms,
                                            size_t limit) {
  static const std::string sql =
      fmt::format("{} WHERE key > ?1 AND accepted_ms >= ?2 ORDER BY key DESC", select_summary);
  Statement& select = *TRY(database.statement(sql.c_str()));
  select.bind(1, after).bind(2, since_ms);
  std::vector<Summary> found;
  while (found.size() < limit && TRY(select.step())) {
    auto summary = take_summary(select);
    if (summary) found.push_back(*std::move(summary));
  }
  select.reset();
  return found;
}

Result<std::vector<NamedFile>> named_files(Database& database) {
  Statement& select = *TRY(database.statement("SELECT file, size FROM message WHERE file IS NOT NULL"));
  select.reset();
  std::vector<NamedFile> files;
  while (TRY(select.step())) files.push_back({select.text(0), static_cast<uint64_t>(select.integer(1))});
  select.reset();
  return files;
}

Result<std::vector<int64_t>> damaged_messages(Database& database, size_t limit) {
  // To decode a million envelopes takes seconds: of what is over only the form of the JSON is looked at.
  static const std::string sql =
      fmt::format("{} WHERE header IS NOT NULL OR length(id) <> 16 OR NOT json_valid(envelope) ORDER BY key",
                  select_summary);
  Statement& select = *TRY(database.statement(sql.c_str()));
  std::vector<int64_t> damaged;
  select.reset();
  while (damaged.size() < limit && TRY(select.step()))
    if (!take_summary(select)) damaged.push_back(select.integer(0));
  select.reset();
  return damaged;
}

}  // namespace futar::spool
