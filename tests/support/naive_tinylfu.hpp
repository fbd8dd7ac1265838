// NaiveTinyLfu: W-TinyLFU from its papers (Einziger et al., TOS 2017 and Middleware 2018), as slowly and plainly as possible.
//
// Three segments by recency: window, probation, protected. Hits are seen when an entry comes up as its segment's oldest.
// The sketch is the one documented in store/frequency_sketch.hpp, kept as a map of counters; small stores only.
#pragma once

#include <array>
#include <cmath>
#include <functional>

#include "support/naive_eviction.hpp"

namespace freshet::test {

class NaiveSketch {
 public:
  explicit NaiveSketch(std::uint64_t entries)
      : lines_(std::max<std::uint64_t>(8, power_of_two(entries / 8 + 1))) {}

  int frequency(std::uint64_t hash) {
    int least = 15;
    for (const Place& place : places(hash)) least = std::min(least, counters_[place]);
    return least;
  }
  void add(std::uint64_t hash, int times) {
    const int wanted = std::min(15, frequency(hash) + times);
    for (const Place& place : places(hash)) counters_[place] = std::max(counters_[place], wanted);
    additions_ += static_cast<std::uint64_t>(times);
    if (additions_ >= 10 * 8 * lines_) {
      additions_ = 0;
      halved_ = 0;
    }
    for (int i = 0; i < 16 && halved_ < lines_; ++i) halve(lines_ - ++halved_);
  }

 private:
  using Place = std::pair<std::uint64_t, std::uint64_t>;  // the line and which of its counters

  static std::uint64_t power_of_two(std::uint64_t least) {
    std::uint64_t power = 1;
    while (power < least) power *= 2;
    return power;
  }
  std::array<Place, 4> places(std::uint64_t hash) const {
    const std::uint64_t line = hash % (std::uint64_t{1} << 32) * lines_ / (std::uint64_t{1} << 32);
    const std::uint64_t top = (hash * 0x9E3779B97F4A7C15U) / (std::uint64_t{1} << 44);
    return {{{line, top % 32},
             {line, 32 + top / 32 % 32},
             {line, 64 + top / 1024 % 32},
             {line, 96 + top / 32768 % 32}}};
  }
  void halve(std::uint64_t line) {
    for (auto& [place, count] : counters_) {
      if (place.first == line) count /= 2;
    }
  }

  std::uint64_t lines_;
  std::uint64_t additions_ = 0;
  std::uint64_t halved_ = UINT64_MAX;
  std::map<Place, int> counters_;
};

class NaiveTinyLfu final : public NaiveEviction {
 public:
  using Hash = std::function<std::uint64_t(const std::string&)>;
  NaiveTinyLfu(const NaiveRoom& room, Hash hash)
      : room_(room), hash_(std::move(hash)), sketch_(room.entries) {}

  void hit(const std::string& key) override {
    Item& item = *find_key(segment_of(key), key);
    item.hits = std::min(15, item.hits + 1);
    item.used = writes_ + 1;
  }
  void replace(const std::string& key, std::uint64_t bytes) override {
    Item& item = *find_key(segment_of(key), key);
    see_hits(item);
    writes_ += 2;
    item.used = writes_;
    item.hits = 1;
    item.bytes = bytes;
  }
  void before_insert(const std::string& key, std::uint64_t bytes) override {
    sketch_.add(hash_(key), 1);
    ++requests_;
    climb();
    incoming_ = {1, bytes};
  }
  void insert(const std::string& key, std::uint64_t bytes) override {
    writes_ += 2;
    place({key, bytes, 0, writes_, writes_}, window_);
    incoming_ = {};
    for (int i = 0; i < 2 && over(window_, window_room(), {}) && window_.size() > 1; ++i)
      move_oldest(window_, probation_, writes_);
  }
  void erase(const std::string& key) override { take_key(segment_of(key), key); }

  std::string evict(bool) override {
    while (!probation_.empty() && was_hit(probation_.front())) {
      see_hits(probation_.front());
      move_oldest_to(probation_, protected_, probation_.front().used);
      if (over(protected_, protected_room(), {})) move_oldest(protected_, probation_, writes_ + 1);
    }
    std::vector<Item>& main = probation_.empty() ? protected_ : probation_;
    if (!main.empty()) settle(main);
    const bool window_gives =
        !window_.empty() && (main.empty() || over(window_, window_room(), incoming_));
    if (!window_gives) return take_key(main, main.front().key).key;
    settle(window_);
    const std::string candidate = window_.front().key;
    if (main.empty() || frequency(candidate) <= frequency(main.front().key))
      return take_key(window_, candidate).key;
    const std::string victim = main.front().key;
    take_key(main, victim);
    move_oldest(window_, probation_, writes_ + 1);
    return victim;
  }

 private:
  struct Item {
    std::string key;
    std::uint64_t bytes;
    int hits;
    std::uint64_t place;
    std::uint64_t used;
  };
  using Segment = std::vector<Item>;  // oldest place first

  static bool was_hit(const Item& item) { return item.used > item.place; }
  int frequency(const std::string& key) { return sketch_.frequency(hash_(key)); }
  Segment& segment_of(const std::string& key) {
    for (Segment* segment : {&window_, &probation_}) {
      if (find_key(*segment, key) != segment->end()) return *segment;
    }
    return protected_;
  }

  static void place(Item item, Segment& segment) {
    const auto behind = std::find_if(segment.begin(), segment.end(),
                                     [&](const Item& other) { return other.place > item.place; });
    segment.insert(behind, std::move(item));
  }
  void see_hits(Item& item) {
    if (item.hits == 0) return;
    sketch_.add(hash_(item.key), item.hits);
    seen_hits_ += static_cast<std::uint64_t>(item.hits);
    requests_ += static_cast<std::uint64_t>(item.hits);
    item.hits = 0;
  }
  /// Until the oldest was not hit since it was placed.
  void settle(Segment& segment) {
    while (was_hit(segment.front())) {
      see_hits(segment.front());
      move_oldest_to(segment, segment, segment.front().used);
    }
    see_hits(segment.front());
  }
  void move_oldest(Segment& from, Segment& to, std::uint64_t at) {
    settle(from);
    move_oldest_to(from, to, at);
  }
  static void move_oldest_to(Segment& from, Segment& to, std::uint64_t at) {
    Item item = take_key(from, from.front().key);
    item.place = at;
    place(std::move(item), to);
  }

  NaiveRoom window_room() const {
    return {std::max<std::uint64_t>(1, part(room_.entries, share_)), part(room_.bytes, share_)};
  }
  NaiveRoom protected_room() const {
    const NaiveRoom window = window_room();
    return {part(room_.entries - window.entries, 0.8), part(room_.bytes - window.bytes, 0.8)};
  }
  static std::uint64_t part(std::uint64_t whole, double share) {
    return static_cast<std::uint64_t>(static_cast<double>(whole) * share);
  }
  bool over(const Segment& segment, const NaiveRoom& limit, const NaiveRoom& more) const {
    std::uint64_t bytes = more.bytes;
    for (const Item& item : segment) bytes += item.bytes;
    return segment.size() + more.entries > limit.entries ||
           (room_.bytes != 0 && bytes > limit.bytes);
  }

  void climb() {
    const std::size_t entries = window_.size() + probation_.size() + protected_.size();
    if (requests_ < std::max<std::uint64_t>(1000, entries)) return;
    const double ratio = static_cast<double>(seen_hits_) / static_cast<double>(requests_);
    const double change = ratio - ratio_before_;
    if (change < 0) step_ = -step_;
    share_ = std::min(0.8, std::max(0.01, share_ + step_));
    step_ = std::abs(change) >= 0.05 ? std::copysign(0.0625, step_) : step_ * 0.98;
    ratio_before_ = ratio;
    requests_ = seen_hits_ = 0;
  }

  NaiveRoom room_;
  Hash hash_;
  NaiveSketch sketch_;
  Segment window_, probation_, protected_;
  NaiveRoom incoming_{};
  std::uint64_t writes_ = 0;
  double share_ = 0.01;
  double step_ = 0.0625;
  double ratio_before_ = 0;
  std::uint64_t requests_ = 0;
  std::uint64_t seen_hits_ = 0;
};

}  // namespace freshet::test
