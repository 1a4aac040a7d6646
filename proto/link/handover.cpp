#include "proto/link/handover.h"

#include <algorithm>

namespace futar::proto {

namespace {

constexpr size_t load_limit = batch_messages;
constexpr size_t offered_limit = 4 * batch_messages;  // their content waits in memory
constexpr int64_t first_retry_ms = 1000, longest_retry_ms = 30'000;
constexpr uint64_t item_overhead = 128, recipient_overhead = 16;

}  // namespace

bool is_large(const spool::Body& body) { return body.size > eager_limit || !body.bytes; }

uint64_t cost(const TransferItem& item) {
  const spool::Message& message = item.message;
  uint64_t octets = item_overhead + message.header.size() + (is_large(message.body) ? 0 : message.body.size);
  for (const message::Recipient& recipient : message.envelope.recipients)
    octets += recipient_overhead + recipient.address.local.size() + recipient.address.domain.size() +
              recipient.parameters.orcpt.size();
  return octets;
}

std::vector<Range> ranges_of(std::vector<int64_t> sequences) {
  std::ranges::sort(sequences);
  std::vector<Range> ranges;
  for (const int64_t sequence : sequences) {
    if (!ranges.empty() && sequence <= ranges.back().last + 1)
      ranges.back().last = sequence;
    else
      ranges.push_back({sequence, sequence});
  }
  return ranges;
}

// ---- the conversation

void Handover::begin(int64_t confirmed_below) {
  end();
  is_up_ = true;
  credit_ = credit_window;
  loaded_up_to_ = std::max<int64_t>(confirmed_below - 1, 0);
  has_backlog_ = true;
}

// What mta has accepted and we are still committing stays known: the database shows it as spooled until then.
void Handover::end() {
  is_up_ = false;
  ++conversation_;
  credit_ = 0;
  in_hand_ = 0;
  offered_ = 0;
  ready_.clear();
  to_offer_.clear();
  meanwhile_.clear();
  std::erase_if(entries_, [](const auto& each) { return each.second.stage != Stage::answered; });
  refusals_ = 0;
  retry_ms_ = -1;
}

// ---- what there is to send

bool Handover::has_room() const {
  return is_up_ && !is_paused() && credit_ > static_cast<int64_t>(in_hand_) && offered_ < offered_limit;
}

// Fresh: mta cannot know it, from no process and no conversation before.
bool Handover::is_fresh(int64_t sequence) const {
  return first_offered_ && sequence >= *first_offered_ && sequence > sent_up_to_;
}

void Handover::offer(TransferItem item) {
  if (!first_offered_) first_offered_ = item.sequence;
  if (loading_ && !missed_ && has_room()) {
    in_hand_ += cost(item);
    meanwhile_.push_back(std::move(item));
    return;
  }
  if (has_backlog_ || !has_room()) {
    has_backlog_ = true;
    missed_ = true;
    return;
  }
  if (item.sequence <= loaded_up_to_) return;
  loaded_up_to_ = item.sequence;
  take_in_hand(std::move(item));
}

void Handover::take_in_hand(TransferItem item) {
  const int64_t sequence = item.sequence;
  const bool offer_first = is_large(item.message.body) || !is_fresh(sequence);
  Entry& entry = entries_[sequence];
  entry.stage = offer_first ? Stage::to_offer : Stage::ready;
  entry.cost = cost(item);
  entry.item = std::move(item);
  in_hand_ += entry.cost;
  offered_ += offer_first;
  (offer_first ? to_offer_ : ready_).push_back(sequence);
}

std::optional<Handover::Load> Handover::next_load() {
  if (!has_backlog_ || loading_ || !has_room()) return {};
  loading_ = true;
  missed_ = false;
  return Load{loaded_up_to_, load_limit, conversation_};
}

void Handover::loaded(const Load& load, std::vector<TransferItem> items, bool failed) {
  loading_ = false;
  if (load.conversation == conversation_ && !failed) {
    const bool at_end = items.size() < load.limit;
    for (TransferItem& item : items) {
      if (item.sequence <= loaded_up_to_) continue;
      loaded_up_to_ = item.sequence;
      if (!entries_.contains(item.sequence)) take_in_hand(std::move(item));
    }
    // What was committed after the load had looked was offered while it ran.
    has_backlog_ = !at_end || missed_;
    if (!has_backlog_) take_meanwhile();
  }
  for (const TransferItem& item : std::exchange(meanwhile_, {})) in_hand_ -= std::min(in_hand_, cost(item));
  // Only now: the load may have looked before these were committed.
  for (const Range& range : std::exchange(committed_while_loading_, {})) committed({range});
}

void Handover::take_meanwhile() {
  for (TransferItem& item : std::exchange(meanwhile_, {})) {
    in_hand_ -= cost(item);
    if (item.sequence <= loaded_up_to_) continue;
    loaded_up_to_ = item.sequence;
    take_in_hand(std::move(item));
  }
}

// ---- what goes out

std::vector<OfferItem> Handover::next_offers(int64_t now_ms) {
  std::vector<OfferItem> offers;
  while (!to_offer_.empty() && offers.size() < batch_messages) {
    const auto found = entries_.find(to_offer_.front());
    to_offer_.pop_front();
    if (found == entries_.end() || found->second.stage != Stage::to_offer) continue;
    Entry& entry = found->second;
    entry.stage = Stage::offered;
    entry.since_ms = now_ms;
    offers.push_back({found->first, entry.item.message.id, entry.item.message.body.size});
  }
  return offers;
}

std::vector<TransferItem> Handover::next_batch(int64_t now_ms) {
  std::vector<TransferItem> batch;
  if (is_paused()) return batch;
  uint64_t octets = 0;
  while (!ready_.empty() && has_credit() && batch.size() < batch_messages) {
    const auto found = entries_.find(ready_.front());
    if (found != entries_.end() && found->second.stage == Stage::ready) {
      Entry& entry = found->second;
      if (!batch.empty() && octets + entry.cost > batch_octets) break;
      octets += entry.cost;
      sent_up_to_ = std::max(sent_up_to_, found->first);
      batch.push_back(std::move(entry.item));
      set_aside(entry);
      entry.stage = Stage::sent;
      entry.since_ms = now_ms;
    }
    ready_.pop_front();
  }
  return batch;
}

/// The content is no longer in hand.
void Handover::set_aside(Entry& entry) {
  in_hand_ -= std::exchange(entry.cost, 0);
  if (entry.stage == Stage::to_offer || entry.stage == Stage::offered) --offered_;
  entry.item = {};
}

// ---- what comes back

void Handover::credit(uint64_t octets) {
  // A credit that comes twice must not open the window wider than it is.
  const uint64_t spent_now = static_cast<uint64_t>(static_cast<int64_t>(credit_window) - credit_);
  credit_ += static_cast<int64_t>(std::min(octets, spent_now));
}

std::vector<Handover::Wanted> Handover::wanted(const std::vector<int64_t>& sequences) {
  std::vector<Wanted> large;
  for (const int64_t sequence : sequences) {
    const auto found = entries_.find(sequence);
    if (found == entries_.end() || found->second.stage != Stage::offered) continue;
    Entry& entry = found->second;
    entry.since_ms = -1;
    --offered_;
    if (is_large(entry.item.message.body)) {
      sent_up_to_ = std::max(sent_up_to_, sequence);
      entry.stage = Stage::wanted;
      large.push_back({sequence, std::move(entry.item)});
      set_aside(entry);
    } else {
      entry.stage = Stage::ready;
      ready_.push_back(sequence);
    }
  }
  return large;
}

std::vector<Range> Handover::answered(const std::vector<Range>& ranges) {
  std::vector<int64_t> newly;
  for (const Range& range : ranges) {
    for (auto at = entries_.lower_bound(range.first); at != entries_.end() && at->first <= range.last; ++at) {
      if (at->second.stage == Stage::answered) continue;
      set_aside(at->second);
      at->second.stage = Stage::answered;
      at->second.since_ms = -1;
      newly.push_back(at->first);
    }
  }
  if (!newly.empty()) refusals_ = 0;
  return ranges_of(std::move(newly));
}

// A load that looked before our commit still brings them: they stay known until it is back.
void Handover::committed(const std::vector<Range>& ranges) {
  if (loading_) {
    committed_while_loading_.insert(committed_while_loading_.end(), ranges.begin(), ranges.end());
    return;
  }
  for (const Range& range : ranges) {
    const auto first = entries_.lower_bound(range.first), last = entries_.upper_bound(range.last);
    for (auto at = first; at != last;)
      at = at->second.stage == Stage::answered ? entries_.erase(at) : std::next(at);
  }
}

void Handover::refused(const std::vector<int64_t>& sequences, int64_t now_ms) {
  bool any = false;
  for (const int64_t sequence : sequences) {
    const auto found = entries_.find(sequence);
    if (found == entries_.end() || found->second.stage == Stage::answered) continue;
    set_aside(found->second);
    entries_.erase(found);
    retry_from_ = retry_ms_ < 0 && !any ? sequence : std::min(retry_from_, sequence);
    any = true;
  }
  if (!any || retry_ms_ >= 0) return;
  retry_ms_ = now_ms + std::min(first_retry_ms << std::min(refusals_, 10), longest_retry_ms);
  ++refusals_;
}

void Handover::touch(int64_t sequence, int64_t now_ms) {
  const auto found = entries_.find(sequence);
  if (found == entries_.end() || (found->second.stage != Stage::wanted && found->second.stage != Stage::sent))
    return;
  found->second.stage = Stage::sent;
  found->second.since_ms = now_ms;
}

bool Handover::wake(int64_t now_ms) {
  if (retry_ms_ < 0 || now_ms < retry_ms_ || loading_) return false;
  retry_ms_ = -1;
  loaded_up_to_ = std::min(loaded_up_to_, retry_from_ - 1);
  has_backlog_ = true;
  return true;
}

bool Handover::is_unanswered_since(int64_t ms) const {
  return std::ranges::any_of(
      entries_, [ms](const auto& each) { return each.second.since_ms >= 0 && each.second.since_ms <= ms; });
}

size_t Handover::in_transfer() const {
  return static_cast<size_t>(std::ranges::count_if(entries_, [](const auto& each) {
    return each.second.stage == Stage::wanted || each.second.stage == Stage::sent ||
           each.second.stage == Stage::answered;
  }));
}

}  // namespace futar::proto
