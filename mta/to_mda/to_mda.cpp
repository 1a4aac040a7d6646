#include "mta/to_mda/to_mda.h"

#include "common/log/log.h"

namespace futar::mta {
ToMda::ToMda(net::Loop& loop, zmq::Context& context, proto::LinkOptions options, Queue& queue,
             spool::Folder& spool) {
  proto::DeliverySource source;
  source.epoch = queue.options().delivery_epoch;
  source.up = [&queue] {
    log::info("the link to mda is up");
    queue.link_up();
  };
  source.down = [&queue] {
    log::warning("the link to mda is down: mail for mailboxes waits");
    queue.link_down();
  };
  source.outcomes = [&queue](std::vector<proto::OutcomeItem> items) { queue.outcomes(std::move(items)); };
  source.mailboxes = [this](proto::MailboxState state) { mailboxes_.apply(state); };
  source.read = [&spool](const spool::Body& body, uint64_t offset, size_t limit) {
    return spool.fetch(body, offset, limit);
  };
  source.confirmed_below = [&queue] { return queue.confirmed_below(); };
  link_ = std::make_unique<proto::DeliverySender>(loop, context, std::move(options), std::move(source));
  queue.set_outlet(
      {[this] { return link_->ready(); }, [this](proto::DeliverItem item) { link_->send(std::move(item)); }});
}

Result<void> ToMda::start() { return link_->start(); }

}  // namespace futar::mta
