// StrategyPlugin: a strategy plugin in C++17 and later, over the C interface of abi.h.
//
//   class Adaptive final : public freshet::plugin::StrategyPlugin {
//    public:
//     Adaptive(freshet::plugin::Host host, const freshet::plugin::Options& options);
//     freshet::plugin::Deadlines on_store(const freshet::plugin::Entry&, std::int64_t now) override;
//   };
//   FRESHET_STRATEGY_PLUGIN(Adaptive, "adaptive_ttl", R"({"type": "object", "properties": {…}})")
//
// No exception crosses the boundary: one that leaves the constructor becomes the reason why the
// policy is refused, one that leaves another function a failed call. Needs no library: not even
// Freshet's.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "freshet/plugin_sdk/abi.h"
#include "freshet/plugin_sdk/options.h"

namespace freshet::plugin {

inline constexpr std::int64_t kNever = FRESHET_NEVER;

/// `from + span`, held at kNever instead of overflowing. Spans below zero count as zero.
constexpr std::int64_t later(std::int64_t from, std::int64_t span) noexcept {
  if (span <= 0) return from;
  return from > kNever - span ? kNever : from + span;
}

/// Options as the host checked them. Valid in the constructor only.
class Options {
 public:
  Options(const char* json, std::size_t size) : json_(json), size_(size) {}

  /// A duration in nanoseconds, a size in bytes or a whole number.
  std::optional<std::int64_t> integer(const char* name) const {
    std::int64_t value = 0;
    if (freshet_option_integer(json_, size_, name, &value) == 0) return std::nullopt;
    return value;
  }
  /// A percentage as a fraction, or any number.
  std::optional<double> number(const char* name) const {
    double value = 0;
    if (freshet_option_number(json_, size_, name, &value) == 0) return std::nullopt;
    return value;
  }
  std::optional<bool> boolean(const char* name) const {
    int value = 0;
    if (freshet_option_boolean(json_, size_, name, &value) == 0) return std::nullopt;
    return value != 0;
  }
  /// As it stands in the JSON: escapes are left as they are.
  std::optional<std::string> text(const char* name) const {
    const char* data = nullptr;
    std::size_t size = 0;
    if (freshet_option_text(json_, size_, name, &data, &size) == 0) return std::nullopt;
    return std::string(data, size);
  }

 private:
  const char* json_;
  std::size_t size_;
};

/// What a strategy may ask for. Copied freely; good until the strategy's destructor has returned.
/// Thread-safe.
class Host {
 public:
  explicit Host(const freshet_host_v1* host) : host_(host) {}

  std::int64_t now() const { return host_->now_ns(host_->host); }
  std::uint64_t random_bits() const { return host_->random_bits(host_->host); }
  /// Uniform in [0, 1), in steps of 2^-53.
  double uniform() const { return static_cast<double>(random_bits() >> 11) * 0x1.0p-53; }
  void start_timer(std::uint32_t timer, std::int64_t delay) const {
    host_->start_timer(host_->host, timer, delay);
  }
  void request_refresh(std::string_view name_space, std::string_view key) const {
    host_->request_refresh(host_->host, name_space.data(), name_space.size(), key.data(),
                           key.size());
  }
  /// Calls each(const freshet_hot_key_v1&) for the block's most-read keys, hottest first. `each`
  /// must not throw.
  template <class Each>
  std::size_t hot_keys(std::size_t count, Each each) const {
    const auto call = [](void* context, const freshet_hot_key_v1* key) {
      (*static_cast<Each*>(context))(*key);
    };
    return host_->hot_keys(host_->host, count, call, &each);
  }
  void count(std::string_view counter, std::uint64_t add = 1) const {
    host_->count(host_->host, counter.data(), counter.size(), add);
  }
  /// `level`: FRESHET_LOG_…
  void log(std::int32_t level, std::string_view message) const {
    host_->log(host_->host, level, message.data(), message.size());
  }

 private:
  const freshet_host_v1* host_;
};

/// What a strategy may know of an entry. Valid during the call only.
class Entry {
 public:
  explicit Entry(const freshet_entry_v1* entry) : entry_(entry) {}

  std::string_view name_space() const { return {entry_->name_space, entry_->name_space_len}; }
  std::string_view key() const { return {entry_->key, entry_->key_len}; }
  /// The value of a field of the key, if the block's template has it.
  std::optional<std::string_view> field(std::string_view name) const {
    const char* at = reinterpret_cast<const char*>(entry_->fields);
    for (std::uint32_t i = 0; i < entry_->field_count; ++i, at += entry_->field_size) {
      freshet_field_v1 field;
      std::memcpy(&field, at, sizeof field);
      if (std::string_view(field.name, field.name_len) == name)
        return std::string_view(field.value, field.value_len);
    }
    return std::nullopt;
  }
  /// How long the entry lives if the policy says `policy`: the caller's word replaces that, the
  /// loader's only shortens; not below zero.
  std::int64_t lifetime(std::int64_t policy) const {
    std::int64_t span = policy;
    if (entry_->requested_ttl_ns != FRESHET_NO_TTL) span = entry_->requested_ttl_ns;
    if (entry_->loader_ttl_ns != FRESHET_NO_TTL) span = std::min(span, entry_->loader_ttl_ns);
    return std::max<std::int64_t>(span, 0);
  }
  std::int64_t load_time() const { return entry_->load_time_ns; }
  std::int64_t stored_at() const { return entry_->stored_at_ns; }
  std::uint64_t bytes() const { return entry_->bytes; }
  /// on_store: what the strategies before this one in a composition answered, never without any.
  /// on_soft_expired: what on_store answered then. Not null.
  const freshet_deadlines_v1* deadlines() const { return entry_->deadlines; }
  const freshet_entry_v1& raw() const { return *entry_; }

 private:
  const freshet_entry_v1* entry_;
};

/// See freshet_deadlines_v1.
struct Deadlines {
  std::int64_t soft = kNever;
  std::int64_t hard = kNever;
  std::int64_t idle = 0;
  std::int64_t refresh_at = kNever;
  std::uint16_t refresh_from_accesses = 0;
};

enum class Decision : std::int32_t {
  serve = FRESHET_SERVE,
  serve_and_refresh = FRESHET_SERVE_AND_REFRESH,
  miss = FRESHET_MISS
};

/// Valid during on_event only.
class Event {
 public:
  explicit Event(const freshet_event_v1* event) : event_(event) {}
  std::string_view name() const { return {event_->name, event_->name_len}; }
  std::optional<std::string_view> field(std::string_view name) const {
    const char* at = reinterpret_cast<const char*>(event_->fields);
    for (std::uint32_t i = 0; i < event_->field_count; ++i, at += event_->field_size) {
      freshet_field_v1 field;
      std::memcpy(&field, at, sizeof field);
      if (std::string_view(field.name, field.name_len) == name)
        return std::string_view(field.value, field.value_len);
    }
    return std::nullopt;
  }

 private:
  const freshet_event_v1* event_;
};

/// Valid during on_event only. Each returns false for a name that is empty or too long.
class Plan {
 public:
  explicit Plan(const freshet_plan_v1* plan) : plan_(plan) {}
  bool invalidate_key(std::string_view key, std::string_view name_space) {
    return plan_->invalidate_key(plan_->plan, name_space.data(), name_space.size(), key.data(),
                                 key.size()) == FRESHET_OK;
  }
  bool invalidate_tag(std::string_view tag) {
    return plan_->invalidate_tag(plan_->plan, tag.data(), tag.size()) == FRESHET_OK;
  }
  bool invalidate_namespace(std::string_view name_space) {
    return plan_->invalidate_namespace(plan_->plan, name_space.data(), name_space.size()) ==
           FRESHET_OK;
  }
  bool invalidate_all() { return plan_->invalidate_all(plan_->plan) == FRESHET_OK; }
  bool refresh(std::string_view key, std::string_view name_space) {
    return plan_->refresh(plan_->plan, name_space.data(), name_space.size(), key.data(),
                          key.size()) == FRESHET_OK;
  }
  bool emit(std::string_view event) {
    return plan_->emit(plan_->plan, event.data(), event.size(), nullptr, 0,
                       sizeof(freshet_field_v1)) == FRESHET_OK;
  }

 private:
  const freshet_plan_v1* plan_;
};

/// Derive from it. Implementations are thread-safe: one object serves every thread of its block.
class StrategyPlugin {
 public:
  virtual ~StrategyPlugin() = default;
  virtual Deadlines on_store(const Entry& entry, std::int64_t now) = 0;
  virtual Decision on_soft_expired(const Entry& entry, std::int64_t now) {
    (void)entry, (void)now;
    return Decision::serve_and_refresh;
  }
  virtual void on_event(const Event& event, Plan& plan) { (void)event, (void)plan; }
  virtual void on_timer(std::uint32_t timer) { (void)timer; }
};

namespace detail {

inline void write_reason(const char* reason, char* err, std::size_t cap) noexcept {
  if (err == nullptr || cap == 0) return;
  const std::size_t size = std::min(std::strlen(reason), cap - 1);
  std::memcpy(err, reason, size);
  err[size] = '\0';
}

template <class Call>
std::int32_t guarded(Call call) noexcept {
  try {
    call();
    return FRESHET_OK;
  } catch (...) {
    return FRESHET_FAILED;
  }
}

inline StrategyPlugin& of(void* self) noexcept { return *static_cast<StrategyPlugin*>(self); }

template <class Plugin>
void* create(const freshet_host_v1* host, const char* options, std::size_t size, char* err,
             std::size_t cap) noexcept {
  try {
    return static_cast<StrategyPlugin*>(new Plugin(Host(host), Options(options, size)));
  } catch (const std::exception& error) {
    write_reason(error.what(), err, cap);
  } catch (...) {
    write_reason("the constructor threw something that is no std::exception", err, cap);
  }
  return nullptr;
}

inline void destroy(void* self) noexcept { delete static_cast<StrategyPlugin*>(self); }

inline std::int32_t on_store(void* self, const freshet_entry_v1* entry, std::int64_t now,
                             freshet_deadlines_v1* out) noexcept {
  return guarded([&] {
    const Deadlines deadlines = of(self).on_store(Entry(entry), now);
    out->soft_ns = deadlines.soft;
    out->hard_ns = deadlines.hard;
    out->idle_ns = deadlines.idle;
    out->refresh_at_ns = deadlines.refresh_at;
    out->refresh_from_accesses = deadlines.refresh_from_accesses;
  });
}

inline std::int32_t on_soft_expired(void* self, const freshet_entry_v1* entry, std::int64_t now,
                                    std::int32_t* decision) noexcept {
  return guarded(
      [&] { *decision = static_cast<std::int32_t>(of(self).on_soft_expired(Entry(entry), now)); });
}

inline std::int32_t on_event(void* self, const freshet_event_v1* event,
                             const freshet_plan_v1* plan) noexcept {
  return guarded([&] {
    Plan writable(plan);
    of(self).on_event(Event(event), writable);
  });
}

inline std::int32_t on_timer(void* self, std::uint32_t timer) noexcept {
  return guarded([&] { of(self).on_timer(timer); });
}

template <class Plugin>
constexpr freshet_plugin_v1 table(const char* name, const char* schema) noexcept {
  return {sizeof(freshet_plugin_v1),
          FRESHET_ABI_MAJOR,
          FRESHET_ABI_MINOR,
          name,
          schema,
          create<Plugin>,
          destroy,
          on_store,
          on_soft_expired,
          on_event,
          on_timer};
}

}  // namespace detail
}  // namespace freshet::plugin

/// Once per shared object, at file scope. `schema` is a JSON text, or nullptr for no options.
#define FRESHET_STRATEGY_PLUGIN(Type, name, schema)                                      \
  extern "C" FRESHET_PLUGIN_EXPORT const freshet_plugin_v1* freshet_plugin_entry(void) { \
    static constexpr freshet_plugin_v1 table =                                           \
        ::freshet::plugin::detail::table<Type>(name, schema);                            \
    return &table;                                                                       \
  }
