#include "msa/to_mta/to_mta.h"

#include "common/base/point.h"
#include "common/log/log.h"
#include "common/store/ask.h"

namespace futar::msa {

using store::Database;

ToMta::ToMta(net::Loop& loop, zmq::Context& context, proto::LinkOptions options, store::Writer& writer,
             store::Reader& reader, spool::Folder& spool, Identity identity, int64_t lowest_spooled)
    : writer_(writer), reader_(reader), spool_(spool), lowest_spooled_(lowest_spooled) {
  options.instance = identity.instance;
  proto::SubmissionSource source;
  source.load = [this](int64_t after, size_t limit) { return load(after, limit); };
  source.read = [&spool](const spool::Body& body, uint64_t offset, size_t limit) {
    return spool.fetch(body, offset, limit);
  };
  source.handed_over = [this](std::vector<proto::Range> ranges) { return handed_over(std::move(ranges)); };
  source.new_epoch = [this] { return new_epoch(); };
  source.epoch = identity.epoch;
  source.confirmed_below = [this] { return lowest_spooled_; };
  link_ = std::make_unique<proto::SubmissionSender>(loop, context, std::move(options), std::move(source));
}

Task<Result<void>> ToMta::submit(spool::Message message, std::vector<event::Event> events, store::Job with) {
  auto item = std::make_shared<proto::TransferItem>();
  item->message = std::move(message);
  const int64_t begun_ms = system_clock().steady_ms();
  point("msa.before_commit");
  Result<void> committed = co_await writer_.commit(
      [item, events = std::move(events), with = std::move(with)](Database& database) -> Result<void> {
        item->sequence = TRY(insert_spooled(database, item->message, events));
        return with ? with(database) : Result<void>();
      });
  point("msa.after_commit");
  commit_times_.observe_ms(system_clock().steady_ms() - begun_ms);
  if (committed) link_->offer(std::move(*item));
  co_return committed;
}

Task<Result<std::vector<proto::TransferItem>>> ToMta::load(int64_t after, size_t limit) {
  auto backlog = std::make_shared<Backlog>();
  CO_TRY(co_await reader_.read([=](Database& database) -> Result<void> {
    *backlog = TRY(load_spooled(database, after, limit));
    return {};
  }));
  for (int64_t key : backlog->damaged)
    log::error("message row {} of msa.db is damaged and set aside; it stays in the spool: see futar audit",
               key);
  co_return std::move(backlog->items);
}

Task<Result<void>> ToMta::handed_over(std::vector<proto::Range> ranges) {
  struct Output {
    std::vector<std::string> files;
    int64_t lowest = 0;
  };
  auto output = std::make_shared<Output>();
  point("msa.before_handed_over");
  CO_TRY(co_await writer_.commit([=](Database& database) -> Result<void> {
    output->files = TRY(set_handed_over(database, ranges));
    output->lowest = TRY(lowest_spooled(database));
    return {};
  }));
  point("msa.after_handed_over");
  lowest_spooled_ = output->lowest;
  for (const std::string& file : output->files) spool_.remove(file);
  co_return Result<void>{};
}

Task<Result<int64_t>> ToMta::new_epoch() {
  auto epoch = std::make_shared<int64_t>(0);
  CO_TRY(co_await writer_.commit([epoch](Database& database) -> Result<void> {
    *epoch = TRY(begin_epoch(database));
    return {};
  }));
  log::warning("mta knows keys of this spool with other ids (a restored or copied database): epoch {} begins",
               *epoch);
  co_return *epoch;
}

// What lies below what mta was told as confirmed would be answered Have, so a new conversation tells less
// first.
Task<Result<spool::Repaired>> ToMta::repair(std::string by) {
  auto lowest = std::make_shared<int64_t>(0);
  const auto repaired =
      CO_TRY(co_await store::ask<spool::Repaired>(writer_,
                                                  [by = std::move(by), now = system_clock().wall_ms(),
                                                   lowest](Database& database) -> Result<spool::Repaired> {
                                                    auto done = TRY(msa::repair(database, by, now));
                                                    *lowest = TRY(lowest_spooled(database));
                                                    return done;
                                                  }));
  if (repaired.done.empty()) co_return repaired;
  lowest_spooled_ = *lowest;
  link_->begin_again("messages came back into the spool");
  co_return repaired;
}

}  // namespace futar::msa
