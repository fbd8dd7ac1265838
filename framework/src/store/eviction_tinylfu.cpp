#include "store/eviction_tinylfu.hpp"

#include <algorithm>
#include <cmath>

namespace freshet::detail {
namespace {

constexpr std::uint8_t kWindow = 0;
constexpr std::uint8_t kProbation = 1;
constexpr std::uint8_t kProtected = 2;

constexpr double kProtectedOfMain = 0.8;
constexpr double kStepDecay = 0.98;
constexpr double kRestartAt = 0.05;              // a change of the share of hits
constexpr std::uint64_t kSmallestSketch = 1024;  // entries; what an idle shard starts with
constexpr std::uint64_t kSmallestSample = 1000;  // requests
constexpr int kGivenByWindow = 2;                // entries for each insertion

std::uint64_t part(std::uint64_t whole, double share) noexcept {
  return static_cast<std::uint64_t>(static_cast<double>(whole) * share);
}

}  // namespace

bool WindowClimber::climb(std::uint64_t sample) noexcept {
  if (requests_ < sample) return false;
  const double ratio = static_cast<double>(hits_) / static_cast<double>(requests_);
  const double change = ratio - ratio_before_;
  if (change < 0) step_ = -step_;
  share_ = std::clamp(share_ + step_, kLeast, kMost);
  step_ = std::abs(change) >= kRestartAt ? std::copysign(kFirstStep, step_) : step_ * kStepDecay;
  ratio_before_ = ratio;
  hits_ = 0;
  requests_ = 0;
  return true;
}

TinyLfuPolicy::TinyLfuPolicy(const Capacity& capacity, AccessRecorder& accesses) noexcept
    : accesses_(accesses), capacity_(capacity) {
  divide();
}

RecencyOrder& TinyLfuPolicy::segment_of(const Entry& entry) noexcept {
  if (entry.queue == kWindow) return window_;
  return entry.queue == kProbation ? probation_ : protected_;
}

std::size_t TinyLfuPolicy::size() const noexcept {
  return window_.size() + probation_.size() + protected_.size();
}

void TinyLfuPolicy::divide() noexcept {
  const double share = climber_.share();
  window_share_ = {std::max<std::uint64_t>(1, part(capacity_.entries, share)),
                   part(capacity_.bytes, share)};
  protected_share_ = {part(capacity_.entries - window_share_.entries, kProtectedOfMain),
                      part(capacity_.bytes - window_share_.bytes, kProtectedOfMain)};
}

bool TinyLfuPolicy::window_is_over(const Share& more) const noexcept {
  return window_.size() + more.entries > window_share_.entries ||
         (capacity_.bytes != 0 && window_.bytes() + more.bytes > window_share_.bytes);
}

bool TinyLfuPolicy::protected_is_over() const noexcept {
  return protected_.size() > protected_share_.entries ||
         (capacity_.bytes != 0 && protected_.bytes() > protected_share_.bytes);
}

void TinyLfuPolicy::before_insert(Entry& entry, std::uint64_t hash) noexcept {
  sketch_.fit(std::max<std::uint64_t>(std::min(capacity_.entries, kSmallestSketch), size() + 1));
  sketch_.add(hash, 1);
  climber_.count_miss();
  if (climber_.climb(std::max(kSmallestSample, size()))) divide();
  incoming_ = {1, entry.bytes()};
}

void TinyLfuPolicy::on_insert(Entry& entry) noexcept {
  const std::uint32_t now = accesses_.next_write();
  entry.recency().access_stamp.store(now, std::memory_order_relaxed);
  entry.queue = kWindow;
  window_.add(entry, now);
  incoming_ = {};
  int looks = kMostLooks;
  for (int i = 0; i < kGivenByWindow && window_is_over({}) && window_.size() > 1; ++i)
    move(settle(window_, looks), kProbation, now);
}

void TinyLfuPolicy::on_replace(Entry& old, Entry& replacement) noexcept {
  see_hits(old);
  replacement.queue = old.queue;
  replacement.recency().access_stamp.store(accesses_.next_write(), std::memory_order_relaxed);
  accesses_.count(replacement);
  segment_of(old).replace(old, replacement);
}

void TinyLfuPolicy::on_remove(Entry& entry) noexcept { segment_of(entry).remove(entry); }

void TinyLfuPolicy::see_hits(Entry& entry) noexcept {
  const std::uint8_t hits = entry.access_count.load(std::memory_order_relaxed);
  if (hits == 0) return;
  entry.access_count.store(0, std::memory_order_relaxed);
  sketch_.add(entry.hash(), hits);
  climber_.count_hits(hits);
}

void TinyLfuPolicy::move(Entry& entry, std::uint8_t to, std::uint32_t stamp) noexcept {
  segment_of(entry).remove(entry);
  entry.queue = to;
  segment_of(entry).add(entry, stamp);
}

Entry& TinyLfuPolicy::settle(RecencyOrder& segment, int& looks) noexcept {
  while (looks > 0 && RecencyOrder::was_hit(segment.oldest())) {
    see_hits(segment.oldest());
    segment.settle();
    --looks;
  }
  see_hits(segment.oldest());
  return segment.oldest();
}

// Those of probation that were hit are promoted on the way.
Entry* TinyLfuPolicy::oldest_of_main(int& looks) noexcept {
  while (looks > 0 && !probation_.empty() && RecencyOrder::was_hit(probation_.oldest())) {
    --looks;
    promote(probation_.oldest(), looks);
  }
  if (!probation_.empty()) {
    see_hits(probation_.oldest());
    return &probation_.oldest();
  }
  return protected_.empty() ? nullptr : &settle(protected_, looks);
}

void TinyLfuPolicy::promote(Entry& entry, int& looks) noexcept {
  see_hits(entry);
  move(entry, kProtected, entry.recency().access_stamp.load(std::memory_order_relaxed));
  if (protected_is_over())
    move(settle(protected_, looks), kProbation, accesses_.since_last_write());
}

Entry& TinyLfuPolicy::evict(Pressure) noexcept {
  int looks = kMostLooks;
  Entry* victim = oldest_of_main(looks);
  if (!window_.empty() && (victim == nullptr || window_is_over(incoming_))) {
    Entry& candidate = settle(window_, looks);
    if (victim == nullptr ||
        sketch_.frequency(candidate.hash()) <= sketch_.frequency(victim->hash())) {
      victim = &candidate;
    } else {
      move(candidate, kProbation, accesses_.since_last_write());
    }
  }
  segment_of(*victim).remove(*victim);
  return *victim;
}

}  // namespace freshet::detail
