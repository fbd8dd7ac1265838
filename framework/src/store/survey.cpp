// Shard::survey: a bounded look at one shard's entries.
//
// Of a large table the first buckets are looked at: their order is that of the hashes, which knows nothing of age, size
// or use. The number of buckets is bounded too, for a table keeps them when it empties.
#include "store/survey.hpp"

#include <algorithm>

#include "store/shard.hpp"

namespace freshet::detail {
namespace {

constexpr std::size_t kBucketsPerSample = 8;

bool nearer(const Survey::Expiring& a, const Survey::Expiring& b) { return a.at < b.at; }

}  // namespace

void Shard::survey(Instant now, const SurveyLimits& limits, Survey& into) {
  rt::Lock lock(mutex_);
  sample(now, limits, into);
  find_next_to_expire(now, limits, into);
}

void Shard::sample(Instant now, const SurveyLimits& limits, Survey& into) {
  // The analysis does not see that the lambda runs within this call.
  const auto look = [&](Entry& entry) FRESHET_NO_THREAD_SAFETY_ANALYSIS {
    if (examine(entry, now).death) return;
    into.samples.push_back({entry.bytes(), entry.stored_at(), entry.deadlines().hard});
    into.values_have_sizes = entry.type().bytes != nullptr;
  };
  if (table_.size() <= limits.sample) {
    for (Entry* entry : table_) look(*entry);
    return;
  }
  into.all_looked_at = false;
  const std::size_t buckets = std::min(table_.bucket_count(), limits.sample * kBucketsPerSample);
  std::size_t seen = 0;
  for (std::size_t bucket = 0; bucket < buckets && seen < limits.sample; ++bucket) {
    for (auto place = table_.begin(bucket); place != table_.end(bucket); ++place, ++seen)
      look(**place);
  }
}

// The index has an entry at its deadline or, if it was read since and expires when idle, earlier.
// So whoever stands behind the last one that was chosen cannot be nearer than it.
void Shard::find_next_to_expire(Instant now, const SurveyLimits& limits, Survey& into) {
  if (limits.next == 0) return;
  std::vector<Survey::Expiring> chosen;  // a heap, the farthest on top
  std::size_t seen = 0;
  deadlines_.visit([&](Entry& entry) FRESHET_NO_THREAD_SAFETY_ANALYSIS {
    const bool full = chosen.size() == limits.next;
    if (full && entry.due >= chosen.front().at) return false;
    if (++seen > limits.looked_at_for_next) return into.next_complete = false;
    if (examine(entry, now).death) return true;
    const Instant at = deadline_of(entry);
    if (full && at >= chosen.front().at) return true;
    if (full) {
      std::pop_heap(chosen.begin(), chosen.end(), nearer);
      chosen.pop_back();
    }
    chosen.push_back({EntryRef::share(&entry), at});
    std::push_heap(chosen.begin(), chosen.end(), nearer);
    return true;
  });
  std::move(chosen.begin(), chosen.end(), std::back_inserter(into.next));
}

}  // namespace freshet::detail
