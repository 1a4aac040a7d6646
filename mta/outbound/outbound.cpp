// Who is served, and by how many sessions: destinations take turns, each begins with one lane.
#include "mta/outbound/outbound.h"

#include "common/log/log.h"

namespace futar::mta {

namespace {

constexpr int64_t look_ms = 1000;  ///< for what became due by time alone

}  // namespace

Outbound::Outbound(net::Loop& loop, RemoteQueue& queue, Way& way, spool::Folder& spool, const Clock& clock,
                   OutboundOptions options)
    : loop_(loop),
      queue_(queue),
      way_(way),
      spool_(spool),
      clock_(clock),
      options_(std::move(options)),
      wake_(loop) {}

void Outbound::start() {
  queue_.queue().when_remote([this] { wake_.open(); });
  loop_.spawn("outbound", dispatch());
}

Task<> Outbound::stop(int64_t grace_ms) {
  stopping_ = true;
  wake_.open();
  for (const auto& [key, site] : sites_)
    while (site->wake_one()) {
    }
  const int64_t end = clock_.steady_ms() + grace_ms;
  while ((sending_ > 0 || concluding_ > 0) && clock_.steady_ms() < end) co_await loop_.sleep(10);
  queue_.stop();
}

Task<> Outbound::dispatch() {
  while (!stopping_) {
    wake_.reset();
    ended_.clear();
    if (const Remote remote = queue_.queue().options().route.remote; remote != Remote::direct)
      co_await queue_.hold_all(remote == Remote::hold ? "mta.remote = \"hold\"" : "mta.remote = \"capture\"");
    else if (lanes_ < options_.lanes)
      for (const Destination& destination : co_await queue_.due(options_.lanes))
        if (!ended_.contains(destination.key)) serve(destination);
    co_await wake_.wait_for(look_ms);
  }
}

void Outbound::serve(const Destination& destination) {
  if (stopping_ || lanes_ >= options_.lanes) return;
  auto& site = sites_[destination.key];
  if (!site) {
    const auto spacing = options_.spacing_ms.find(destination.name);
    site = std::make_shared<Site>(destination, options_.lanes_per_destination,
                                  spacing == options_.spacing_ms.end() ? 0 : spacing->second);
    add_lane(site);
    return;
  }
  site->drained = false;
  site->wake_one();
}

void Outbound::add_lane(const std::shared_ptr<Site>& site) {
  ++site->running;
  ++lanes_;
  loop_.spawn("outbound: lane", lane(site));
}

Task<> Outbound::lane(std::shared_ptr<Site> site) {
  const Candidates candidates = co_await way_.find(site->destination.name);
  std::optional<Failure> failure;
  if (candidates.state == HostList::State::found)
    failure = co_await try_hosts(site, candidates);
  else
    failure = Failure(candidates);
  if (failure && !stopping_) {
    // What one lane suffers while others talk says only that there are too many.
    if (site->running > 1)
      site->lanes.failed();
    else
      co_await give_up(*site, *failure);
  }
  if (site->running == 1) co_await give_back(*site);
  --site->running;
  --lanes_;
  if (site->running > 0) co_return;
  sites_.erase(site->destination.key);
  ended_.insert(site->destination.key);
  wake_.open();
}

// One host after the other until one takes mail. None when mail was taken or nothing was left to do.
Task<std::optional<Failure>> Outbound::try_hosts(std::shared_ptr<Site> site, const Candidates& candidates) {
  Failure last(candidates);
  for (const Candidate& candidate : candidates.all) {
    if (candidate.plan.skip) {
      last = Failure(candidate);
      continue;
    }
    for (bool again = true; again && !stopping_;) {
      Way::Opened opened = co_await way_.open(candidate, site->destination.name);
      if (!opened.session) {
        last = Failure(opened.observation, candidate);
        break;
      }
      const Served served = co_await talk(site, *opened.session, candidate);
      co_await opened.session->quit();
      if (served.end == Served::End::drained || stopping_) co_return std::nullopt;
      again = served.progress && served.end == Served::End::reconnect;
      if (again) continue;
      site->lanes.failed();
      if (served.progress) co_return std::nullopt;
      last = Failure(served.observation, candidate);
    }
  }
  co_return last;
}

// Nobody there takes mail: all that is due waits with the destination, or is returned.
Task<> Outbound::give_up(Site& site, Failure failure) {
  co_await give_back(site);
  Destination destination = site.destination;
  RemoteOutcome outcome = failure.outcome();
  if (outcome.state == RemoteOutcome::State::later) {
    ++destination.failures;
    destination.due_ms = clock_.wall_ms() + back_off_ms(queue_.queue().options().retry, destination.failures);
    outcome.not_before_ms = destination.due_ms;
  }
  destination.last_answer = outcome.words.empty() ? outcome.reason : outcome.words;
  log::info("{}: {}{}", destination.name, outcome.host.empty() ? "" : outcome.host + ": ",
            destination.last_answer);
  co_await queue_.conclude_all(std::move(destination), std::move(outcome));
}

Task<> Outbound::give_back(Site& site) {
  std::vector<RemoteOutcome> untried;
  for (const Site::Pending& pending : site.pending) {
    octets_ -= pending.item.in_memory();
    for (const RemoteRecipient& recipient : pending.item.recipients) {
      untried.emplace_back();
      untried.back().row = recipient.row;
    }
  }
  site.pending.clear();
  if (!untried.empty()) co_await queue_.conclude(std::move(untried));
}

void Outbound::conclude(std::vector<RemoteOutcome> outcomes) {
  loop_.spawn("outbound: outcomes", conclude_counted(std::move(outcomes)));
}

Task<> Outbound::conclude_counted(std::vector<RemoteOutcome> outcomes) {
  ++concluding_;
  co_await queue_.conclude(std::move(outcomes));
  --concluding_;
}

}  // namespace futar::mta
