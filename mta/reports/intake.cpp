#include "mta/reports/intake.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/log/log.h"
#include "common/message/header.h"
#include "common/store/ask.h"
#include "mta/reports/summary.h"

namespace futar::mta {
namespace {

constexpr uint64_t max_size = 2u << 20;  // of a message, octets
constexpr size_t max_waiting = 16;       // messages

std::string value_of(std::span<const message::Field> fields, std::string_view name) {
  const message::Field* field = message::find(fields, name);
  return field ? ascii_lower(message::unfold(field->value)) : "";
}

Result<std::vector<KeptReport>> parse(const Intake::Arrived& arrived, int64_t now_ms) {
  return summarise(TRY(reports::read_report(arrived.header, arrived.body)), now_ms);
}

}  // namespace

bool may_be_report(std::string_view header) {
  const auto fields = message::split_header(header);
  if (value_of(fields, "Subject").contains("report domain:")) return true;
  std::string content = value_of(fields, "Content-Type");
  std::erase_if(content, [](char c) { return c == ' ' || c == '\t' || c == '"'; });
  const std::string type = content.substr(0, content.find(';'));
  if (type == "multipart/report") return content.contains("report-type=tlsrpt");
  return type == "application/zip" || type == "application/gzip" || type == "application/tlsrpt+gzip" ||
         type == "application/tlsrpt+json";
}

Task<std::optional<Intake::Arrived>> Intake::keep(const MessageId& id, const message::Envelope& envelope,
                                                  const std::string& header, const spool::Body& body) {
  if (header.size() + body.size > max_size || !may_be_report(header)) co_return std::nullopt;
  if (std::ranges::none_of(envelope.recipients, [&](const message::Recipient& r) {
        return directory_().is_local_domain(r.address.domain);
      }))
    co_return std::nullopt;
  if (waiting_.size() >= max_waiting || spool_.is_memory_short()) {
    log::info("{}: its report is not read, since too many wait", id.text());
    co_return std::nullopt;
  }
  Arrived arrived{id, header, "", spool_.share()};
  arrived.share.set(header.size() + body.size);
  Result<std::string> octets = co_await spool_.fetch(body, 0, max_size);
  if (!octets) {
    log::info("{}: its report is not read: {}", id.text(), octets.error().text);
    co_return std::nullopt;
  }
  arrived.body = *std::move(octets);
  co_return arrived;
}

void Intake::take(Arrived arrived) {
  waiting_.push_back(std::move(arrived));
  if (!working_) loop_.spawn("reports", work());
}

Task<> Intake::work() {
  working_ = true;
  while (!waiting_.empty()) {
    const Arrived next = std::move(waiting_.front());
    waiting_.pop_front();
    co_await store_reports(next);
  }
  working_ = false;
}

Task<> Intake::store_reports(const Arrived& arrived) {
  Result<std::vector<KeptReport>> found;
  co_await workers_.run([&, now = clock_.wall_ms()] { found = parse(arrived, now); });
  if (!found) {
    log::info("{}: no report can be read from it: {}", arrived.id.text(), found.error().text);
    co_return;
  }
  std::erase_if(*found, [&](const KeptReport& one) { return !directory_().is_local_domain(one.domain); });
  if (found->empty()) log::info("{}: its report is about no domain of ours", arrived.id.text());
  for (const KeptReport& one : *found) {
    const Result<bool> added = co_await store::ask<bool>(
        writer_, [one](store::Database& database) { return add_report(database, one); });
    if (!added) log::warning("{}: its report is not kept: {}", arrived.id.text(), added.error().text);
  }
}

}  // namespace futar::mta
