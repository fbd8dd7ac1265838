// NoticeRecorder: what a cache told of itself, kept for a test to ask about.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "freshet/cache_invalidator.hpp"
#include "freshet/detail/runtime/runtime.hpp"
#include "freshet/signal_bus.hpp"

namespace freshet::testing {

/// A notice that test frameworks print in words: `tag users (2 entries, cause "event user_renamed")`.
struct RecordedNotice : CacheNotice {
  std::string text() const {
    switch (kind) {
      case NoticeKind::invalidated:
        return target + " (" + entries() + (cause.empty() ? "" : ", cause \"" + cause + '"') + ")";
      case NoticeKind::removed:
        return place() + " removed: " + removal_text();
      case NoticeKind::loaded:
        return place() + " loaded";
      case NoticeKind::refreshed:
        return place() + " refreshed";
      case NoticeKind::served_stale:
        return place() + " served stale";
      case NoticeKind::reloaded:
        return "policy reloaded: " + std::to_string(count) + (count == 1 ? " block" : " blocks");
    }
    return {};
  }

  friend std::ostream& operator<<(std::ostream& out, const RecordedNotice& notice) {
    return out << notice.text();
  }

 private:
  std::string entries() const {
    return std::to_string(count) + (count == 1 ? " entry" : " entries");
  }
  std::string place() const { return key + " in " + name_space; }
  std::string removal_text() const {
    constexpr std::array<std::string_view, 6> kCauses{"explicit", "replaced", "expired",
                                                      "capacity", "label",    "ban"};
    return std::string(removal ? kCauses.at(static_cast<std::size_t>(*removal)) : "");
  }
};

/// Listens to one invalidator until it goes, in place: what a call did is there when the call has returned, and the executor
/// has no task for it. Keeps kMaxNotices of each kind; when there were more, questions about that kind throw
/// std::length_error rather than answer wrongly, until clear(). Thread-safe.
class NoticeRecorder {
 public:
  static constexpr std::size_t kMaxNotices = 10'000;

  explicit NoticeRecorder(CacheInvalidator invalidator) {
    for (std::size_t kind = 0; kind < kKinds; ++kind) {
      listening_.push_back(invalidator.on_notice(
          static_cast<NoticeKind>(kind),
          [told = told_](const CacheNotice& notice) { told->add(notice); }, Delivery::in_place));
    }
  }

  /// What was told of one kind, oldest first.
  std::vector<RecordedNotice> of(NoticeKind kind) const { return told_->of(kind); }

  /// How often one kind was told; of one namespace, or of one key of it, unless they are empty.
  std::size_t count(NoticeKind kind, std::string_view name_space = {},
                    std::string_view key = {}) const {
    const std::vector<RecordedNotice> notices = of(kind);
    return static_cast<std::size_t>(
        std::count_if(notices.begin(), notices.end(), [&](const RecordedNotice& notice) {
          return (name_space.empty() || notice.name_space == name_space) &&
                 (key.empty() || notice.key == key);
        }));
  }

  /// Forgets what was told.
  void clear() { told_->clear(); }

 private:
  static constexpr std::size_t kKinds = static_cast<std::size_t>(NoticeKind::reloaded) + 1;

  /// Shared with the handlers: one that is being called may outlive the recorder.
  class Told {
   public:
    void add(const CacheNotice& notice) FRESHET_EXCLUDES(mutex_) {
      detail::rt::Lock lock(mutex_);
      OfKind& told = kinds_.at(static_cast<std::size_t>(notice.kind));
      if (told.notices.size() < kMaxNotices) {
        told.notices.push_back(RecordedNotice{notice});
      } else {
        told.overflowed = true;
      }
    }

    std::vector<RecordedNotice> of(NoticeKind kind) const FRESHET_EXCLUDES(mutex_) {
      detail::rt::Lock lock(mutex_);
      const OfKind& told = kinds_.at(static_cast<std::size_t>(kind));
      if (told.overflowed) {
        throw std::length_error("more than " + std::to_string(kMaxNotices) +
                                " notices of a kind since the last clear(): the first is \"" +
                                told.notices.front().text() + "\"; clear() in between");
      }
      return told.notices;
    }

    void clear() FRESHET_EXCLUDES(mutex_) {
      detail::rt::Lock lock(mutex_);
      kinds_ = {};
    }

   private:
    struct OfKind {
      std::vector<RecordedNotice> notices{};
      bool overflowed = false;
    };
    mutable detail::rt::Mutex mutex_;
    std::array<OfKind, kKinds> kinds_ FRESHET_GUARDED_BY(mutex_);
  };

  std::shared_ptr<Told> told_ = std::make_shared<Told>();
  std::vector<Connection> listening_;  // last: they end first
};

}  // namespace freshet::testing
