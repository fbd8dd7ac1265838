// StreamSummary: the names that occur most often in a stream, in bounded memory.
//
// Space-Saving with the Stream-Summary structure (Metwally, Agrawal, El Abbadi: "Efficient computation of frequent and
// top-k elements in data streams", ICDT 2005). Names of equal count share a bucket, buckets stand in the order of their
// counts, and a name that is not known takes the place of one of the rarest, whose count it inherits as its error.
//
// Error: a count is never below the true one and at most total() / capacity above it. Every name that truly occurred more
//   than total() / capacity times is there. With no more distinct names than capacity every count is exact.
// Cost: O(1) for each add. Once `capacity` names have had a place nothing is allocated any more: places, counts and texts
//   are used again. A name is copied into the text of the place that it takes, which owns no memory up to 15 bytes and
//   grows, at least to twice what it was, for a name that is longer than any before it in that place.
// Memory: `capacity` places, each with room for the longest name that it has held.
// Confined to one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <string>
#include <string_view>
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
  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return capacity_; }

 private:
  struct Bucket;
  using Buckets = std::list<Bucket>;
  struct Counter {
    CountedName name() const noexcept { return {hash, space, text}; }
    void make_room_for(const CountedName& other) {
      space.reserve(other.space.size());
      text.reserve(other.text.size());
    }
    /// Becomes the one of a name that there is room for. Its old name is in no index.
    void take(const CountedName& other) noexcept {
      hash = other.hash;
      space.assign(other.space);
      text.assign(other.text);
    }

    std::uint64_t hash = 0;
    std::string space;
    std::string text;
    std::uint64_t error = 0;
    Buckets::iterator bucket;
    std::list<Counter>::iterator itself;
    Counter* next = nullptr;  // of those whose hashes meet in one place of heads_
  };
  using Counters = std::list<Counter>;
  struct Bucket {
    std::uint64_t count;
    Counters counters;  // never empty between calls
  };

  Counter* find(const CountedName& name) noexcept;
  void link(Counter& counter) noexcept;
  void unlink(Counter& counter) noexcept;
  /// Gives a place that nobody has to `name`.
  void insert(const CountedName& name);
  /// Gives the place of one of the rarest to `name`.
  void replace_rarest(const CountedName& name);
  /// Moves a counter to the bucket of the next count.
  void promote(Counter& counter) noexcept;
  /// A bucket of this count before `at`, of the spare ones.
  Buckets::iterator reuse_bucket(Buckets::iterator at, std::uint64_t count) noexcept;
  /// Keeps an empty bucket for reuse_bucket; answers with the one after it.
  Buckets::iterator retire(Buckets::iterator bucket) noexcept;

  std::size_t capacity_;
  std::size_t size_ = 0;
  std::uint64_t total_ = 0;
  Buckets buckets_;              // rarest first
  Buckets spare_buckets_;        // with those in use, as many as there are counters
  Counters spare_;               // counters of names that left
  std::vector<Counter*> heads_;  // by hash, a power of two of them
};

}  // namespace freshet::detail
