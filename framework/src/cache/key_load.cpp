#include "cache/key_load.hpp"

#include <utility>

namespace freshet::detail {

EntryRef KeyLoad::run(std::string_view given_key, ErasedLoader loader) const {
  EntryRef result;
  const Instant began = clock.now();
  const auto elapsed = [&] { return clock.now() - began; };
  try {
    LoadContext context(given_key);
    loader(context, [&](ErasedValue value) { result = finish(&context, elapsed(), value); });
  } catch (...) {
    if (!result) {
      block.count_load(elapsed(), false);
      flights.fail(key, flight, std::current_exception());
    }
    throw;
  }
  return result;
}

EntryRef KeyLoad::finish(const LoadContext* context, Duration load_time, ErasedValue value) const {
  std::vector<LabelRef> labels = flights.seal(key, flight);
  const std::size_t declared = labels.size();
  if (context != nullptr) {
    for (const std::string& tag : context->tags()) {
      unite(labels, {freshness.pin(LabelKind::tag, tag)});
    }
  }
  const Instant now = clock.now();
  MadeEntry made =
      block.make_entry(key, plan, std::move(labels), flight.birth(),
                       {.ttl = ttl, .labels = declared}, context, load_time, now, value);
  FRESHET_PAUSE("load_done_before_fill");
  if (is_stored(made.outcome)) {
    made.outcome = block.store().fill(made.entry, key, flight.sequence(), now);
  }
  block.count(made.outcome);
  block.count_load(load_time, true);
  flights.complete(key, flight, made.entry);
  block.tell(NoticeKind::loaded, *key.space, key.key);
  return made.entry;
}

}  // namespace freshet::detail
