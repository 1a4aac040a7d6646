// The sending end of delivery: joins the queue with the link toward mda.
#pragma once
#include <memory>

#include "mta/queue/queue.h"
#include "mta/to_mda/mailbox_states.h"
#include "proto/link/link.h"

namespace futar::mta {

class ToMda {
 public:
  ToMda(net::Loop& loop, zmq::Context& context, proto::LinkOptions options, Queue& queue,
        spool::Folder& spool);

  Result<void> start();
  Task<> stop() { return link_->stop(); }
  proto::LinkState state() const { return link_->state(); }
  const MailboxStates& mailboxes() const { return mailboxes_; }

 private:
  MailboxStates mailboxes_;
  std::unique_ptr<proto::DeliverySender> link_;
};

}  // namespace futar::mta
