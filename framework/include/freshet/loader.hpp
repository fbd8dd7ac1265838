// What a loader may say, and what a caller may say, about the value it makes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "freshet/capture.hpp"
#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/load_timeouts.hpp"

namespace freshet {

namespace detail {
class NamespaceView;
}

/// A version that a value was made with: `{"classifier-prompt", "v3"}`. An empty hash stands for the current one.
struct VersionPin {
  std::string dependency;
  std::string hash{};
};

/// What the caller of put or get_or_load says about one entry. Members keep this order.
struct EntryOptions {
  std::vector<std::string> tags{};
  /// Resources the value was made from: "table:users", "/src/main.py", a key of the same namespace, `namespace/key`.
  std::vector<std::string> depends_on{};
  std::vector<VersionPin> versions{};
  std::optional<Duration> ttl{};  // replaces the policy's lifetime; zero: do not keep
  Skip skip{};                    // tiers that this call neither reads nor fills
  bool capture = true;  // whether what the loader reads through Freshet becomes labels of the entry
  std::optional<LoadTimeouts> load_timeout{};  // replaces the policy's; of get_or_load alone
};

/// Handed to a loader that takes it. Belongs to the load: use it on the loader's thread, until the loader returns; key(), capture()
/// and cancelled() on any thread.
class LoadContext {
 public:
  explicit LoadContext(std::string_view key,
                       std::shared_ptr<detail::CaptureState> capture = nullptr,
                       const detail::rt::Atomic<bool>* cancelled = nullptr) noexcept
      : key_(key),
        capture_(std::move(capture)),
        cancelled_(cancelled) {}  // with what the load stands in
  LoadContext(const LoadContext&) = delete;
  LoadContext& operator=(const LoadContext&) = delete;

  /// The key being loaded.
  std::string_view key() const noexcept { return key_; }

  /// Adds a tag to the entry. Throws InvalidName if it is empty or longer than kMaxTagBytes.
  LoadContext& tag(std::string tag);

  /// Adds a resource that the value was made from. Throws InvalidName.
  LoadContext& depends_on(std::string resource);

  /// Adds a version that the value was made with. Throws InvalidName.
  LoadContext& version(std::string dependency, std::string hash);

  /// How long this value is good for. It shortens the lifetime that the policy gives and never lengthens it; the
  /// shortest of several counts; zero or less means: do not keep.
  LoadContext& ttl(Duration ttl) {
    if (!ttl_ || ttl < *ttl_) ttl_ = ttl;
    return *this;
  }

  /// Lets the value outlive what was captured: by default its hard deadline is at most that of what the loader read.
  LoadContext& outlive_captured() noexcept {
    outlives_captured_ = true;
    return *this;
  }

  /// For loaders that read on other threads: `auto reads = load.capture().enter();` there makes what is read through
  /// Freshet, while `reads` lives, count as read by this load, in the context, bypass and transaction that it stands in. What
  /// the loader itself has opened goes along if capture() is called on its thread. Join those threads before it returns.
  Capture capture() const noexcept { return capture_.here(); }

  /// Return the value to whoever waits for it, and forget it.
  LoadContext& do_not_keep() noexcept {
    keep_ = false;
    return *this;
  }

  /// What is returned stands for nothing: the origin has no such thing. It is kept for negative_ttl instead of the policy's
  /// lifetime, and not at all without one. For loaders of a T that can say so itself, as an empty list or a null; a loader that
  /// returns std::optional<T> says it by nullopt.
  LoadContext& absent() noexcept {
    absent_ = true;
    return *this;
  }

  /// Whether nobody needs the value any more: the cache is being closed (CloseOptions::cancel_loads). A long loader looks from time
  /// to time, and throws what it likes. Stays true once it is.
  bool cancelled() const noexcept {
    return cancelled_ != nullptr && cancelled_->load(std::memory_order_acquire);
  }

  const std::vector<std::string>& tags() const noexcept { return tags_; }
  const std::vector<std::string>& dependencies() const noexcept { return dependencies_; }
  const std::vector<VersionPin>& versions() const noexcept { return versions_; }
  bool outlives_captured() const noexcept { return outlives_captured_; }
  std::optional<Duration> requested_ttl() const noexcept { return ttl_; }
  bool keeps() const noexcept { return keep_; }
  bool is_absent() const noexcept { return absent_; }

 private:
  friend class detail::NamespaceView;  // announces its policy version

  std::string_view key_;
  Capture capture_;
  const detail::rt::Atomic<bool>* cancelled_;  // acquire above, release by whoever cancels
  std::vector<std::string> tags_;
  std::vector<std::string> dependencies_;
  std::vector<VersionPin> versions_;
  std::optional<Duration> ttl_;
  bool keep_ = true;
  bool absent_ = false;
  bool outlives_captured_ = false;
};

}  // namespace freshet
