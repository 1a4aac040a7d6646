#include "common/smtp_client/stage.h"

#include <iterator>

namespace futar::smtp_client {
namespace {

constexpr int64_t second = 1000, minute = 60 * second;

struct Row {
  Stage stage;
  std::string_view name;
  int64_t timeout;
  std::string_view positive;  ///< first digits
};

constexpr Row rows[] = {
    {Stage::connect, "connect", 30 * second, ""},
    {Stage::greeting, "greeting", 5 * minute, "2"},
    {Stage::hello, "EHLO", 5 * minute, "2"},
    {Stage::starttls, "STARTTLS", 5 * minute, "2"},
    {Stage::tls, "TLS handshake", 5 * minute, ""},
    {Stage::auth, "AUTH", 5 * minute, "23"},
    {Stage::mail, "MAIL", 5 * minute, "2"},
    {Stage::rcpt, "RCPT", 5 * minute, "2"},
    {Stage::data, "DATA", 2 * minute, "3"},
    {Stage::content, "content", 3 * minute, "2"},  // the reply to a BDAT that is not the last
    {Stage::dot, "final dot", 10 * minute, "2"},
    {Stage::reset, "RSET", 30 * second, "2"},  // the results of a transaction wait for it
    {Stage::quit, "QUIT", 5 * second, "2"},
};

constexpr bool is_in_order() {
  for (size_t i = 0; i < std::size(rows); ++i)
    if (static_cast<size_t>(rows[i].stage) != i) return false;
  return std::size(rows) == static_cast<size_t>(Stage::quit) + 1;
}
static_assert(is_in_order());

const Row& row(Stage stage) { return rows[static_cast<size_t>(stage)]; }

}  // namespace

std::string_view name(Stage stage) { return row(stage).name; }
int64_t timeout_ms(Stage stage) { return row(stage).timeout; }

int64_t whole_ms(uint64_t octets) { return 60 * minute + static_cast<int64_t>(octets / 1024) * second; }

bool fits(Stage stage, int code) {
  if (code >= 400) return true;
  return row(stage).positive.contains(static_cast<char>('0' + code / 100));
}

}  // namespace futar::smtp_client
