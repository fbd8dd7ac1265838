// Freshet as its users have it: the public interface, a policy in YAML with a hard and a soft deadline on every entry, the
// system's clock, the default executor with the sweeper on it, statistics and analytics as they come.
#pragma once

#include <fmt/format.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/freshet.hpp"
#include "peers/stream.hpp"

namespace freshet::bench {

/// An invalidator with one namespace, "things", for so many entries.
inline CacheInvalidator invalidator_for(std::size_t entries) {
  return CacheInvalidator::from_yaml(fmt::format(
      "freshet: 1\n"
      "namespaces:\n"
      "  things: {{strategy: ttl, ttl: 1h, soft_ttl: 45m, capacity: {{entries: {}}}}}\n",
      entries));
}

/// The value of a key as the cache holds it: a string of 64 bytes, or 64 bytes in place.
template <class Stored>
Stored stored_value(std::string_view key) {
  if constexpr (std::is_same_v<Stored, Value>) {
    return Value::of(key);
  } else {
    return Value::of(key).text();
  }
}

/// The calls of an adapter that are the same however it reads.
template <class Stored>
class FreshetAdapter {
 public:
  static constexpr bool kThreadSafe = true;
  static constexpr bool kEvicts = true;
  static constexpr bool kPuts = true;
  static constexpr bool kErases = true;

  explicit FreshetAdapter(std::size_t entries) : invalidator_(invalidator_for(entries)) {}

  void put(std::string_view key) { things_.put(key, stored_value<Stored>(key)); }
  void erase(std::string_view key) { things_.invalidate(key); }

  bool get_or_insert(std::string_view key) {
    bool hit = true;
    const Handle<Stored> found = things_.get_or_load(key, [key, &hit] {
      hit = false;
      return stored_value<Stored>(key);
    });
    belongs(*found, key);
    return hit;
  }

  const Cache<Stored>& cache() const noexcept { return things_; }

 private:
  CacheInvalidator invalidator_;
  Cache<Stored> things_ = invalidator_.cache<Stored>("things");
};

/// Reads in place.
template <class Stored>
class VisitingAdapter : public FreshetAdapter<Stored> {
 public:
  static constexpr const char* kName =
      std::is_same_v<Stored, Value> ? "freshet visit, in place" : "freshet visit";
  static constexpr bool kInserts = true;  // by get_or_load, and a handle
  static constexpr bool kMany = false;

  using FreshetAdapter<Stored>::FreshetAdapter;

  bool get(std::string_view key) {
    return this->cache().visit(key, [key](const Stored& value) { belongs(value, key); });
  }
};

/// Reads through a handle, which keeps the value alive.
class HandleAdapter : public FreshetAdapter<std::string> {
 public:
  static constexpr const char* kName = "freshet get";
  static constexpr bool kInserts = false;  // it would be what the other one does
  static constexpr bool kMany = true;

  using FreshetAdapter<std::string>::FreshetAdapter;

  bool get(std::string_view key) {
    const Handle<std::string> found = cache().get(key);
    return found && belongs(*found, key);
  }

  /// How many were there.
  std::size_t get_many(std::span<const std::string> keys) {
    return checked(keys, cache().get_many(keys));
  }
  std::size_t get_strings(std::span<const std::string> keys) {
    std::vector<Handle<std::string>> found;
    found.reserve(keys.size());
    for (const std::string& key : keys) found.push_back(cache().get(key));
    return checked(keys, found);
  }

 private:
  static std::size_t checked(std::span<const std::string> keys,
                             const std::vector<Handle<std::string>>& found) {
    std::size_t hits = 0;
    for (std::size_t i = 0; i < keys.size(); ++i) hits += found[i] && belongs(*found[i], keys[i]);
    return hits;
  }
};

}  // namespace freshet::bench
