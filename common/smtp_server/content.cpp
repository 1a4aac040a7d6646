#include "common/smtp_server/content.h"

#include <fmt/format.h>

#include <limits>

#include "common/smtp/replies.h"

namespace futar::smtp_server {

namespace replies = smtp::replies;

namespace {

Decision refuse_storage(const Error& error) {
  return Decision::refuse(error.kind == Error::Kind::temporary ? replies::no_space() : replies::local_error(),
                          error.text);
}

std::string describe(const smtp::Flaws& flaws) {
  std::string text = "content with";
  if (flaws.bare_cr) text += " bare CR";
  if (flaws.bare_lf) text += " bare LF";
  if (flaws.nul) text += " NUL";
  if (flaws.long_line) text += " endless line";
  return text;
}

}  // namespace

Content::Content(spool::Folder& spool, const MessageId& id, uint64_t limit)
    : spool_(spool),
      header_(spool::header_limit),
      header_share_(spool.share()),
      body_(spool.begin(id.text())),
      limit_(limit ? limit : std::numeric_limits<uint64_t>::max() / 2) {}

Task<> Content::append(std::string_view octets) {
  size_ += octets.size();
  if (size_ > limit_ || header_.is_too_big() || storage_error_) co_return;
  const size_t before = header_.octets_held();
  const auto parts = header_.push(octets);
  const size_t now = header_.octets_held();
  header_share_.set(now);
  if (now > before && now > header_always_taken && spool_.is_memory_short())
    storage_error_ = Error::temporary("no memory for a large header");
  for (const std::string_view part : parts) {
    if (part.empty() || header_.is_too_big() || storage_error_) continue;
    auto written = co_await body_.append(part);
    if (written) continue;
    storage_error_ = std::move(written.error());
    co_return;
  }
}

bool Content::is_hopeless(uint64_t further) const {
  return further > 2 * limit_ || size_ + further > 2 * limit_;
}

Decision Content::judge(const smtp::Flaws& flaws) const {
  if (size_ > limit_)
    return Decision::refuse(replies::message_too_big(), fmt::format("over {} octets", limit_));
  if (flaws.any()) return Decision::refuse(replies::smuggling(), describe(flaws));
  if (header_.is_too_big())
    return Decision::refuse(replies::header_too_big(),
                            fmt::format("header over {} octets", spool::header_limit));
  if (header_.received_fields() > max_received_fields)
    return Decision::refuse(replies::too_many_hops(),
                            fmt::format("{} Received fields", header_.received_fields()));
  if (storage_error_) return refuse_storage(*storage_error_);
  return Decision::go_on();
}

Task<Decision> Content::finish(Transaction& transaction) {
  header_.finish();
  auto body = co_await body_.finish();
  if (!body) co_return refuse_storage(body.error());
  transaction.header = header_.take_header();
  transaction.body = *std::move(body);
  co_return Decision::go_on();
}

}  // namespace futar::smtp_server
