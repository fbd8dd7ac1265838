#include "analytics/stream_summary.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace freshet::detail {

StreamSummary::StreamSummary(std::size_t capacity) : capacity_(std::max<std::size_t>(1, capacity)) {
  index_.reserve(capacity_);
}

void StreamSummary::add(const CountedName& name) {
  if (const auto found = index_.find(name); found != index_.end()) {
    promote(found->second);
  } else if (index_.size() < capacity_) {
    insert(name);
  } else {
    replace_rarest(name);
  }
  ++total_;
}

void StreamSummary::insert(const CountedName& name) {
  if (buckets_.empty() || buckets_.front().count != 1) buckets_.push_front({1, {}});
  const auto bucket = buckets_.begin();
  bucket->counters.push_front(
      {name.hash, std::string(name.space), std::string(name.text), 0, bucket});
  const auto counter = bucket->counters.begin();
  index_.emplace(CountedName{counter->hash, counter->space, counter->text}, counter);
}

void StreamSummary::replace_rarest(const CountedName& name) {
  const auto counter = std::prev(buckets_.front().counters.end());
  std::string space(name.space);
  std::string text(name.text);  // nothing below throws
  auto node = index_.extract(CountedName{counter->hash, counter->space, counter->text});
  counter->hash = name.hash;
  counter->space = std::move(space);
  counter->text = std::move(text);
  counter->error = counter->bucket->count;
  node.key() = {counter->hash, counter->space, counter->text};
  index_.insert(std::move(node));
  promote(counter);
}

void StreamSummary::promote(Counters::iterator counter) {
  const auto from = counter->bucket;
  const std::uint64_t count = from->count + 1;
  auto to = std::next(from);
  if (to == buckets_.end() || to->count != count) to = buckets_.insert(to, {count, {}});
  to->counters.splice(to->counters.begin(), from->counters, counter);
  counter->bucket = to;
  if (from->counters.empty()) buckets_.erase(from);
}

void StreamSummary::halve() {
  total_ = 0;
  for (auto bucket = buckets_.begin(); bucket != buckets_.end();) {
    bucket->count /= 2;
    for (Counter& counter : bucket->counters) {
      counter.error = std::min(bucket->count, (counter.error + 1) / 2);
      if (bucket->count == 0) index_.erase({counter.hash, counter.space, counter.text});
    }
    total_ += bucket->count * bucket->counters.size();
    if (bucket->count == 0) {
      bucket = buckets_.erase(bucket);
    } else if (bucket != buckets_.begin() && std::prev(bucket)->count == bucket->count) {
      const auto below = std::prev(bucket);  // 6 and 7 have become 3 both
      for (Counter& counter : bucket->counters) counter.bucket = below;
      below->counters.splice(below->counters.begin(), bucket->counters);
      bucket = buckets_.erase(bucket);
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
