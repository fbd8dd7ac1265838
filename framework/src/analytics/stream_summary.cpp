#include "analytics/stream_summary.hpp"

#include <algorithm>
#include <bit>
#include <iterator>

namespace freshet::detail {

StreamSummary::StreamSummary(std::size_t capacity)
    : capacity_(std::max<std::size_t>(1, capacity)), heads_(std::bit_ceil(capacity_)) {}

void StreamSummary::add(const CountedName& name) {
  if (Counter* const found = find(name)) {
    promote(*found);
  } else if (size_ < capacity_) {
    insert(name);
  } else {
    replace_rarest(name);
  }
  ++total_;
}

StreamSummary::Counter* StreamSummary::find(const CountedName& name) noexcept {
  Counter* counter = heads_[name.hash & (heads_.size() - 1)];
  while (counter != nullptr && !(counter->name() == name)) counter = counter->next;
  return counter;
}

void StreamSummary::link(Counter& counter) noexcept {
  Counter*& head = heads_[counter.hash & (heads_.size() - 1)];
  counter.next = head;
  head = &counter;
}

void StreamSummary::unlink(Counter& counter) noexcept {
  Counter** at = &heads_[counter.hash & (heads_.size() - 1)];
  while (*at != &counter) at = &(*at)->next;
  *at = counter.next;
}

// A counter comes with a bucket: there are never more of these in use, so promote() finds one.
void StreamSummary::insert(const CountedName& name) {
  if (spare_.empty()) {
    Buckets bucket(1);
    spare_.emplace_front();
    spare_.front().itself = spare_.begin();
    spare_buckets_.splice(spare_buckets_.begin(), bucket);
  }
  Counter& counter = spare_.front();
  counter.make_room_for(name);  // nothing below throws
  counter.take(name);
  if (buckets_.empty() || buckets_.front().count != 1) reuse_bucket(buckets_.begin(), 1);
  const auto bucket = buckets_.begin();
  bucket->counters.splice(bucket->counters.begin(), spare_, counter.itself);
  counter.error = 0;
  counter.bucket = bucket;
  link(counter);
  ++size_;
}

void StreamSummary::replace_rarest(const CountedName& name) {
  Counter& counter = buckets_.front().counters.back();
  counter.make_room_for(name);  // nothing below throws
  unlink(counter);
  counter.take(name);
  counter.error = counter.bucket->count;
  link(counter);
  promote(counter);
}

void StreamSummary::promote(Counter& counter) noexcept {
  const auto from = counter.bucket;
  const std::uint64_t count = from->count + 1;
  auto to = std::next(from);
  const bool is_there = to != buckets_.end() && to->count == count;
  if (!is_there && from->counters.size() == 1) {
    from->count = count;  // alone in it
    return;
  }
  if (!is_there) to = reuse_bucket(to, count);
  to->counters.splice(to->counters.begin(), from->counters, counter.itself);
  counter.bucket = to;
  if (from->counters.empty()) retire(from);
}

StreamSummary::Buckets::iterator StreamSummary::reuse_bucket(Buckets::iterator at,
                                                             std::uint64_t count) noexcept {
  const auto bucket = spare_buckets_.begin();
  bucket->count = count;
  buckets_.splice(at, spare_buckets_, bucket);
  return bucket;
}

StreamSummary::Buckets::iterator StreamSummary::retire(Buckets::iterator bucket) noexcept {
  const auto after = std::next(bucket);
  spare_buckets_.splice(spare_buckets_.begin(), buckets_, bucket);
  return after;
}

void StreamSummary::halve() {
  total_ = 0;
  for (auto bucket = buckets_.begin(); bucket != buckets_.end();) {
    bucket->count /= 2;
    for (Counter& counter : bucket->counters) {
      counter.error = std::min(bucket->count, (counter.error + 1) / 2);
      if (bucket->count == 0) unlink(counter);
    }
    total_ += bucket->count * bucket->counters.size();
    if (bucket->count == 0) {
      size_ -= bucket->counters.size();
      spare_.splice(spare_.begin(), bucket->counters);
      bucket = retire(bucket);
    } else if (bucket != buckets_.begin() && std::prev(bucket)->count == bucket->count) {
      const auto below = std::prev(bucket);  // 6 and 7 have become 3 both
      for (Counter& counter : bucket->counters) counter.bucket = below;
      below->counters.splice(below->counters.begin(), bucket->counters);
      bucket = retire(bucket);
    } else {
      ++bucket;
    }
  }
}

void StreamSummary::visit(const std::function<bool(const Frequency&)>& visitor) const {
  for (auto bucket = buckets_.rbegin(); bucket != buckets_.rend(); ++bucket) {
    for (const Counter& counter : bucket->counters) {
      if (!visitor({counter.hash, counter.space, counter.text, bucket->count, counter.error}))
        return;
    }
  }
}

}  // namespace freshet::detail
