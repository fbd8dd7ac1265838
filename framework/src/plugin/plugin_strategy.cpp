#include "plugin/plugin_strategy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <exception>
#include <limits>
#include <string>
#include <utility>

#include "freshet/limits.hpp"

namespace freshet::plugin {
namespace {

constexpr std::array<std::string_view, PluginStrategy::kFunctions> kNames{
    "on_store", "on_soft_expired", "on_event", "on_timer"};
constexpr std::array<std::string_view, PluginStrategy::kFunctions> kAnswers{
    "the entry is not kept", "the read is a miss", "nothing is invalidated for it",
    "the timer is over"};

std::int64_t to_c(Instant instant) noexcept { return instant.time_since_epoch().count(); }
Instant to_instant(std::int64_t ns) noexcept { return Instant(Duration(ns)); }

/// The smallest duration stands for "nobody asked"; whoever asked for it gets the next one.
std::int64_t to_c(const std::optional<Duration>& ttl) noexcept {
  return ttl ? std::max<std::int64_t>(ttl->count(), FRESHET_NO_TTL + 1) : FRESHET_NO_TTL;
}

freshet_field_v1 to_c(std::string_view name, std::string_view value, bool is_integer) noexcept {
  return {sizeof(freshet_field_v1),
          is_integer ? 1U : 0U,
          name.data(),
          name.size(),
          value.data(),
          value.size()};
}

/// Fields as the interface has them; a few without allocating.
class FieldArray {
 public:
  explicit FieldArray(std::size_t size) : size_(size) {
    if (size_ > few_.size()) many_.resize(size_);
  }
  freshet_field_v1* data() noexcept { return many_.empty() ? few_.data() : many_.data(); }
  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(size_); }

 private:
  std::size_t size_;
  std::array<freshet_field_v1, 8> few_;
  std::vector<freshet_field_v1> many_;
};

freshet_deadlines_v1 to_c(const Deadlines& deadlines) noexcept {
  return {sizeof(freshet_deadlines_v1), deadlines.refresh_from_accesses,
          to_c(deadlines.soft),         to_c(deadlines.hard),
          deadlines.idle.count(),       to_c(deadlines.refresh_at)};
}

/// An EntryView as the interface has it. Points into the view and itself.
class EntryArgument {
 public:
  explicit EntryArgument(const EntryView& entry)
      : fields_(entry.fields.size()), deadlines_(to_c(entry.deadlines)) {
    for (std::size_t i = 0; i < entry.fields.size(); ++i)
      fields_.data()[i] = to_c(entry.fields[i].first, entry.fields[i].second, false);
    entry_ = {sizeof(freshet_entry_v1),
              fields_.size(),
              entry.name_space.data(),
              entry.name_space.size(),
              entry.key.data(),
              entry.key.size(),
              fields_.data(),
              sizeof(freshet_field_v1),
              to_c(entry.requested_ttl),
              to_c(entry.loader_ttl),
              entry.load_time.count(),
              to_c(entry.stored_at),
              entry.bytes,
              &deadlines_};
  }
  EntryArgument(const EntryArgument&) = delete;
  EntryArgument& operator=(const EntryArgument&) = delete;
  const freshet_entry_v1* get() const noexcept { return &entry_; }

 private:
  FieldArray fields_;
  freshet_deadlines_v1 deadlines_;
  freshet_entry_v1 entry_;
};

// --- the plan ---------------------------------------------------------------------------------

InvalidationPlan& plan_of(void* plan) noexcept { return *static_cast<InvalidationPlan*>(plan); }

bool is_name(std::size_t size, std::size_t limit) noexcept { return size > 0 && size <= limit; }

template <class Add>
std::int32_t add_if(bool good, Add add) noexcept {
  if (!good) return FRESHET_FAILED;
  try {
    add();
    return FRESHET_OK;
  } catch (...) {
    return FRESHET_FAILED;
  }
}

std::vector<EventField> to_fields(const freshet_field_v1* fields, std::size_t count,
                                  std::size_t stride) {
  std::vector<EventField> made;
  const char* at = reinterpret_cast<const char*>(fields);
  for (std::size_t i = 0; i < count; ++i) {
    const auto* field = reinterpret_cast<const freshet_field_v1*>(at);
    at += stride;
    made.push_back({std::string(field->name, field->name_len),
                    FieldValue(std::string(field->value, field->value_len))});
  }
  return made;
}

freshet_plan_v1 plan_table(InvalidationPlan& plan) noexcept {
  freshet_plan_v1 table{};
  table.struct_size = sizeof table;
  table.plan = &plan;
  table.invalidate_key = [](void* to, const char* space, std::size_t space_size, const char* key,
                            std::size_t key_size) {
    return add_if(is_name(space_size, kMaxNamespaceBytes) && is_name(key_size, kMaxKeyBytes), [&] {
      plan_of(to).invalidate(Target::key({key, key_size}, {space, space_size}));
    });
  };
  table.invalidate_tag = [](void* to, const char* tag, std::size_t size) {
    return add_if(is_name(size, kMaxTagBytes), [&] {
      plan_of(to).invalidate(Target::tag({tag, size}));
    });
  };
  table.invalidate_namespace = [](void* to, const char* space, std::size_t size) {
    return add_if(is_name(size, kMaxNamespaceBytes), [&] {
      plan_of(to).invalidate(Target::name_space({space, size}));
    });
  };
  table.invalidate_all = [](void* to) {
    return add_if(true, [&] { plan_of(to).invalidate(Target::all()); });
  };
  table.refresh = [](void* to, const char* space, std::size_t space_size, const char* key,
                     std::size_t key_size) {
    return add_if(is_name(space_size, kMaxNamespaceBytes) && is_name(key_size, kMaxKeyBytes), [&] {
      plan_of(to).refresh({key, key_size}, {space, space_size});
    });
  };
  table.emit = [](void* to, const char* event, std::size_t size, const freshet_field_v1* fields,
                  std::size_t count, std::size_t stride) {
    const bool good = is_name(size, kMaxKeyBytes) && stride >= sizeof(freshet_field_v1);
    return add_if(good, [&] {
      plan_of(to).emit(Event(std::string(event, size), to_fields(fields, count, stride)));
    });
  };
  return table;
}

}  // namespace

PluginStrategy::PluginStrategy(std::shared_ptr<const PluginLibrary> library,
                               const OptionValues& options, const StrategyCollaborators& with)
    : library_(std::move(library)),
      host_(library_->name(), with.clock, with.random),
      self_(library_->create(host_.table(), options)) {}

PluginStrategy::~PluginStrategy() {
  try {
    library_->table().destroy(self_);
  } catch (...) {
    host_.log(LogLevel::error, "destroy threw");
  }
}

template <class Call>
bool PluginStrategy::succeeds(Function function, Call call) noexcept {
  try {
    const std::int32_t status = call();
    if (status == FRESHET_OK) return true;
    fail(function, status == FRESHET_FAILED ? "it answered a failure" : "it answered nonsense");
  } catch (const std::exception& error) {
    fail(function, error.what());
  } catch (...) {
    fail(function, "it threw something that is no std::exception");
  }
  return false;
}

void PluginStrategy::fail(Function function, std::string_view reason) noexcept {
  const auto index = static_cast<std::size_t>(function);
  const std::uint64_t count = failures_[index].fetch_add(1, std::memory_order_relaxed) + 1;
  if (!std::has_single_bit(count)) return;
  try {
    host_.log(LogLevel::error, fmt::format("{} failed, {} so far: {}; {}", kNames[index], count,
                                           reason, kAnswers[index]));
  } catch (...) {  // NOLINT(bugprone-empty-catch): it is counted
  }
}

Deadlines PluginStrategy::on_store(const EntryView& entry, Instant now) {
  constexpr std::int32_t kNonsense = FRESHET_FAILED + 1;
  freshet_deadlines_v1 out = to_c(Deadlines{});
  const bool good = succeeds(Function::on_store, [&]() -> std::int32_t {
    const EntryArgument argument(entry);
    const std::int32_t status = library_->table().on_store(self_, argument.get(), to_c(now), &out);
    const bool sane =
        out.idle_ns >= 0 && out.refresh_from_accesses <= std::numeric_limits<std::uint16_t>::max();
    return status == FRESHET_OK && !sane ? kNonsense : status;
  });
  if (!good) return {.hard = now};
  return {.soft = to_instant(out.soft_ns),
          .hard = to_instant(out.hard_ns),
          .idle = Duration(out.idle_ns),
          .refresh_at = to_instant(out.refresh_at_ns),
          .refresh_from_accesses = static_cast<std::uint16_t>(out.refresh_from_accesses)};
}

ReadDecision PluginStrategy::on_soft_expired(const EntryView& entry, Instant now) {
  constexpr std::int32_t kNonsense = FRESHET_FAILED + 1;
  if (library_->table().on_soft_expired == nullptr) return ReadDecision::serve_and_refresh;
  std::int32_t decision = FRESHET_MISS;
  const bool good = succeeds(Function::on_soft_expired, [&]() -> std::int32_t {
    const EntryArgument argument(entry);
    const std::int32_t status =
        library_->table().on_soft_expired(self_, argument.get(), to_c(now), &decision);
    const bool sane = decision >= FRESHET_SERVE && decision <= FRESHET_MISS;
    return status == FRESHET_OK && !sane ? kNonsense : status;
  });
  if (!good || decision == FRESHET_MISS) return ReadDecision::miss;
  return decision == FRESHET_SERVE ? ReadDecision::serve : ReadDecision::serve_and_refresh;
}

void PluginStrategy::on_event(const Event& event, InvalidationPlan& plan) {
  if (library_->table().on_event == nullptr) return;
  InvalidationPlan own;
  const bool good = succeeds(Function::on_event, [&] {
    FieldArray fields(event.fields().size());
    for (std::size_t i = 0; i < event.fields().size(); ++i) {
      const EventField& field = event.fields()[i];
      fields.data()[i] = to_c(field.name, field.value.text(), field.value.is_integer());
    }
    const freshet_event_v1 argument{
        sizeof(freshet_event_v1), fields.size(), event.name().data(),
        event.name().size(),      fields.data(), sizeof(freshet_field_v1)};
    const freshet_plan_v1 table = plan_table(own);
    return library_->table().on_event(self_, &argument, &table);
  });
  if (good) plan.append(std::move(own));
}

void PluginStrategy::on_timer(TimerId timer, StrategyHost&) {
  if (library_->table().on_timer == nullptr) return;
  succeeds(Function::on_timer, [&] { return library_->table().on_timer(self_, timer); });
}

std::uint64_t PluginStrategy::failures(Function function) const noexcept {
  return failures_[static_cast<std::size_t>(function)].load(std::memory_order_relaxed);
}

std::uint64_t PluginStrategy::failures() const noexcept {
  std::uint64_t sum = 0;
  for (const auto& count : failures_) sum += count.load(std::memory_order_relaxed);
  return sum;
}

}  // namespace freshet::plugin
