// What a loader may say, and what a caller may say, about the value it makes.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/clock.hpp"

namespace freshet {

/// What the caller of put or get_or_load says about one entry. Members keep this order.
struct EntryOptions {
  std::vector<std::string> tags{};
  std::optional<Duration> ttl{};  // replaces the policy's lifetime; zero: do not keep
};

/// Handed to a loader that takes it. Belongs to the load: use it on the loader's thread, until the loader returns.
class LoadContext {
 public:
  explicit LoadContext(std::string_view key) noexcept : key_(key) {}
  LoadContext(const LoadContext&) = delete;
  LoadContext& operator=(const LoadContext&) = delete;

  /// The key being loaded.
  std::string_view key() const noexcept { return key_; }

  /// Adds a tag to the entry. Throws InvalidName if it is empty or longer than kMaxTagBytes.
  LoadContext& tag(std::string tag);

  /// How long this value is good for. It shortens the lifetime that the policy gives and never lengthens it; the
  /// shortest of several counts; zero or less means: do not keep.
  LoadContext& ttl(Duration ttl) {
    if (!ttl_ || ttl < *ttl_) ttl_ = ttl;
    return *this;
  }

  /// Return the value to whoever waits for it, and forget it.
  LoadContext& do_not_keep() noexcept {
    keep_ = false;
    return *this;
  }

  const std::vector<std::string>& tags() const noexcept { return tags_; }
  std::optional<Duration> requested_ttl() const noexcept { return ttl_; }
  bool keeps() const noexcept { return keep_; }

 private:
  std::string_view key_;
  std::vector<std::string> tags_;
  std::optional<Duration> ttl_;
  bool keep_ = true;
};

}  // namespace freshet
