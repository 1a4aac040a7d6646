#include "common/smtp_client/content.h"

#include "common/smtp_client/channel.h"

namespace futar::smtp_client {
namespace {

constexpr size_t worth_a_write = 64 * 1024;

[[noreturn]] void unreadable(std::string detail) { throw Broken{Trouble::unreadable, std::move(detail)}; }

}  // namespace

Task<std::string> Content::next() {
  std::string piece;
  while (!at_end() && piece.size() < worth_a_write) {
    Result<std::string> read = co_await transaction_.read(offset_);
    if (!read) unreadable(read.error().text);
    if (read->empty()) unreadable(fmt::format("it ends after {} of {} octets", offset_, transaction_.size));
    if (read->size() > transaction_.size - offset_)
      unreadable(fmt::format("it has more than {} octets", transaction_.size));
    offset_ += read->size();
    piece = piece.empty() ? *std::move(read) : piece + *read;
  }
  check_.push(piece);
  if (at_end()) check_.finish();
  if (check_.flaws().bare_cr || check_.flaws().bare_lf) unreadable("a bare CR or LF stands in it");
  if (at_end() && offset_ > 0 && !check_.ends_in_crlf()) piece += "\r\n";
  co_return piece;
}

}  // namespace futar::smtp_client
