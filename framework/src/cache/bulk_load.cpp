#include "cache/bulk_load.hpp"

#include <unordered_map>
#include <utility>

#include "cache/transaction_state.hpp"
#include "runtime/open_scopes.hpp"

namespace freshet::detail {
namespace {

// Bulk loaders serve no refreshes: they are given the keys that are missing.
const auto kNoLoader = []() -> std::shared_ptr<const BackgroundLoader> { return nullptr; };

}  // namespace

BulkLoad::BulkLoad(NamespaceView& view, std::span<const std::string_view> keys,
                   const EntryOptions& options, std::span<Reading> answers)
    : view_(view),
      options_(options),
      open_(open_scopes()),
      reads_for_(open_ == nullptr ? nullptr : open_->capture),
      reads_(!options.skip.read_l1 && (open_ == nullptr || !bypasses_reads(*open_))),
      apart_(open_ != nullptr && loads_apart(*open_)),
      announces_(view.announces(options, open_)),
      keys_(keys),
      answers_(answers) {
  std::unordered_map<std::string_view, std::size_t> seen;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (seen.emplace(keys[i], i).second) items_.emplace_back(i, view, keys[i]);
  }
}

void BulkLoad::run(ErasedBulkLoader loader) {
  bool open = true;
  for (bool first = true; open; first = false) {
    open = false;
    try {
      // All looks first: one that throws what a load threw a moment ago takes no flight along.
      for (Item& item : items_) {
        if (!item.settled && !look_up(item, first)) hold_back(item);
      }
      for (Item& item : items_) {
        if (!item.settled) board(item);
      }
      load_led(loader);
    } catch (...) {
      end_led(std::current_exception());
      throw;
    }
    wait_for_others();
    for (const Item& item : items_) open = open || !item.settled;
  }
  // A key that was asked for twice is answered twice.
  std::unordered_map<std::string_view, std::size_t> first_at;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const auto [place, inserted] = first_at.emplace(keys_[i], i);
    if (!inserted) answers_[i] = answers_[place->second];
  }
}

bool BulkLoad::look_up(Item& item, bool first) {
  item.start = view_.note_start(item.name.ref());
  if (first) view_.capture(open_, item.name.ref());
  if (first && announces_) item.plan = view_.plan(item.name.ref(), options_);
  Reading found;
  if (reads_) {
    found = view_.look_up(item.name.ref(), kNoLoader, IfAbsent::answer,
                          announces_ ? &item.plan : nullptr);
  }
  if (first) view_.block_.count_read(item.name.ref(), static_cast<bool>(found.entry));
  if (!found.entry) return false;
  if (first) {
    view_.follow_drift(item.name.ref(), found.entry, options_);
  } else {
    view_.block_.counters().add(Metric::shared_loads);
    view_.add_missing(item.name.ref(), found.entry, item.plan);
  }
  settle(item, std::move(found));
  return true;
}

void BulkLoad::hold_back(Item& item) {
  const KeyRef& key = item.name.ref();
  if (item.plan.labels.empty()) item.plan = view_.plan(key, options_);
  if (apart_) return;
  if (!waits_) waits_ = view_.note_waits(item.plan, options_);
  if (Reading old = view_.held_back(key, item.plan, options_); old.entry)
    settle(item, std::move(old));
}

void BulkLoad::board(Item& item) {
  const KeyRef& key = item.name.ref();
  if (apart_) {
    apart_loads_.add(key);
    item.led = view_.engine_->flights().board_alone(key, item.plan.labels);
    return;
  }
  auto [role, flight] =
      view_.engine_->flights().board(key, item.start, item.plan.labels, item.plan.proven_since);
  if (role != SingleFlight::Role::lead) {
    item.awaited = std::move(flight);
    item.may_take = role == SingleFlight::Role::join;
    return;
  }
  item.led = std::move(flight);
  if (view_.has_become_outdated(item.plan)) {
    view_.engine_->flights().complete(key, *std::exchange(item.led, nullptr), {});
    item.plan = view_.plan(key, options_);
    return board(item);
  }
  if (options_.skip.read_l1) return;
  if (Reading found = view_.look_up(key, kNoLoader, IfAbsent::answer, &item.plan);
      found.entry) {  // another flight landed since the first look
    view_.engine_->flights().complete(key, *std::exchange(item.led, nullptr), {});
    view_.add_missing(key, found.entry, item.plan);
    settle(item, view_.count_shared(std::move(found)));
  }
}

void BulkLoad::load_led(ErasedBulkLoader loader) {
  std::vector<Item*> led;
  std::vector<std::string_view> missing;
  for (Item& item : items_) {
    if (!item.led) continue;
    led.push_back(&item);
    missing.push_back(item.name.given());
  }
  if (led.empty()) return;
  // One load for all: what it reads is read for each.
  const LoadsUnderWay::Load self(view_.engine_->loads().under_way, led.front()->name.ref());
  KeyLoad::Loaded loaded = key_load(*led.front()).begin();
  const auto elapsed = [&] { return view_.engine_->clock().now() - loaded.began; };
  const auto capture = std::make_shared<CaptureState>(options_.capture, reads_for_);
  for (Item* item : led) item->led->made_by(capture->link());
  bool answered = false;
  const auto finish = [&](Item& item, ErasedValue value) {
    if (!answered) loaded.captured = capture->take();
    loaded.load_time = elapsed();
    loaded.counts_time = !std::exchange(answered, true);
    EntryRef entry = key_load(item).finish(loaded, value);
    item.led = nullptr;
    settle(item, NamespaceView::loaded(std::move(entry)));
  };
  view_.block_.counters().add(Metric::bulk_loads);
  try {
    const ScopesGuard reads(scopes_of_load(capture));
    loader(missing,
           [&](std::size_t position, ErasedValue value) { finish(*led.at(position), value); });
    for (Item* item : led) {
      if (item->led) finish(*item, absent_value());  // the loader says that there is no such thing
    }
  } catch (...) {
    if (!answered) view_.block_.count_load(elapsed(), false);
    if (!answered) loaded.captured = capture->take();
    const std::exception_ptr error = std::current_exception();
    if (!error) {  // the thread is being ended
      end_led(nullptr);
      throw;
    }
    fail_led(loaded, error);
  }
}

// Those that have an old value are answered with that. Throws the error if one has not.
void BulkLoad::fail_led(const KeyLoad::Loaded& loaded, const std::exception_ptr& error) {
  std::vector<Item*> failed;
  for (Item& item : items_) {
    if (item.led) failed.push_back(&item);
  }
  // Of several keys nobody knows which one it is about.
  for (Item* item : failed) key_load(*item).note_failure(loaded, error, failed.size() == 1);
  end_led(loaded.captured.dirty ? nullptr : error);
  for (Item* item : failed) {
    settle(*item, load_or_old(*item, [&]() -> Reading { std::rethrow_exception(error); }));
  }
}

Reading BulkLoad::load_or_old(Item& item, FunctionRef<Reading()> load) {
  if (apart_) return load();
  return view_.or_old(item.name.ref(), item.plan, options_, load);
}

KeyLoad BulkLoad::key_load(const Item& item) const {
  return {.services = view_.engine_->loads(),
          .block = view_.block_,
          .key = item.name.ref(),
          .plan = item.plan,
          .flight = *item.led,
          .ttl = options_.ttl,
          .captures = options_.capture,
          .fills = !apart_ && !options_.skip.write_l1,
          .is_shared = !apart_};
}

void BulkLoad::end_led(std::exception_ptr error) noexcept {
  for (Item& item : items_) {
    if (!item.led) continue;
    const auto flight = std::exchange(item.led, nullptr);
    view_.engine_->flights().fail(item.name.ref(), *flight, error);
  }
}

void BulkLoad::wait_for_others() {
  for (Item& item : items_) {
    if (!item.awaited) continue;
    const auto flight = std::exchange(item.awaited, nullptr);
    if (Reading old = wait(item, *flight); old.entry) {
      settle(item, std::move(old));
      continue;
    }
    if (!item.may_take) continue;
    if (Reading shared = load_or_old(
            item,
            [&] { return view_.take(item.name.ref(), *flight, item.start, IfAbsent::answer); });
        shared.entry) {
      view_.add_missing(item.name.ref(), shared.entry, item.plan);
      settle(item, std::move(shared));
    }
  }
}

Reading BulkLoad::wait(Item& item, SingleFlight::Flight& flight) {
  const KeyRef& key = item.name.ref();
  const LoadLink* const reader = link_of(reads_for_);
  if (waits_ && waits_->any())
    return view_.wait_in_time(key, item.plan, options_, *waits_, flight, reader);
  view_.engine_->flights().wait_for_end(key, flight, reader);
  return {};
}

void BulkLoad::settle(Item& item, Reading reading) {
  item.settled = true;
  answers_[item.position] = std::move(reading);
}

}  // namespace freshet::detail
