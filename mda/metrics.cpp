#include "mda/metrics.h"

#include "common/daemon/figures.h"

namespace futar::mda {

Task<Result<std::string>> metrics(Subjects s) {
  daemon::Exposition told("mda");
  daemon::add_process(told, s.environment);
  const Counters& counters = s.delivery.counters();
  for (const auto& [outcome, count] : {std::pair{"delivered", counters.delivered},
                                       {"expanded", counters.expanded},
                                       {"deferred", counters.later},
                                       {"failed", counters.failed}})
    told.counter("futar_deliveries_total", "What recipients came to.", count, {{"outcome", outcome}});
  told.counter("futar_delivery_rounds_total", "Batches of recipients.", counters.rounds)
      .counter("futar_deliveries_resumed_total", "Deliveries that a restart found begun.", counters.resumed)
      .gauge("futar_recipients_under_way", "Recipients being delivered.",
             static_cast<double>(s.delivery.under_way()))
      .gauge("futar_unaccounted", "Files that the start could not move to where they belong; must be 0.",
             static_cast<double>(s.delivery.recovered().stuck));
  daemon::add_store(told, s.delivery.ledger_statistics());
  const proto::LinkState link = s.link.state();
  daemon::add_links(told, {{"mta", link.up, link.credit, link.in_transfer}});
  co_return told.text();
}

}  // namespace futar::mda
