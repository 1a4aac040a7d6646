#include "mta/from_msa/from_msa.h"

#include "common/log/log.h"

namespace futar::mta {
namespace {

using Known = proto::SubmissionSink::Known;

Known known_of(Seen seen) { return seen == Seen::other_id ? Known::other_id : Known::have; }

// No: it was not here before. For an offer that means "send it", for a transfer "taken", now.
std::vector<Known> answers_of(const std::vector<Seen>& seen, Known when_not_seen) {
  std::vector<Known> answers;
  for (Seen one : seen) answers.push_back(one == Seen::no ? when_not_seen : known_of(one));
  return answers;
}

Task<Result<std::vector<Known>>> ask(Queue& queue, std::string instance, proto::Offer offer) {
  std::vector<std::pair<int64_t, MessageId>> items;
  for (const proto::OfferItem& item : offer.items) items.emplace_back(item.sequence, item.id);
  const auto seen = CO_TRY(co_await queue.known(std::move(instance), offer.epoch, std::move(items)));
  co_return answers_of(seen, Known::want);
}

Task<Result<std::vector<Known>>> take(Queue& queue, std::string instance, proto::Transfer transfer) {
  std::vector<Queue::FromMsa> batch;
  for (proto::TransferItem& item : transfer.items) batch.push_back({item.sequence, std::move(item.message)});
  const auto seen = CO_TRY(co_await queue.take(std::move(instance), transfer.epoch, std::move(batch)));
  co_return answers_of(seen, Known::taken);
}

}  // namespace

proto::SubmissionSink submission_sink(Queue& queue, spool::Folder& spool) {
  proto::SubmissionSink sink;
  sink.known = [&queue](std::string instance, proto::Offer offer) {
    return ask(queue, std::move(instance), std::move(offer));
  };
  sink.take = [&queue](std::string instance, proto::Transfer transfer) {
    return take(queue, std::move(instance), std::move(transfer));
  };
  // A body that broke off may still be on its way out while it comes again: the id alone is no file name.
  sink.begin_body = [&spool, bodies = uint64_t{0}](const MessageId& id) mutable {
    return spool.begin(fmt::format("{}.{}", id.text(), ++bodies));
  };
  // What was seen stays as history for the retention time: by it the audit compares both ends (design §5,
  // equation c).
  sink.confirmed = [&queue](std::string instance, int64_t epoch, int64_t below) {
    queue.confirm(std::move(instance), {epoch, below});
  };
  return sink;
}

}  // namespace futar::mta
