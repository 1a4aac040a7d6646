// One session with one host: message after message until nothing is left, or the host has had enough.
#include "mta/outbound/outbound.h"
#include "mta/outbound/portion.h"

namespace futar::mta {

using smtp_client::RecipientResult;
using smtp_client::Session;

namespace {

constexpr size_t recipients_at_once = 500;     ///< taken from the queue for one destination
constexpr uint64_t octets_at_once = 1u << 20;  ///< their contents in memory
constexpr size_t piece = 64 * 1024;
constexpr int turns_most = 3;
constexpr int64_t moment_ms = 1000;

RemoteOutcome::State state_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::relayed:
      return RemoteOutcome::State::relayed;
    case Verdict::failed:
      return RemoteOutcome::State::failed;
    case Verdict::held:
      return RemoteOutcome::State::held;
    case Verdict::later:
    case Verdict::next_host:
    case Verdict::again:
      break;
  }
  return RemoteOutcome::State::later;
}

}  // namespace

Task<Outbound::Served> Outbound::talk(std::shared_ptr<Site> site, Session& session,
                                      const Candidate& candidate) {
  Served served;
  while (!stopping_ && served.end == Served::End::drained) {
    const bool has_mail = co_await fetch(*site);
    if (!session.usable()) {
      if (has_mail) served.end = Served::End::reconnect;
      break;
    }
    if (!has_mail) {
      if (!co_await more_comes(*site)) break;
      continue;
    }
    if (site->pending.size() > 1) {
      if (!site->wake_one() && site->running < site->lanes.allowed() && lanes_ < options_.lanes)
        add_lane(site);
    }
    if (const int64_t wait = site->pace.take(clock_.steady_ms()); wait > 0) {
      co_await loop_.sleep(wait);
      if (site->pending.empty()) continue;  // another lane took it
    }
    co_await send(*site, session, candidate, served);
  }
  co_return served;
}

// Mail often comes in a row: the last lane stays a while, the others a moment; none when all lanes are taken
// and other destinations wait.
Task<bool> Outbound::more_comes(Site& site) {
  net::Gate more(loop_);
  for (int64_t waited = 0; waited < options_.idle_ms; waited += moment_ms) {
    if (stopping_ || lanes_ >= options_.lanes || (waited > 0 && site.running > 1)) break;
    site.idle.push_back(&more);
    if (co_await more.wait_for(std::min(moment_ms, options_.idle_ms))) co_return true;
    std::erase(site.idle, &more);
  }
  co_return false;
}

// Mail for the site into memory. False: nothing is due there now.
Task<bool> Outbound::fetch(Site& site) {
  while (site.pending.empty() && !site.drained && !stopping_) {
    if (site.taking || octets_ >= options_.octets) {
      co_await loop_.sleep(20);
      continue;
    }
    site.taking = true;
    auto items = co_await queue_.take(site.destination.key, recipients_at_once, octets_at_once);
    site.taking = false;
    site.drained = items.empty();
    for (RemoteItem& item : items) {
      octets_ += item.in_memory();
      site.pending.push_back({std::move(item), 0});
    }
  }
  co_return !site.pending.empty();
}

Task<> Outbound::send(Site& site, Session& session, const Candidate& candidate, Served& served) {
  Site::Pending pending = std::move(site.pending.front());
  site.pending.pop_front();
  if (auto rest = split_off(pending.item.recipients, session.offer()); !rest.empty()) {
    Site::Pending next = pending;
    next.item.recipients = std::move(rest);
    octets_ += next.item.in_memory();
    site.pending.push_front(std::move(next));
  }
  octets_ -= pending.item.in_memory();
  co_await look_at(site, pending);
  if (pending.item.recipients.empty()) co_return;
  const Circumstances before{session.transactions() > 0, false};
  ++sending_;
  const std::vector<RecipientResult> results = co_await session.send(transaction_of(pending.item));
  --sending_;
  settle(site, std::move(pending), results, before, describe(session.tls(), candidate.plan), candidate,
         served);
}

// Each recipient's result judged: concluded, or put back for another turn.
void Outbound::settle(Site& site, Site::Pending pending, const std::vector<RecipientResult>& results,
                      Circumstances circumstances, std::string tls, const Candidate& candidate,
                      Served& served) {
  std::vector<RemoteOutcome> outcomes;
  std::vector<RemoteRecipient> back;
  for (size_t i = 0; i < results.size(); ++i) {
    const RecipientResult& result = results[i];
    Judgement judgement = judge(result.last, circumstances);
    circumstances.others_accepted |= result.last.stage > smtp_client::Stage::rcpt;
    const bool turn_again = judgement.verdict == Verdict::again && pending.turns < turns_most;
    if (judgement.verdict == Verdict::next_host) {
      served.end = Served::End::next_host;
      served.observation = result.last;
    }
    if (turn_again || judgement.verdict == Verdict::next_host) {
      back.push_back(pending.item.recipients[i]);
      continue;
    }
    RemoteOutcome outcome;
    outcome.row = pending.item.recipients[i].row;
    outcome.state = state_of(judgement.verdict);
    outcome.reason = std::move(judgement.reason);
    outcome.status = std::move(judgement.status);
    outcome.host = candidate.text();
    outcome.words = words(result.last.reply);
    outcome.tls = tls;
    outcome.dsn_passed = result.dsn_asked;
    outcome.doubtful = result.doubtful;
    if (const smtp::Address path = return_path_of(pending.item); path != pending.item.reverse_path)
      outcome.return_path = path.text();
    outcomes.push_back(std::move(outcome));
  }
  if (!outcomes.empty()) {
    served.progress = true;
    if (outcomes.front().state == RemoteOutcome::State::relayed) site.lanes.succeeded();
    it_answered(site);
    conclude(std::move(outcomes));
  }
  if (back.empty()) return;
  pending.item.recipients = std::move(back);
  if (served.end != Served::End::next_host) ++pending.turns;
  octets_ += pending.item.in_memory();
  site.pending.push_front(std::move(pending));
}

// A destination that takes mail again has no past.
void Outbound::it_answered(Site& site) {
  if (site.destination.failures == 0) return;
  site.destination.failures = 0;
  site.destination.due_ms = 0;
  site.destination.last_answer.clear();
  loop_.spawn("outbound: destination", queue_.save(site.destination));
}

smtp::Address Outbound::return_path_of(const RemoteItem& item) const {
  return item.forwarder.empty() ? item.reverse_path : options_.forwarded(item.reverse_path, item.forwarder);
}

smtp_client::Transaction Outbound::transaction_of(const RemoteItem& item) const {
  smtp_client::Transaction t;
  t.reverse_path = return_path_of(item);
  t.parameters = item.parameters;
  for (const RemoteRecipient& recipient : item.recipients)
    t.recipients.push_back({recipient.address, recipient.parameters});
  t.size = item.size();
  auto head = std::make_shared<const std::string>(item.seal + item.prefix + item.header);
  t.read = [this, head, body = item.body](uint64_t offset) { return read_piece(head, body, offset); };
  return t;
}

Task<Result<std::string>> Outbound::read_piece(std::shared_ptr<const std::string> head, spool::Body body,
                                               uint64_t offset) const {
  if (offset < head->size()) co_return head->substr(offset, piece);
  offset -= head->size();
  co_return co_await spool_.fetch(std::move(body), offset, piece);
}

}  // namespace futar::mta
