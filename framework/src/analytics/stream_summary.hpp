// StreamSummary: the names that occur most often in a stream, in bounded memory.
//
// Space-Saving with the Stream-Summary structure (Metwally, Agrawal, El Abbadi: "Efficient computation of frequent and
// top-k elements in data streams", ICDT 2005). Names of equal count share a bucket, buckets stand in the order of their
// counts, and a name that is not known takes the place of one of the rarest, whose count it inherits as its error.
//
// Error: a count is never below the true one and at most total() / capacity above it. Every name that truly occurred more
//   than total() / capacity times is there. With no more distinct names than capacity every count is exact.
// Cost: O(1) for each add; `capacity` names and their text.
// Confined to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace freshet::detail {

/// What is counted: a key and its namespace, or any two texts. Borrowed. `hash` is of both.
struct CountedName {
  std::uint64_t hash;
  std::string_view space;
  std::string_view text;

  friend bool operator==(const CountedName& a, const CountedName& b) noexcept {
    return a.hash == b.hash && a.text == b.text && a.space == b.space;
  }
};

/// How often a name occurred: at most `count`, at least `count - error`.
struct Frequency {
  std::uint64_t hash = 0;
  std::string space;
  std::string text;
  std::uint64_t count = 0;
  std::uint64_t error = 0;
};

class StreamSummary {
 public:
  /// `capacity` is at least 1.
  explicit StreamSummary(std::size_t capacity);
  StreamSummary(const StreamSummary&) = delete;
  StreamSummary& operator=(const StreamSummary&) = delete;

  /// One more occurrence. O(1).
  void add(const CountedName& name);

  /// Halves every count, so that what was frequent long ago gives way. Names that are left with nothing leave. O(capacity).
  void halve();

  /// Calls `visitor(frequency)` for each name, the most frequent first, until it says false. O(names visited).
  void visit(const std::function<bool(const Frequency&)>& visitor) const;

  std::uint64_t total() const noexcept { return total_; }  // the sum of all counts
  std::size_t size() const noexcept { return index_.size(); }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct Bucket;
  using Buckets = std::list<Bucket>;
  struct Counter {
    std::uint64_t hash = 0;
    std::string space;
    std::string text;
    std::uint64_t error = 0;
    Buckets::iterator bucket;
  };
  using Counters = std::list<Counter>;
  struct Bucket {
    std::uint64_t count;
    Counters counters;  // never empty between calls
  };
  struct NameHash {
    std::size_t operator()(const CountedName& name) const noexcept { return name.hash; }
  };

  void insert(const CountedName& name);
  /// Gives the place of one of the rarest to `name`.
  void replace_rarest(const CountedName& name);
  /// Moves a counter to the bucket of the next count.
  void promote(Counters::iterator counter);

  std::size_t capacity_;
  std::uint64_t total_ = 0;
  Buckets buckets_;  // rarest first
  std::unordered_map<CountedName, Counters::iterator, NameHash>
      index_;  // keys point into the counters
};

}  // namespace freshet::detail
