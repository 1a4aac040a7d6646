#include "deploy/futar/dns_spf.h"

#include "common/spf/senders.h"

namespace futar::deploy {

Task<DnsFinding> judge_spf(dns::Resolver& resolver, net::Loop& loop, const DnsFacts& facts,
                           const DnsRecord& record, const dns::Answer& answer) {
  using From = spf::SenderRecord::State;
  using State = DnsFinding::State;
  spf::SenderRecord judged = co_await spf::judge_senders(
      resolver, loop, {record.name, facts.hostname, facts.senders, record.value}, answer);
  switch (judged.state) {
    case From::ok:
      co_return DnsFinding{State::ok, judged.found, "", ""};
    case From::missing:
      co_return DnsFinding{State::missing, "", "", ""};
    case From::wrong:
      co_return DnsFinding{State::wrong, judged.found, judged.want, judged.why};
    case From::unknown:
      break;
  }
  co_return DnsFinding{State::unknown, judged.found, "", judged.why};
}

}  // namespace futar::deploy
