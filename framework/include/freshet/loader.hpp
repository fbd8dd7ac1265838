// What a loader may say, and what a caller may say, about the value it makes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>
#include <vector>

#include "freshet/capture.hpp"
#include "freshet/clock.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/handle.hpp"
#include "freshet/invalidation.hpp"
#include "freshet/load_timeouts.hpp"

namespace freshet {

namespace detail {
class NamespaceView;

/// The value that a load is to replace, as far as its loader may be told of it. Looked for when it is first asked for.
class PreviousValue {
 public:
  /// Empty if there is none, or none of that type. Throws std::bad_alloc.
  virtual Reading of(const std::type_info& type) = 0;
  /// What the loader that made it called it by; empty if it said nothing. Valid as long as this.
  virtual std::string_view validator() = 0;

 protected:
  ~PreviousValue() = default;
};
}  // namespace detail

/// A version that a value was made with: `{"classifier-prompt", "v3"}`. An empty hash stands for the current one.
struct VersionPin {
  std::string dependency;
  std::string hash{};
};

/// What the caller of put or get_or_load says about one entry. Members keep this order.
struct EntryOptions {
  std::vector<std::string> tags{};
  /// Resources the value was made from: "table:users", "/src/main.py", a key of the same namespace, `namespace/key`. A key is
  /// written in full, also in a scoped view: "session-9:cart". "cart" would be the namespace's own, outside of every scope.
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
                       const detail::rt::Atomic<bool>* cancelled = nullptr,
                       detail::PreviousValue* previous = nullptr) noexcept
      : key_(key),
        capture_(std::move(capture)),  // with what the load stands in
        cancelled_(cancelled),
        previous_(previous) {}
  LoadContext(const LoadContext&) = delete;
  LoadContext& operator=(const LoadContext&) = delete;

  /// The key being loaded.
  std::string_view key() const noexcept { return key_; }

  /// Adds a tag to the entry. Throws InvalidName if it is empty or longer than kMaxTagBytes.
  LoadContext& tag(std::string tag);

  /// Adds a resource that the value was made from, a key in full (EntryOptions::depends_on). Throws InvalidName.
  LoadContext& depends_on(std::string resource);

  /// Adds a version that the value was made with. Throws InvalidName.
  LoadContext& version(std::string dependency, std::string hash);

  /// How long this value is good for. It shortens the lifetime that the policy gives and never lengthens it; the
  /// shortest of several counts; zero or less means: do not keep.
  LoadContext& ttl(Duration ttl) {
    if (!ttl_ || ttl < *ttl_) ttl_ = ttl;
    return *this;
  }

  /// What it takes to make this value, where the loader has it from somebody who made it, such as a store that several processes
  /// share: the time that was noted with it. Strategies that refresh early go by it (EntryView::load_time); without it they go by how
  /// long the loader ran. The last of several counts; zero, and what is below, is as for a put: there is nothing to weigh. It is
  /// said of this load alone: not_modified() does not bring back what was said when the value was made. load_time_ns in the
  /// statistics stays what was measured.
  LoadContext& load_time(Duration time) noexcept {
    load_time_ = time < Duration::zero() ? Duration::zero() : time;
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

  /// For origins that can say that nothing has changed: the value that this load is to replace, for its loader alone. Empty if
  /// there is none in the cache; if it was removed, or a label that its own loader named was raised since, or one that was added later;
  /// if it was made of other cached values, of which the origin knows nothing; and in bulk loads and loads for one caller alone.
  /// Call it as often as you like: the first call looks. age() and remaining() count from there; staleness() says nothing.
  template <class T>
  Handle<T> previous() {
    return Handle<T>(previous_ == nullptr ? detail::Reading{} : previous_->of(typeid(T)));
  }

  /// What the loader of previous() said by validator(). Empty if there is none.
  std::string_view previous_validator() {
    return previous_ == nullptr ? std::string_view() : previous_->validator();
  }

  /// Names this state of the value in the words of its origin: an ETag, a version, a date. It is kept with the value, for the
  /// next load of the key. Throws InvalidName if it is longer than kMaxValidatorBytes.
  LoadContext& validator(std::string text);

  /// The origin says that previous() is still right, all of it: `return load.not_modified<Page>();`. The entry is renewed: it is born
  /// with this load, gets a new lifetime, and keeps the validator and the labels that it had, beside those named now. Copies the
  /// value. Throws NoPreviousValue if there is none.
  template <class T>
  T not_modified() {
    const Handle<T> old = previous<T>();
    if (!old) no_previous_value();
    is_not_modified_ = true;
    return *old;
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
  std::optional<Duration> named_load_time() const noexcept { return load_time_; }
  bool keeps() const noexcept { return keep_; }
  bool is_absent() const noexcept { return absent_; }
  bool is_not_modified() const noexcept { return is_not_modified_; }
  const std::string& named_validator() const noexcept { return validator_; }

 private:
  friend class detail::NamespaceView;  // announces its policy version

  [[noreturn]] void no_previous_value() const;

  std::string_view key_;
  Capture capture_;
  const detail::rt::Atomic<bool>* cancelled_;  // acquire above, release by whoever cancels
  detail::PreviousValue* previous_;
  std::vector<std::string> tags_;
  std::vector<std::string> dependencies_;
  std::vector<VersionPin> versions_;
  std::string validator_;
  std::optional<Duration> ttl_;
  std::optional<Duration> load_time_;
  bool keep_ = true;
  bool absent_ = false;
  bool is_not_modified_ = false;
  bool outlives_captured_ = false;
};

}  // namespace freshet
