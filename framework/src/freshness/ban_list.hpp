// BanList: conditions that entries older than a revision must not meet: prefixes of keys, globs over keys, all of several tags.
//
// A ban is tested against each entry once: when a reader or the sweeper looks at it for the first time since. So its cost is
// the entry's, not the call's.
//   prefix   kept by its text: an entry's check looks up each prefix of its own key, however many are banned
//   all-of   kept by its first tag: an entry's check looks up its own tags
//   glob     a list for each namespace, tested one after the other
// Equal bans merge. Past a cap the caller raises something wider instead (add() says so): the namespace for prefixes and
// globs, the first tag for all-of.
// A ban may be retired once every entry in memory was looked at since (retire()). Loads that began before it would then be
// judged by nothing, so the namespace remembers a floor for them.
// Thread-safe. One lock, shared by readers; nothing is called with it held but label shards.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "freshet/detail/function_ref.hpp"
#include "freshness/carrier.hpp"
#include "freshness/key_glob.hpp"

namespace freshet::detail {

/// One condition, as a call states it.
struct Ban {
  enum class Kind : std::uint8_t { prefix, glob, all_of };

  Kind kind;
  LabelRef space;                // null: every namespace (all_of only)
  std::string text{};            // the prefix, without a separator at its end; the glob
  char separator = ':';          // of the namespace's keys
  std::vector<LabelRef> tags{};  // all_of: the tags, in a fixed order
};

/// What a ban looks at in an entry.
struct BanSubject {
  std::string_view key;
  std::span<const LabelRef> labels;  // the namespace first
  const AttachedLabel* attached = nullptr;
};

/// Whether `prefix` takes `key`: it is the key, or ends where a separator of the key stands.
bool takes_prefix(std::string_view prefix, std::string_view key, char separator) noexcept;

class BanList {
 public:
  static constexpr std::size_t kMaxPrefixes = 10'000;  // for each namespace
  static constexpr std::size_t kMaxGlobs = 64;         // for each namespace
  static constexpr std::size_t kMaxAllOf = 64;         // for each first tag

  /// Adds or merges a ban. False if the cap is reached: the caller raises something wider, and then forgets what that covers.
  bool add(const Ban& ban, Mode mode, Revision at) FRESHET_EXCLUDES(mutex_);

  /// Drops the prefixes and globs of a namespace, which was raised as a whole.
  void forget(const Label& space) FRESHET_EXCLUDES(mutex_);
  /// Drops the all-ofs that begin with a tag, which was raised as a whole.
  void forget_all_of(const Label& tag) FRESHET_EXCLUDES(mutex_);

  /// What the bans say of something born at `birth`.
  Verdict judge(const BanSubject& subject, Revision birth) const noexcept FRESHET_EXCLUDES(mutex_);

  /// What the bans of a namespace say of something that was made from one of its keys at `birth`.
  Verdict judge_key(const Label& space, std::string_view key, Revision birth) const noexcept
      FRESHET_EXCLUDES(mutex_);

  /// When the bans that take a key of a namespace were added last. Throws where there is no memory to look.
  Watermarks newest_of(const Label& space, std::string_view key) const FRESHET_EXCLUDES(mutex_);

  /// When the all-ofs that make something born at `birth` stale were added last. Throws where there is no memory to look.
  Watermarks newest_all_of(const BanSubject& subject, Revision birth) const
      FRESHET_EXCLUDES(mutex_);

  /// Whether a ban would hit it if it were added now.
  static bool hits(const Ban& ban, const BanSubject& subject);

  /// Drops the bans that `may_go(space, at)` allows; space is null for those of every namespace. What `may_go` stores is
  /// visible to whoever judges without the ban. O(bans). Returns how many went.
  std::size_t retire(const std::function<bool(const LabelRef& space, Revision at)>& may_go)
      FRESHET_EXCLUDES(mutex_);

  /// Calls `visitor` for each label that a ban holds, under the lock; returns the number of bans. For tests.
  std::size_t for_each_label(FunctionRef<void(const Label&)> visitor) const
      FRESHET_EXCLUDES(mutex_);

  /// Bans in force. One load; acquire: pairs with the release where bans go, so that who finds none sees what they left.
  std::size_t size() const noexcept { return size_.load(std::memory_order_acquire); }

 private:
  struct TextHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept;
  };
  struct BannedGlob {
    KeyGlob glob;
    Watermarks at;
  };
  struct BannedSpace {
    LabelRef space;
    char separator = ':';
    std::unordered_map<std::string, Watermarks, TextHash, std::equal_to<>> prefixes{};
    std::vector<BannedGlob> globs{};
  };
  struct BannedAllOf {
    LabelRef space;  // null: every namespace
    std::vector<LabelRef> tags;
    Watermarks at;
  };

  /// Calls `visitor` for each banned prefix of a key.
  static void for_each_prefix(const BannedSpace& banned, std::string_view key,
                              FunctionRef<void(const Watermarks& at)> visitor);
  static Verdict judge_prefixes(const BannedSpace& banned, std::string_view key, Revision birth);
  static Verdict judge_globs(const BannedSpace& banned, std::string_view key, Revision birth);
  /// Calls `visitor` for each all-of that takes the subject, with when it was added and since when the subject carries all of it.
  void for_each_all_of(const BanSubject& subject, Revision birth,
                       FunctionRef<void(const Watermarks& at, Revision since)> visitor) const
      FRESHET_REQUIRES_SHARED(mutex_);
  bool add_to(BannedSpace& banned, const Ban& ban, Mode mode, Revision at) FRESHET_REQUIRES(mutex_);

  mutable rt::SharedMutex mutex_;
  std::unordered_map<const Label*, BannedSpace> spaces_ FRESHET_GUARDED_BY(mutex_);
  std::unordered_map<const Label*, std::vector<BannedAllOf>> all_of_ FRESHET_GUARDED_BY(mutex_);
  // Stored under mutex_. Up, before `published` moves: whoever has read that `published` sees that there is a ban. Hence
  // relaxed. Down, after a wider raise or a load floor: release, acquire in size().
  rt::Atomic<std::size_t> size_{0};
};

}  // namespace freshet::detail
