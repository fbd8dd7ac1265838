// Shard::survey: a bounded look at one shard's entries.
//
// Of a large table the first buckets are looked at: their order is that of the hashes, which knows nothing of age, size
// or use. The number of buckets is bounded too, for a table keeps them when it empties.
#include "store/survey.hpp"

#include "store/shard.hpp"

namespace freshet::detail {
namespace {

constexpr std::size_t kBucketsPerSample = 8;

}  // namespace

void Shard::survey(Instant now, const SurveyLimits& limits, Survey& into) {
  rt::Lock lock(mutex_);
  sample(now, limits, into);
  find_next_to_expire(now, limits, into);
}

void Shard::sample(Instant now, const SurveyLimits& limits, Survey& into) {
  // The analysis does not see that the lambda runs within this call.
  const auto look = [&](Entry& entry) FRESHET_NO_THREAD_SAFETY_ANALYSIS {
    if (!examine(entry, now).is_served()) return;
    into.samples.push_back({entry.bytes(), entry.stored_at(), entry.hard()});
    if (!entry.is_absent()) into.values_have_sizes = entry.type().bytes != nullptr;
  };
  if (table_.size() > limits.sample) into.all_looked_at = false;
  table_.visit(limits.sample, limits.sample * kBucketsPerSample, look);
}

void Shard::find_next_to_expire(Instant now, const SurveyLimits& limits, Survey& into) {
  // The analysis does not see that the lambda runs within this call.
  const auto lives = [&](Entry& entry) FRESHET_NO_THREAD_SAFETY_ANALYSIS {
    return examine(entry, now).is_served();
  };
  const bool complete = deadlines_.visit_next(limits.next, limits.looked_at_for_next, lives,
                                              [&](Entry& entry, Instant at) {
                                                into.next.push_back({EntryRef::share(&entry), at});
                                              });
  into.next_complete = into.next_complete && complete;
}

}  // namespace freshet::detail
