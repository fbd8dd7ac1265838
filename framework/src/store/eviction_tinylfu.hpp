// TinyLfuPolicy: W-TinyLFU. A newcomer passes through a window and stays if it was asked for more often than what would go.
//
// Einziger, Friedman, Manes: "TinyLFU: A Highly Efficient Cache Admission Policy", TOS 2017; the window that adapts: Einziger,
// Eytan, Friedman, Manes: "Adaptive Software Cache Management", Middleware 2018.
//
//   window      by recency; a hundredth of the room at first
//   probation   by recency; what came through the window, and what protected gave back
//   protected   by recency; what was hit in probation; at most four fifths of the room that is not the window's
//
// evict(): if the window would be over its share with the newcomer, its oldest stands against the oldest of probation, and
// the one with the lower frequency goes, the candidate in a tie; a candidate that stays moves to probation. Else the oldest
// of probation goes, or of protected, or of the window.
// Hits are seen when an entry comes up as its segment's oldest (recency_order.hpp): then those that it counted are added to
// the sketch (frequency_sketch.hpp), 15 at most, and it moves to where its stamp says, or from probation to protected. So the
// frequency of both that are compared is complete. Misses are added when the new entry is inserted, writes of resident keys
// count as a hit.
// Climbing: the requests that were seen (misses, writes and hits added) are taken in samples of one for each entry that the
// shard holds, 1,000 at least; the papers take ten, by which time many a trace has ended. If the share of hits rose against
// the sample before, the window grows or shrinks by one more step in the same direction, else in the other. A step is a
// sixteenth of the room, each 2 % smaller than the one before, until the share of hits changes by 5 points. An insertion
// into a window over its share moves two of its entries to probation.
// Memory beside the entries: the sketch, 8 to 16 bytes for each.
#pragma once

#include "store/frequency_sketch.hpp"
#include "store/recency_order.hpp"

namespace freshet::detail {

/// The share of the window, moved towards where the share of hits is higher.
class WindowClimber {
 public:
  static constexpr double kLeast = 0.01;
  static constexpr double kMost = 0.8;

  double share() const noexcept { return share_; }
  void count_hits(int hits) noexcept {
    hits_ += static_cast<std::uint64_t>(hits);
    requests_ += static_cast<std::uint64_t>(hits);
  }
  void count_miss() noexcept { ++requests_; }
  /// Moves the share if `sample` requests were seen since it was moved last. Says whether it did.
  bool climb(std::uint64_t sample) noexcept;

 private:
  double share_ = kLeast;
  double step_ = kFirstStep;
  double ratio_before_ = 0;
  std::uint64_t hits_ = 0;
  std::uint64_t requests_ = 0;

  static constexpr double kFirstStep = 0.0625;
};

class TinyLfuPolicy final : public EvictionPolicy {
 public:
  TinyLfuPolicy(const Capacity& capacity, AccessRecorder& accesses) noexcept;

  void before_insert(Entry& entry, std::uint64_t hash) noexcept override;
  void on_insert(Entry& entry) noexcept override;
  void on_replace(Entry& old, Entry& replacement) noexcept override;
  void on_remove(Entry& entry) noexcept override;
  Entry& evict(Pressure pressure) noexcept override;

 private:
  struct Share {
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;
  };

  RecencyOrder& segment_of(const Entry& entry) noexcept;
  std::size_t size() const noexcept;
  void divide() noexcept;
  bool window_is_over(const Share& more) const noexcept;
  bool protected_is_over() const noexcept;
  void see_hits(Entry& entry) noexcept;
  void move(Entry& entry, std::uint8_t to, std::uint32_t stamp) noexcept;
  // The oldest of a segment once hits are seen. `looks` is counted down and ends the search.
  Entry& settle(RecencyOrder& segment, int& looks) noexcept;
  Entry* oldest_of_main(int& looks) noexcept;
  void promote(Entry& entry, int& looks) noexcept;

  AccessRecorder& accesses_;
  const Capacity capacity_;
  Share window_share_;
  Share protected_share_;
  Share incoming_;  // what evict() makes room for
  RecencyOrder window_;
  RecencyOrder probation_;
  RecencyOrder protected_;
  FrequencySketch sketch_;
  WindowClimber climber_;
};

}  // namespace freshet::detail
