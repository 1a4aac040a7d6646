// From the spool to the link: a message that was just committed goes at once; what waits is found again.
#pragma once
#include <memory>

#include "common/base/histogram.h"
#include "common/spool/body.h"
#include "common/store/writer.h"
#include "msa/to_mta/spool_store.h"
#include "proto/link/link.h"

namespace futar::msa {

class ToMta {
 public:
  ToMta(net::Loop& loop, zmq::Context& context, proto::LinkOptions options, store::Writer& writer,
        store::Reader& reader, spool::Folder& spool, Identity identity, int64_t lowest_spooled);

  Result<void> start() { return link_->start(); }
  Task<> stop() { return link_->stop(); }
  proto::LinkState state() const { return link_->state(); }
  const Histogram& commit_times() const { return commit_times_; }
  spool::Folder& bodies() { return spool_; }
  /// Of what can be mended safely; `by` is the operator.
  Task<Result<spool::Repaired>> repair(std::string by);

  /// Stores a message durably as spooled, then offers it. The error is that of the commit. `with` is done in
  /// the same transaction (counts of sending limits); may be empty.
  Task<Result<void>> submit(spool::Message message, std::vector<event::Event> events, store::Job with);

 private:
  Task<Result<std::vector<proto::TransferItem>>> load(int64_t after, size_t limit);
  Task<Result<void>> handed_over(std::vector<proto::Range> ranges);
  Task<Result<int64_t>> new_epoch();

  store::Writer& writer_;
  store::Reader& reader_;
  spool::Folder& spool_;
  int64_t lowest_spooled_;
  Histogram commit_times_;  ///< from the end of a message's content to its durable commit
  std::unique_ptr<proto::SubmissionSender> link_;
};

}  // namespace futar::msa
